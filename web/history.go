package web

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// bins is how many points a chart of the past has.
const bins = 240

// A stretch is the time that a page of the past is about.
type stretch struct {
	frame
	Range string // as asked for: "window", "1h", …; empty when From and To are
	whole bool   // it is the objective's window, or a period of its own
	alone bool   // what was before it is not looked at
}

// ranges can be asked for, in this order.
func ranges() []string { return []string{"window", "1h", "6h", "1d", "7d", "28d", "90d"} }

// askStretch reads ?range=, or ?from= and ?to=, of an objective that stands
// so. What is not said is the objective's window.
func askStretch(r *http.Request, o slo.Objective, st budget.State, now time.Time) (stretch, error) {
	values := r.URL.Query()
	if values.Get("from") != "" || values.Get("to") != "" {
		return askBetween(values, now)
	}
	end := now
	if !st.At.IsZero() {
		end = st.At
	}
	name := values.Get("range")
	if name == "" || name == "window" {
		from := end.Add(-max(o.Window.Length, st.Budget.Length))
		if !st.PeriodStart.IsZero() {
			from = st.PeriodStart
		}
		return stretch{frame: frame{from, end}, Range: "window", whole: true}, nil
	}
	length, err := time.ParseDuration(readDays(name))
	if err != nil || length < time.Minute || length > 400*24*time.Hour {
		return stretch{}, refuse(http.StatusBadRequest, "bad-range", "range is window or a length like 6h or 7d, of at most 400d", "")
	}
	return stretch{frame: frame{end.Add(-length), end}, Range: name}, nil
}

// readDays has days in hours, which the standard library reads.
func readDays(text string) string {
	if days, err := strconv.Atoi(strings.TrimSuffix(text, "d")); err == nil && strings.HasSuffix(text, "d") {
		return strconv.Itoa(24*days) + "h"
	}
	return text
}

func askBetween(values url.Values, now time.Time) (stretch, error) {
	from, ok := readInstant(values.Get("from"), now.Location())
	to, okTo := readInstant(values.Get("to"), now.Location())
	if values.Get("to") == "" {
		to, okTo = now, true
	}
	if !ok || !okTo || !from.Before(to) || to.Sub(from) < time.Minute || to.Sub(from) > 400*24*time.Hour {
		return stretch{}, refuse(http.StatusBadRequest, "bad-range", "from and to are times like 2026-03-01T14:05, the first before the second by 1m to 400d", "")
	}
	return stretch{frame: frame{from, to}}, nil
}

