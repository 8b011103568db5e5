package promql

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"setpoint.dev/setpoint/sli"
)

// pair puts the series of the bucket that is counted beside those of the count
// of a classic histogram: series whose bounds are written in different ways
// become one (with pairs of scrapers, copies of one), and counts of the time
// before a bucket came, or after it went, are left out, because what is good of
// them is not known. lost is those.
func pair(part, total []sli.Series, pairs bool) (buckets, counts, lost []sli.Series) {
	byLabels := make(map[string]sli.Series, len(part)) // all samples of copies
	var keys []string
	for _, s := range part {
		key := without(s.ID, labels.BucketLabel, model.MetricNameLabel)
		if one, there := byLabels[key]; there {
			byLabels[key] = sli.Series{ID: min(one.ID, s.ID), Samples: slices.Concat(one.Samples, s.Samples)}
		} else {
			byLabels[key], keys = s, append(keys, key)
		}
		if pairs {
			buckets = append(buckets, sli.Series{ID: key, Samples: s.Samples})
		}
	}
	for _, key := range keys {
		if !pairs {
			buckets = append(buckets, byLabels[key])
		}
	}
	for _, s := range total {
		bucket, there := byLabels[without(s.ID, model.MetricNameLabel)]
		if !there {
			lost = append(lost, s)
			continue
		}
		both, alone := together(s.Samples, bucket.Samples)
		counts = append(counts, sli.Series{ID: s.ID, Samples: both})
		if len(alone) > 0 {
			lost = append(lost, sli.Series{ID: s.ID, Samples: alone})
		}
	}
	return buckets, counts, lost
}

// together divides the samples of a count into those that were scraped with a
// sample of the bucket and others. Where no two samples are of one instant, they
// come from elsewhere than a scrape, and all belong together.
func together(count, bucket []sli.Sample) (both, alone []sli.Sample) {
	scraped := make(map[int64]bool, len(bucket))
	for _, s := range bucket {
		scraped[s.Milli] = true
	}
	if slices.ContainsFunc(count, func(s sli.Sample) bool { return !scraped[s.Milli] }) {
		for _, s := range count {
			if scraped[s.Milli] {
				both = append(both, s)
			} else {
				alone = append(alone, s)
			}
		}
	}
	if len(both) == 0 {
		return count, nil
	}
	return both, alone
}

// without is the labels of a series ID but for some.
func without(id string, names ...string) string {
	_, rest, _ := strings.Cut(id, "{")
	var kept []string
	for rest != "" && rest != "}" {
		name, err := strconv.QuotedPrefix(rest)
		if err != nil {
			name, _, _ = strings.Cut(rest, "=")
		}
		value, _ := strconv.QuotedPrefix(rest[min(len(rest), len(name)+1):])
		plain, err := strconv.Unquote(name)
		if err != nil {
			plain = name
		}
		if !slices.Contains(names, plain) {
			kept = append(kept, plain+"="+value)
		}
		rest = strings.TrimPrefix(rest[min(len(rest), len(name)+1+len(value)):], ",")
	}
	return strings.Join(kept, ",")
}

// respelt reports whether the bound of a bucket may have been written in another
// way before: the count beside it is known from then, and the bucket is not.
func (k *counting) respelt(found []sli.Series) bool {
	if k.buckets == "" {
		return false
	}
	there, beside := map[string]bool{}, map[string]bool{}
	for _, s := range found {
		there[s.ID], beside[without(s.ID, labels.BucketLabel, model.MetricNameLabel)] = true, true
	}
	return slices.ContainsFunc(k.part, func(s sli.Series) bool {
		return !there[s.ID] && beside[without(s.ID, labels.BucketLabel, model.MetricNameLabel)] && slices.Contains(k.missing.IDs, s.ID)
	})
}

// markLost gives the flaw of what was left out to the slices in which lost
// series have samples.
func markLost(all []sli.Slice, length time.Duration, lost []sli.Series) {
	for _, s := range lost {
		for _, m := range s.Samples {
			i, _ := slices.BinarySearchFunc(all, m.Milli-length.Milliseconds(), func(one sli.Slice, after int64) int {
				return cmp.Compare(one.Start.UnixMilli(), after)
			})
			if i < len(all) && all[i].Start.UnixMilli() < m.Milli {
				all[i].Flaw = sli.FlawInvalid
			}
		}
	}
}

// bucketless is an error when a classic histogram has no bucket with the bound
// that is counted: not in the chunk, and not today either, so that it will not
// come by itself.
func (s *source) bucketless(ctx context.Context, c sli.Cut, k *counting) error {
	if k.buckets == "" || len(k.part) > 0 || len(k.total) == 0 {
		return nil
	}
	at := time.Now().Add(-sli.Settling(s.declared)).Truncate(time.Second)
	if at.Before(c.To) {
		at = c.To
	}
	return s.noBucket(ctx, k.indicator, at)
}

// noBucket is an error when a histogram that is there at an instant has no
// bucket with the bound that is counted.
func (s *source) noBucket(ctx context.Context, q *indicator, at time.Time) error {
	found, err := s.groups(ctx, q.buckets, []string{labels.BucketLabel}, at)
	if err != nil || len(found) == 0 {
		return err
	}
	var bounds []float64
	for _, of := range found {
		if bound, err := strconv.ParseFloat(of[0], 64); err == nil {
			bounds = append(bounds, bound)
		}
	}
	want := q.bound.Float()
	slices.Sort(bounds)
	i, there := slices.BinarySearch(bounds, want)
	if there {
		return nil
	}
	var near []string
	for _, bound := range bounds[max(0, i-1):min(len(bounds), i+1)] {
		near = append(near, strconv.FormatFloat(bound, 'g', -1, 64))
	}
	return &sli.ReadError{
		Reason: sli.ReasonNoBucket, Source: s.declared.Name,
		Err: fmt.Errorf("no bucket le=%s of %s; nearest %s", q.bound, q.buckets, strings.Join(near, ", ")),
	}
}

// tellBuckets is the questions about bounds that members will go on asking,
// because their histograms have no bucket to count.
func (s *source) tellBuckets(ctx context.Context, c sli.Cut, members []*member) (all []Query) {
	for _, m := range members {
		if m.buckets == "" {
			continue
		}
		if err := s.noBucket(ctx, m.indicator, c.To); reasonIn(err) == sli.ReasonNoBucket {
			asked := groupsOf(m.buckets, []string{labels.BucketLabel}, c.To)(s.fresh(c.To))
			all = append(all, s.tell(ModeRaw, asked, grid{}, c, size{err: err}, []string{m.ask.Objective.Name}))
		}
	}
	return all
}
