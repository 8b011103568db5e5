package promql

import (
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"setpoint.dev/setpoint/sli"
)

// pairs knows the labels by which the series of several scrapers of the same
// targets differ, and by which alone.
type pairs struct {
	labels []string
	found  atomic.Bool // series with one of them have been seen, or the labels are declared
}

// newPairs takes the labels that are declared; otherwise those that nothing
// but a pair of scrapers has: Prometheus operator's and Mimir's.
func newPairs(declared []string) *pairs {
	p := &pairs{labels: declared}
	if p.found.Store(len(declared) > 0); len(declared) == 0 {
		p.labels = []string{"prometheus_replica", "__replica__"}
	}
	return p
}

// without is labels but for those of scrapers.
func (p *pairs) without(all []label) []label {
	if p == nil || !slices.ContainsFunc(all, p.tells) {
		return all
	}
	p.found.Store(true)
	return slices.DeleteFunc(slices.Clone(all), p.tells)
}

func (p *pairs) tells(l label) bool { return slices.Contains(p.labels, l.name) }

// inOrder puts the copies of each series in the order of their scrapers, the
// same for every answer.
func (p *pairs) inOrder(all []held) {
	if p.found.Load() {
		slices.SortStableFunc(all, func(a, b held) int { return strings.Compare(a.full, b.full) })
	}
}

// highest is each series, as it was at last: of copies the one with the highest
// value.
func highest(found []sli.Series) map[string]sli.Series {
	last := make(map[string]sli.Series, len(found))
	for _, s := range found {
		if old, there := last[s.ID]; !there || valueOf(s) > valueOf(old) {
			last[s.ID] = s
		}
	}
	return last
}

// valueOf is the only value of a series.
func valueOf(s sli.Series) float64 {
	switch {
	case len(s.Histograms) > 0:
		return s.Histograms[0].Count
	case len(s.Samples) > 0:
		return s.Samples[0].Value
	}
	return math.Inf(-1)
}

// suspect adds to labels those called a replica by which alone series differ
// that hold the same values. Nobody but their owner knows what such a label
// means.
func suspect(names []string, all []sli.Series) []string {
	seen := map[string]sli.Series{}
	for _, s := range all {
		metric, rest, _ := strings.Cut(s.ID, "{")
		for pair := range strings.SplitSeq(rest, ",") {
			name, _, _ := strings.Cut(pair, "=")
			if !strings.Contains(strings.ToLower(name), "replica") {
				continue
			}
			key := name + metric + without(s.ID, name)
			other, there := seen[key]
			if seen[key] = s; there && alike(s, other) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// alike reports whether the values of two series are in the same place.
func alike(a, b sli.Series) bool {
	if len(a.Samples) == 0 || len(b.Samples) == 0 {
		return false
	}
	first, last := a.Samples[0].Value, a.Samples[len(a.Samples)-1].Value
	return last > 0 && first <= b.Samples[len(b.Samples)-1].Value && b.Samples[0].Value <= last
}
