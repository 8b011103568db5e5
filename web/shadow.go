package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

const (
	shadowed     = 400 * 24 * time.Hour // how far a shadow looks back
	shadowPage   = 1000                 // rows that the ledger is asked for at once
	shadowPages  = 50                   // most such questions about one actuator
	shownShadows = 100                  // most wishes in an answer
)

// shadows tells what the loops would have done that were not free to act.
func (s *Server) shadows(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, nothing, func(r *http.Request, _ struct{}) (map[string][]client.Shadow, error) {
		out, err := s.shadowsNow(r.Context(), time.Now())
		return map[string][]client.Shadow{"shadows": out}, err
	})
}

// shadow scores a loop by what is known of it.
func (s *Server) shadow(ctx context.Context, l look, c slo.ControlLoop) (loop.Shadow, error) {
	a, _ := l.actuator(c.Actuator)
	entries, orders, err := s.knownOf(ctx, l, c)
	return loop.ShadowOf(c, a, entries, orders), err
}

// knownOf is what is on record of a loop since it goes by its rules of today,
// and since it was demoted, and what people ordered meanwhile, oldest first.
func (s *Server) knownOf(ctx context.Context, l look, c slo.ControlLoop) (entries []loop.Entry, orders []loop.Order, err error) {
	a, _ := l.actuator(c.Actuator)
	from := l.now.Add(-shadowed)
	for _, o := range l.report.Orders {
		if o.Kind == loop.OrderDemote && o.Target == c.Actuator && o.At.After(from) {
			from = o.At
		}
	}
	records, err := s.recordsSince(ctx, c.Actuator, from)
	if err != nil {
		return nil, nil, err
	}
	if entries, err = s.underRules(ctx, c, a, records); err == nil && len(entries) > 0 {
		orders, err = s.ordersSince(ctx, entries[0].Decision.Input.At)
		slices.Reverse(orders)
	}
	return entries, orders, err
}

// recordsSince are the decisions about an actuator, newest first.
func (s *Server) recordsSince(ctx context.Context, actuator string, from time.Time) (out []Record, err error) {
	f := Filter{Actuator: actuator, From: from, Limit: shadowPage}
	for range shadowPages {
		page, err := s.history(ctx, f)
		if err != nil {
			return nil, err
		}
		if out = append(out, page...); len(page) < shadowPage {
			break
		}
		f.Before = page[len(page)-1].Seq
	}
	return out, nil
}

// underRules are those records, oldest first, that were decided by the rules
// of today without a break.
func (s *Server) underRules(ctx context.Context, c slo.ControlLoop, a slo.Actuator, records []Record) (out []loop.Entry, err error) {
	rules, known := loop.Rules(c, a), map[string]string{} // :: policy → rules
	for _, rec := range records {
		policy := rec.Decision.Input.Policy
		if _, ok := known[policy]; !ok {
			text, err := witnessed(ctx, s, func(ctx context.Context, w Witness) ([]byte, error) { return w.Definition(ctx, policy) })
			if err != nil {
				return nil, err
			}
			if known[policy], err = loop.RulesOf(text); err != nil {
				return nil, err
			}
		}
		if rec.Decision.Loop != c.Name || known[policy] != rules {
			break
		}
		out = append(out, loop.Entry{Decision: rec.Decision, Outcomes: rec.Outcomes})
	}
	slices.SortStableFunc(out, func(x, y loop.Entry) int { return x.Decision.Input.At.Compare(y.Decision.Input.At) })
	return out, nil
}

// promotion fills in what a promotion rests on, and refuses one of a loop that
// lacks what its definition asks for, unless it is wanted anyway.
func (s *Server) promotion(ctx context.Context, l look, o loop.Order, anyway bool) (loop.Order, error) {
	i := slices.IndexFunc(l.set.Loops, func(c slo.ControlLoop) bool { return c.Actuator == o.Target })
	if o.Kind != loop.OrderPromote || i < 0 || !l.set.Loops[i].Promotion.Declared() {
		return o, nil
	}
	c := l.set.Loops[i]
	a, _ := l.actuator(c.Actuator)
	o.Rules = loop.Rules(c, a)
	sh, err := s.shadow(ctx, l, c)
	if err != nil {
		return o, err
	}
	lacks := strings.Join(sh.Lacks(c.Promotion), "; ")
	if lacks != "" && !anyway {
		return o, refuse(http.StatusConflict, "not-earned", "the loop of "+o.Target+" is not promoted: "+lacks,
			"setpoint status --shadow tells how it did; setpoint promote "+o.Target+" --anyway --why REASON promotes it all the same, and the record keeps what it lacked")
	}
	o.Despite = lacks
	return o, nil
}

func wireShadow(s loop.Shadow, c slo.ControlLoop, l look) client.Shadow {
	out := client.Shadow{
		Loop: s.Loop, Actuator: s.Actuator, Mode: string(s.Mode), Owner: s.Owner, From: s.From, To: s.To,
		Within: s.Within.Seconds(), Looked: s.Looked.Seconds(), Same: s.Same, Needed: s.Needed, Needless: s.Needless,
		Opposed: s.Opposed, Disputed: s.Disputed, Missed: s.Missed, Open: s.Open, Score: s.Score, Sooner: s.Sooner.Seconds(),
		Spent: s.Spent, Lacks: append([]string{}, s.Lacks(c.Promotion)...), Wishes: []client.Wish{},
	}
	a, _ := l.actuator(c.Actuator)
	out.Promoted = slices.ContainsFunc(l.report.Orders, func(o loop.Order) bool {
		return o.Kind == loop.OrderPromote && o.Target == c.Actuator && (!c.Promotion.Declared() || o.Rules == loop.Rules(c, a))
	})
	for _, w := range s.Wishes[:min(len(s.Wishes), shownShadows)] {
		out.Wishes = append(out.Wishes, client.Wish{
			Decision: w.Decision, At: w.At, Until: w.Until, Verb: string(w.Verb), From: w.From, Wanted: w.Wanted,
			Turned: string(w.Turned), Person: w.Person, Words: redact(w.Words),
		})
	}
	return out
}
