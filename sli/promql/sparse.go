package promql

import (
	"context"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
)

const (
	sparse     = 115 * time.Second // between samples: scrape intervals of two minutes are not learned
	sparseOver = time.Hour         // to find out how long they are
)

// sparseness is how long after each other the samples of a part come, where that
// is too long to be learned (sli.Cut.Scrape) and not declared; 0 where it is not.
// Series that are sampled less than twice in the lookback are looked at over an
// hour.
func (s *source) sparseness(ctx context.Context, c sli.Cut, p *plan, one *part, got answers) time.Duration {
	if s.declared.Scrape > 0 {
		return 0
	}
	var found []sli.Series
	for _, n := range one.members {
		found = append(found, got.series[n]...)
	}
	if apart := medianApart(found); apart > 0 && apart < sparse {
		return 0
	}
	f := fetch{source: s, plan: p, kind: matrix, window: window{from: c.To.Add(-sparseOver), to: c.To}}
	defer f.release()
	defer func(was size) { one.last = was }(one.last)
	var all []sli.Series
	for _, o := range f.part(ctx, one) {
		all = append(all, seriesOf(o.kept)...)
	}
	if apart := medianApart(all); apart >= sparse {
		return apart.Round(10 * time.Second)
	}
	return 0
}

// medianApart is the median distance of samples; 0 when no series has two.
func medianApart(all []sli.Series) time.Duration {
	var distances []int64
	for _, s := range all {
		at := make([]int64, 0, len(s.Samples)+len(s.Histograms))
		for _, m := range s.Samples {
			at = append(at, m.Milli)
		}
		for _, h := range s.Histograms {
			at = append(at, h.Milli)
		}
		slices.Sort(at)
		for i := 1; i < len(at); i++ {
			distances = append(distances, at[i]-at[i-1])
		}
	}
	if len(distances) == 0 {
		return 0
	}
	slices.Sort(distances)
	return time.Duration(distances[len(distances)/2]) * time.Millisecond
}