// readInstant reads a time as a program writes it, or as a form does: in the
// reader's zone.
func readInstant(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// A history is the counts of an objective over a stretch, and of as much time
// before it as its figures need.
type history struct {
	objective slo.Objective
	stretch   stretch
	counts    tape // that the budget is judged by
	raw       tape // as measured
}

// readHistory asks the ledger for the counts of a stretch and of as long a
// time before it, or of a window before it when that is longer.
func (s *Server) readHistory(ctx context.Context, l look, o slo.Objective, at stretch) (history, error) {
	if s.cfg.Slices == nil {
		return history{}, errNoLedger
	}
	length := at.to.Sub(at.from)
	begin := at.from.Add(-max(length, o.Window.Length))
	switch {
	case at.alone:
		begin = at.from
	case at.whole:
		begin = at.from.Add(-length)
	}
	found, err := patient(ctx, s, func(ctx context.Context) ([][]sli.Slice, error) {
		return s.cfg.Slices(ctx, loop.Stretch{Objective: o.Name, From: begin, To: at.to})
	})
	if err != nil {
		return history{}, err
	}
	adjusted := budget.Adjust(o, l.set.Exemption(o), begin, at.to, found[0])
	return history{o, at, newTape(o, adjusted), newTape(o, found[0])}, nil
}

// A tape adds up the slices of any stretch at once: it holds running sums.
type tape struct {
	ends []time.Time  // of the slices, in order
	sums []sli.Counts // of all slices up to the one that ends there; sums[0] is of none
	all  []sli.Slice
}

func newTape(o slo.Objective, measured []sli.Slice) tape {
	t := tape{all: budget.Fold(o, measured), sums: []sli.Counts{{}}}
	for _, s := range t.all {
		t.ends = append(t.ends, s.Start.Add(o.Step()))
		t.sums = append(t.sums, t.sums[len(t.sums)-1].Add(s.Counts))
	}
	return t
}

// between sums the slices that end in (from, to].
func (t tape) between(from, to time.Time) sli.Counts {
	return t.sums[t.upTo(to)].Sub(t.sums[t.upTo(from)])
}

func (t tape) upTo(at time.Time) int {
	return sort.Search(len(t.ends), func(i int) bool { return t.ends[i].After(at) })
}

// steps are the instants of a chart: the ends of its bins.
func (h history) steps() []time.Time {
	step := max((h.stretch.to.Sub(h.stretch.from)/bins).Truncate(h.objective.Step())+h.objective.Step(), time.Second)
	var out []time.Time
	for at := h.stretch.to; at.After(h.stretch.from); at = at.Add(-step) {
		out = append(out, at)
	}
	slices.Reverse(out)
	return out
}

// each makes a series: value has the counts of the bin that ends at an
// instant.
func (h history) each(value func(at time.Time, c sli.Counts) float64) []point {
	var out []point
	before := h.stretch.from
	for _, at := range h.steps() {
		out = append(out, point{at, value(at, h.counts.between(before, at))})
		before = at
	}
	return out
}

// good is the share of good events, bin by bin.
func (h history) good() []point {
	return h.each(func(_ time.Time, c sli.Counts) float64 { return ratio(c.Good, c.Total()) })
}

// burns is how fast the budget burned over a window, at the end of each bin.
func (h history) burns(window time.Duration) []point {
	return h.each(func(at time.Time, _ sli.Counts) float64 {
		c := h.counts.between(at.Add(-window), at)
		return ratio(c.Bad, c.Total()) / h.objective.Budget().Float()
	})
}

// left is the share of the budget that was left. Of the whole window it is
// what was left of all that it allows, so that it begins at 1 and ends where
// the budget stands; else it is what was left at each instant.
func (h history) left() []point {
	allowed := h.allowed()
	return h.each(func(at time.Time, _ sli.Counts) float64 {
		if h.stretch.whole {
			return 1 - h.counts.between(h.stretch.from, at).Bad.Float()/allowed
		}
		c := h.counts.between(at.Add(-h.objective.Window.Length), at)
		return 1 - ratio(c.Bad, c.Total())/h.objective.Budget().Float()
	})
}

// allowed is how many bad events the whole stretch allows.
func (h history) allowed() float64 {
	return h.counts.between(h.stretch.from, h.stretch.to).Total().Float() * h.objective.Budget().Float()
}

// ratio is NaN when there is nothing to divide by.
func ratio(part, whole sli.Count) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return part.Float() / whole.Float()
}

// An incident is a time in which the budget burned faster than it lasts.
type incident struct {
	from, to time.Time
	bad      sli.Count
	share    float64 // of what the stretch allows
	peak     float64 // burn of its worst slice
}

// incidents lists those of the stretch that used up most, the worst first.
// Slices that burn belong together when no more than half an hour, or six
// slices, lies between them.
func (h history) incidents(most int) []incident {
	apart, limit, allowed := max(30*time.Minute, 6*h.objective.Step()), h.objective.Budget().Float(), h.allowed()
	var out []incident
	for i := h.counts.upTo(h.stretch.from); i < h.counts.upTo(h.stretch.to); i++ {
		s, end := h.counts.all[i], h.counts.ends[i]
		burn := ratio(s.Bad, s.Total()) / limit
		if !(burn > 1) {
			continue
		}
		if n := len(out); n == 0 || s.Start.Sub(out[n-1].to) > apart {
			out = append(out, incident{from: s.Start})
		}
		last := &out[len(out)-1]
		last.to, last.bad, last.peak = end, last.bad+s.Bad, max(last.peak, burn)
		last.share = last.bad.Float() / allowed
	}
	slices.SortStableFunc(out, func(a, b incident) int { return cmp.Compare(b.bad, a.bad) })
	return out[:min(most, len(out))]
}
