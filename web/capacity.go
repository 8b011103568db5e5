package web

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

const (
	perCapacity      = 12              // objectives on a page of trends: each is read from its counts
	capacityPatience = 6 * time.Second // for all of them
	trendPoints      = 28              // figures that a trend is made of
	keptTrends       = 1000            // most that are remembered
)

// A trendQuery says which trends are shown. All of it stands in the address.
type trendQuery struct {
	listQuery
	span string
	over time.Duration
}

// spans are the times that a trend can be made over, in this order.
func spans() []string { return []string{"7d", "28d", "90d"} }

func askTrends(r *http.Request) (q trendQuery, err error) {
	if q.listQuery, err = askList(r); err != nil {
		return q, err
	}
	q.span = cmp.Or(r.URL.Query().Get("range"), "28d")
	if !slices.Contains(spans(), q.span) {
		return q, refuse(http.StatusBadRequest, "bad-range", "range is "+list(spans()), "")
	}
	q.over, err = time.ParseDuration(readDays(q.span))
	return q, err
}

// at is the address of another page of the trends.
func (q trendQuery) at(page int) string {
	values := url.Values{}
	for key, v := range map[string]string{"q": q.Text, "service": q.Service, "team": q.Team, "range": q.span, "page": strconv.Itoa(page)} {
		if v != "" {
			values.Set(key, v)
		}
	}
	return "/capacity?" + values.Encode()
}

// compareTrends orders objectives: those whose level has a limit first, then
// those with the least budget left.
func compareTrends(a, b listed) int {
	limit := func(o listed) int { return 1 - int(bit(o.objective.Indicator.Kind == slo.Threshold)) }
	return cmp.Or(cmp.Compare(limit(a), limit(b)), cmp.Compare(a.left(), b.left()), cmp.Compare(a.objective.Name, b.objective.Name))
}

