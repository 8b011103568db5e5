package promql

import (
	"cmp"
	"context"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A Query is one request of a plan, with what it was answered when it was
// tried.
type Query struct {
	Source     string        `json:"source"`
	Mode       Mode          `json:"mode"`
	Query      string        `json:"query"`            // PromQL
	Every      time.Duration `json:"every"`            // asked once in a slice, in ns
	Objectives []string      `json:"objectives"`       // that it serves
	Series     int           `json:"series"`           // in the answer
	Bytes      int64         `json:"bytes"`            // of the answer
	Curl       string        `json:"curl"`             // a command that repeats the request, credentials masked
	Copies     []string      `json:"copies,omitempty"` // labels by which alone series differ that hold the same: they may be of a pair of scrapers, and count double
	Sparse     time.Duration `json:"sparse,omitempty"` // how long after each other samples come, where that has to be declared, in ns
	Error      string        `json:"error,omitempty"`
}

// A Mode says how samples are read.
type Mode string

// The modes.
const (
	ModeRaw    Mode = "raw"    // stored samples as they are, by a range selector
	ModeNative Mode = "native" // stored samples of native histograms, as they are
	ModeGrid   Mode = "grid"   // an expression, evaluated at the instants of a grid
)

// Plan returns the queries that answer asks, after trying each, and the
// errors of the asks that it cannot plan. When series are born, a question
// about these is asked besides.
func (s *Sources) Plan(ctx context.Context, asks []sli.Ask) (all []Query, errs []error) {
	members, bySource := s.members(asks)
	for _, m := range members {
		if m.answer.Err != nil {
			errs = append(errs, m.answer.Err)
		}
	}
	for src, crowds := range bySource {
		for _, at := range crowds {
			some := at.members
			c := some[0].cut(src)
			switch {
			case at.runs:
				all = append(all, src.tellRuns(ctx, c, some)...)
			case at.grid:
				all = append(all, src.tellGrid(ctx, c, some)...)
			default:
				all = append(all, src.tellRaw(ctx, c, some)...)
				all = append(all, src.tellBuckets(ctx, c, some)...)
			}
		}
	}
	slices.SortFunc(all, func(a, b Query) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.Every, b.Every), cmp.Compare(a.Query, b.Query))
	})
	return all, errs
}

// Apart is how many queries the asks would cost if each selector and each
// expression of each objective were a query of its own.
func (s *Sources) Apart(asks []sli.Ask) (n int) {
	members, _ := s.members(asks)
	for _, m := range members {
		switch {
		case m.answer.Err != nil:
		case m.query != "":
			n++
		case m.runs != nil:
			n += len(m.runs)
		default:
			n += len(m.part) + len(m.total)
		}
	}
	return n
}

// tellRaw plans and asks until the plan stays as it is.
func (s *source) tellRaw(ctx context.Context, c sli.Cut, members []*member) (all []Query) {
	span := window{from: c.From.Add(-c.Before()), to: c.To}
	p := s.plan(indicatorsOf(members), span.seconds(), c.To)
	defer s.putBack(p)
	var got answers
	for range 3 { // the second time parts that were too long or found too much are in pieces
		before := len(p.parts)
		f := fetch{source: s, plan: p, kind: matrix, window: span}
		got = f.all(ctx)
		if len(p.parts) == before {
			break
		}
	}
	for _, one := range p.parts {
		q := s.tell(one.mode(p, members), span.allOf(one.text)(s.fresh(c.To)), grid{}, c, one.last, servedBy(one, p, members))
		for _, n := range one.members {
			q.Copies = suspect(q.Copies, got.series[n])
		}
		q.Sparse = s.sparseness(ctx, c, p, one, got)
		all = append(all, q)
	}
	return append(all, s.tellUnlike(ctx, c, p, got, members)...)
}

// mode says how the series of a part are read.
func (one *part) mode(p *plan, members []*member) Mode {
	native := func(m *member) bool {
		return m.native && slices.ContainsFunc(one.members, func(n int32) bool { return p.selectors[n] == m.part[0] })
	}
	if slices.ContainsFunc(members, native) {
		return ModeNative
	}
	return ModeRaw
}

// servedBy names the objectives that a part has series for.
func servedBy(one *part, p *plan, members []*member) (names []string) {
	has := make(map[*selector]bool, len(one.members))
	for _, n := range one.members {
		has[p.selectors[n]] = true
	}
	for _, m := range members {
		if slices.ContainsFunc(slices.Concat(m.part, m.total), func(s *selector) bool { return has[s] }) {
			names = append(names, m.ask.Objective.Name)
		}
	}
	return names
}

func (s *source) tellGrid(ctx context.Context, c sli.Cut, members []*member) (all []Query) {
	for _, k := range s.evaluateAll(ctx, c, members) {
		g := gridIn(window{from: c.From.Add(-c.Lookback()), to: c.To}, c.Scrape)
		all = append(all, s.tell(ModeGrid, evaluated(k.query)(s.fresh(c.To)), g, c, k.size, []string{k.ask.Objective.Name}))
	}
	return all
}

func (s *source) tell(mode Mode, query string, g grid, c sli.Cut, was size, objectives []string) Query {
	q := Query{
		Source: s.declared.Name, Mode: mode, Query: query, Every: c.Slice, Objectives: objectives,
		Series: was.series, Bytes: was.bytes, Curl: s.curl(query, g, c.To),
	}
	if was.err != nil {
		q.Error = was.err.Error()
	}
	return q
}
