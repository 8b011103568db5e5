package web

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// Break-glass: an override, or a pin that loosens, goes past what protects
// others. It is taken as any order is, says why and until when, and is counted
// here for the team whose it is. Orders of one server are counted one after
// the other; two servers that take one in the same instant may both give it
// the same number.

// glassShown is how far back the page and the API look.
const glassShown = 30 * 24 * time.Hour

// breaking fills in what an order breaks, and refuses what a policy lets
// nobody but an admin do any more.
func (s *Server) breaking(ctx context.Context, l look, o loop.Order) (loop.Order, error) {
	a, isActuator := l.actuator(o.Target)
	if !o.BreaksGlass(a, l.settingOf(o.Target), l.report.Orders) {
		return o, nil
	}
	service := o.Target
	if isActuator {
		service = a.Service
	}
	rules := l.set.Glass(service)
	o.Glass = &loop.Glass{Service: service, Team: teamOf(l.set, o.Target), Per: rules[0].Per, Against: s.against(l, o)}
	if err := ticketed(rules, o); err != nil {
		return o, err
	}
	if first := seconded(l, o); first != nil {
		o.Glass.Nth, o.Glass.Most, o.Glass.Per, o.Glass.With = first.Glass.Nth, first.Glass.Most, first.Glass.Per, first.ID
		return o, nil
	}
	err := s.countGlass(ctx, l.now, rules, o)
	return o, exceeded(callerOf(ctx), rules, o, err)
}

// countGlass says which time it is, by the rule that leaves the fewest.
func (s *Server) countGlass(ctx context.Context, now time.Time, rules []slo.BreakGlass, o loop.Order) error {
	longest := slices.MaxFunc(rules, func(a, b slo.BreakGlass) int { return cmp.Compare(a.Per, b.Per) })
	before, err := s.ordersSince(ctx, now.Add(-longest.Per))
	if err != nil {
		return err
	}
	g := o.Glass
	for _, rule := range rules {
		n := broken(before, o, now.Add(-rule.Per)) + 1
		if g.Nth == 0 || rule.Most > 0 && (g.Most == 0 || rule.Most-n < g.Most-g.Nth) {
			g.Nth, g.Most, g.Per = n, rule.Most, rule.Per
		}
	}
	return nil
}

// seconded is the override in force that an order seconds, as the second
// person whom a policy asks for; nil when it stands for itself.
func seconded(l look, o loop.Order) *loop.Order {
	two := slices.ContainsFunc(l.set.Policies, func(p slo.ReleasePolicy) bool { return p.Service == o.Target && p.SecondPerson })
	if o.Kind != loop.OrderOverride || !two {
		return nil
	}
	for _, old := range l.report.Orders {
		waits := !slices.ContainsFunc(l.report.Orders, func(x loop.Order) bool { return x.Glass != nil && x.Glass.With == old.ID })
		if old.Kind == loop.OrderOverride && old.Target == o.Target && old.Glass != nil && old.Glass.With == "" && waits && !strings.EqualFold(old.By, o.By) {
			return &old
		}
	}
	return nil
}

// broken is how often orders broke the glass of those whose an order is, from
// an instant on.
func broken(before []loop.Order, o loop.Order, from time.Time) (n int) {
	for _, old := range before {
		if old.Glass != nil && old.Glass.With == "" && old.At.After(from) && old.ID != o.ID && old.Whose() == o.Whose() {
			n++
		}
	}
	return n
}

func ticketed(rules []slo.BreakGlass, o loop.Order) error {
	if o.Ticket == "" && slices.ContainsFunc(rules, func(r slo.BreakGlass) bool { return r.Ticket }) {
		return refuse(http.StatusUnprocessableEntity, "no-ticket", "the order was not taken: ticket is missing", "a release policy of "+o.Glass.Service+" asks who breaks the glass for one: "+string(o.Kind)+" "+o.Target+" --ticket …")
	}
	return nil
}

// exceeded refuses what is beyond a limit, but to an admin. What could not be
// counted is beyond none where there is none.
func exceeded(who Caller, rules []slo.BreakGlass, o loop.Order, uncounted error) error {
	limited := slices.ContainsFunc(rules, func(r slo.BreakGlass) bool { return r.Most > 0 })
	switch g := o.Glass; {
	case !limited || slices.Contains(who.Scopes, ScopeAdmin):
		return nil
	case uncounted != nil:
		return uncounted
	case g.Nth > g.Most:
		return refuse(http.StatusConflict, "glass-limit", fmt.Sprintf("the order was not taken: the glass of %s was broken %d times within %s, as often as a release policy of %s lets it", o.Whose(), g.Nth-1, slo.Span(g.Per), g.Service),
			"who has the scope admin may give it all the same; breakGlass of the policy says how often")
	}
	return nil
}

// against is what an order goes past.
func (s *Server) against(l look, o loop.Order) string {
	if o.Kind == loop.OrderPin {
		if v := l.settingOf(o.Target); !v.At.IsZero() {
			return o.Target + " at " + v.Shown
		}
		return o.Target + ", which could not be read"
	}
	return scrubbed(l.gate(loop.GateQuestion{Service: o.Target, Release: o.Release})).Words
}

// settingOf is the setting of an actuator as last read.
func (l look) settingOf(actuator string) loop.Setting {
	for _, v := range l.report.Settings {
		if v.Actuator == actuator && v.Error == "" {
			return v
		}
	}
	return loop.Setting{}
}

// glasses are the orders that broke glass of late, the newest first.
func (s *Server) glasses(ctx context.Context, now time.Time) (out []loop.Order, err error) {
	all, err := s.ordersSince(ctx, now.Add(-glassShown))
	for _, o := range all {
		if o.Glass != nil && o.At.After(now.Add(-glassShown)) {
			out = append(out, o)
		}
	}
	return out, err
}

// breakGlass lists them for programs.
func (s *Server) breakGlass(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, nothing, func(r *http.Request, _ struct{}) (map[string][]client.Order, error) {
		all, err := s.glasses(r.Context(), time.Now())
		out := []client.Order{}
		for _, o := range all {
			out = append(out, wireOrder(o))
		}
		return map[string][]client.Order{"orders": out}, err
	})
}

func wireGlass(g *loop.Glass) *client.Glass {
	if g == nil {
		return nil
	}
	return &client.Glass{Team: g.Team, Service: g.Service, Nth: g.Nth, Most: g.Most, PerSeconds: g.Per.Seconds(), Against: redact(g.Against), With: g.With}
}

// A glassView is what pages tell of broken glass.
type glassView struct {
	Orders []orderRow
	Teams  []glassCount
	Unread string // why it is not known
}

// A glassCount is how often one team broke it.
type glassCount struct{ Whose, Times string }

func (s *Server) glassView(ctx context.Context, l look) (v glassView) {
	all, err := s.glasses(ctx, l.now)
	if err != nil {
		v.Unread = problemOf(err).Message
		return v
	}
	v.Orders = orderRows(l, all)
	times := map[string]int{}
	for _, o := range all {
		if o.Glass.With == "" {
			times[o.Whose()]++
		}
	}
	for _, whose := range slices.Sorted(maps.Keys(times)) {
		v.Teams = append(v.Teams, glassCount{whose, plural(times[whose], "time", "times")})
	}
	return v
}