func (s *Server) capacityPage(w http.ResponseWriter, r *http.Request) {
	q, err := askTrends(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	l := s.look(here(r))
	s.render(w, r, http.StatusOK, "capacity", s.page(l, "capacity", "Capacity and trends", s.capacityView(r.Context(), l, q)).refreshed(r))
}

func (s *Server) capacityView(ctx context.Context, l look, q trendQuery) capacityView {
	all := l.listed(q.listQuery)
	v := capacityView{Query: q.listQuery, All: len(all)}
	for _, span := range spans() {
		v.Spans = append(v.Spans, choice{Value: span, Word: span, Chosen: span == q.span})
	}
	v.Services = q.facet(all, "service", q.Service, func(o listed) string { return o.objective.Service })
	v.Teams = q.facet(all, "team", q.Team, func(o listed) string { return o.team })
	all = slices.DeleteFunc(all, func(o listed) bool { return !q.has(o, "") })
	slices.SortFunc(all, compareTrends)
	from := min((q.Page-1)*perCapacity, len(all))
	to := min(from+perCapacity, len(all))
	v.Found, v.First, v.Last = len(all), from+1, to
	if from > 0 {
		v.Before = q.at(q.Page - 1)
	}
	if to < len(all) {
		v.Next = q.at(q.Page + 1)
	}
	for i, t := range s.trends(ctx, l, q, all[from:to]) {
		v.Rows = append(v.Rows, s.capacityRow(l, *all[from+i].objective, t))
	}
	slices.SortStableFunc(v.Rows, func(a, b capacityRow) int { return cmp.Compare(a.soon(), b.soon()) })
	v.Words = capacityWords(v.Rows)
	return v
}

// Levels is the worst that an objective with a limit measured in each step of
// [from, to].
type Levels func(ctx context.Context, o slo.Objective, from, to time.Time, step time.Duration) ([]sli.Sample, error)

// trends are those of some objectives, side by side. They change slowly, so
// each is remembered until the hour is over; what could not be read is tried
// again after a minute.
func (s *Server) trends(ctx context.Context, l look, q trendQuery, of []listed) []trendOf {
	ctx, cancel := context.WithTimeout(ctx, capacityPatience)
	defer cancel()
	s.drawn.mu.Lock() // one page at a time: the others find what it remembers
	defer s.drawn.mu.Unlock()
	out := make([]trendOf, len(of))
	var all errgroup.Group
	all.SetLimit(4)
	for i, one := range of {
		if kept, ok := s.drawn.kept[trendKey{one.objective.Name, q.span}]; ok && s.drawn.set == l.set && l.now.Before(kept.until) {
			out[i] = kept
			continue
		}
		all.Go(func() error {
			out[i] = s.trend(ctx, l, *one.objective, *one.state, q.over)
			return nil
		})
	}
	_ = all.Wait() // what went wrong is in the trends
	s.drawn.keep(l, q, of, out)
	return out
}

// A trendKey names a trend.
type trendKey struct{ objective, span string }

// drawn are trends that were made of some definitions, until they are old. The
// zero value is ready.
type drawn struct {
	mu   sync.Mutex
	set  *slo.Set
	kept map[trendKey]trendOf
}

func (d *drawn) keep(l look, q trendQuery, of []listed, all []trendOf) {
	if d.set != l.set || len(d.kept) > keptTrends {
		d.set, d.kept = l.set, map[trendKey]trendOf{}
	}
	for i, one := range of {
		d.kept[trendKey{one.objective.Name, q.span}] = all[i]
	}
}

// A trendOf is how the budget of an objective went and, where its samples have
// a limit, what they measure.
type trendOf struct {
	frame
	budget, level       []point
	budgetBad, levelBad string // why it is not known
	until               time.Time
}

func (s *Server) trend(ctx context.Context, l look, o slo.Objective, st budget.State, over time.Duration) trendOf {
	to := l.now.Truncate(time.Hour)
	t := trendOf{frame: frame{to.Add(-over), to}, until: to.Add(time.Hour)}
	var err error
	if t.budget, err = s.budgetTrend(ctx, l, o, st, t.frame); err != nil {
		t.budgetBad, t.until = problemOf(err).Message, l.now.Add(time.Minute)
	}
	if o.Indicator.Kind == slo.Threshold && s.cfg.Levels != nil {
		if t.level, err = s.levelTrend(ctx, o, t.frame); err != nil {
			t.levelBad, t.until = redact(err.Error()), l.now.Add(time.Minute)
		}
	}
	return t
}

// budgetTrend is what was left of a budget, at so many instants.
func (s *Server) budgetTrend(ctx context.Context, l look, o slo.Objective, st budget.State, f frame) (out []point, err error) {
	if !st.PeriodStart.IsZero() && st.PeriodStart.After(f.from) {
		f.from = st.PeriodStart
	}
	h, err := s.readHistory(ctx, l, o, stretch{frame: f})
	if err != nil {
		return nil, err
	}
	for _, at := range instants(f) {
		from := at.Add(-o.Window.Length)
		if !st.PeriodStart.IsZero() {
			from = st.PeriodStart
		}
		c, left := h.counts.between(from, at), math.NaN()
		if o.Budget().Sign() > 0 {
			left = 1 - ratio(c.Bad, c.Total())/o.Budget().Float()
		}
		out = append(out, point{at, left})
	}
	return out, nil
}

// levelTrend is what the samples of an objective measure, at its worst.
func (s *Server) levelTrend(ctx context.Context, o slo.Objective, f frame) (out []point, err error) {
	step := f.to.Sub(f.from) / trendPoints
	levels, err := s.cfg.Levels(ctx, o, f.from, f.to, step)
	for _, v := range levels {
		out = append(out, point{time.UnixMilli(v.Milli), v.Value})
	}
	return out, err
}

// instants are those at which a trend has a figure.
func instants(f frame) (out []time.Time) {
	for i := 1; i <= trendPoints; i++ {
		out = append(out, f.from.Add(f.to.Sub(f.from)*time.Duration(i)/trendPoints))
	}
	return out
}
