package web_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// A world is a small shop under an incident, without any real part: a script
// of error rates, real decisions about it, and a ledger in memory.
type world struct {
	set     *slo.Set
	mu      sync.Mutex
	report  loop.Report
	records []web.Record // oldest first
	orders  []loop.Order // oldest first
	setting map[string]float64
	down    error // what the ledger answers, if not nil
}

const tick = 5 * time.Second

// newWorld begins at rest.
func newWorld() *world {
	return &world{set: shop(), setting: map[string]float64{"reporting-timeout": 30, "checkout-freeze": 0}}
}

func shop() *slo.Set {
	objective := func(name, service, target string, window time.Duration) slo.Objective {
		d, err := slo.ParseDecimal(target)
		if err != nil {
			panic(err)
		}
		return slo.Objective{Name: name, Service: service, Target: d, Window: slo.Window{Length: window}, Slice: tick, Indicator: slo.Indicator{
			Source: "prometheus", Bad: `shop_requests_total{path="/` + service + `",code=~"5.."}`, Total: `shop_requests_total{path="/` + service + `"}`,
		}}
	}
	tier := func(name, burn string, long, short time.Duration, setting float64) slo.Tier {
		d, _ := slo.ParseDecimal(burn)
		return slo.Tier{Name: name, Burn: d, Leave: d.Half(), Long: long, Short: short, Hold: long, Setting: setting}
	}
	return &slo.Set{
		Services: []slo.Service{{Name: "checkout"}, {Name: "reporting"}},
		Objectives: []slo.Objective{
			objective("checkout-availability", "checkout", "0.995", time.Hour),
			objective("checkout-latency", "checkout", "0.99", time.Hour),
			objective("reports-complete", "reporting", "0.95", time.Hour),
		},
		Actuators: []slo.Actuator{
			{Name: "reporting-timeout", Service: "checkout", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1, Unit: "s", Query: slo.QueryTimeout{Role: "reporting"}},
			{Name: "checkout-freeze", Service: "checkout", Kind: slo.Freeze, Rest: 0, Tight: 1},
		},
		Loops: []slo.ControlLoop{
			{Name: "protect-checkout", Actuator: "reporting-timeout", Mode: slo.Act, Cooldown: 30 * time.Second, Step: slo.Step{Relax: 7}, Rules: []slo.Rule{
				{Name: "pool", Objective: "checkout-availability", Law: slo.Tiers, Tiers: []slo.Tier{
					tier("fast", "14.4", time.Minute, 10*time.Second, 1), tier("slow", "6", 2*time.Minute, 30*time.Second, 5)}}}},
			{Name: "freeze-checkout", Actuator: "checkout-freeze", Mode: slo.Act, Rules: []slo.Rule{
				{Name: "release", Objective: "checkout-availability", Law: slo.Tiers, Tiers: []slo.Tier{tier("any", "6", 2*time.Minute, 30*time.Second, 1)}}}},
		},
		Policies: []slo.ReleasePolicy{{Name: "checkout-releases", Service: "checkout", Freezes: []string{"checkout-freeze"}, MinRemaining: slo.NewDecimal(1, 1), HasMin: true}},
	}
}

// play ticks from one instant to another. share is the share of requests of
// an objective that fail at an instant; below 0 it cannot be seen.
func (w *world) play(from, to time.Time, share func(objective string, at time.Time) float64, each func(loop.Report)) {
	for at := from; !at.After(to); at = at.Add(tick) {
		r := w.tick(at, share)
		w.mu.Lock()
		w.report = r
		w.mu.Unlock()
		if each != nil {
			each(r)
		}
	}
}

func (w *world) tick(at time.Time, share func(string, time.Time) float64) loop.Report {
	r := loop.Report{At: at, Term: loop.Term{Epoch: 3}, Leader: true, LedgerErr: w.down, Orders: w.inForce()}
	for _, o := range w.set.Objectives {
		r.States = append(r.States, stateOf(o, at, func(t time.Time) float64 { return share(o.Name, t) }))
	}
	for i, l := range w.set.Loops {
		a := w.set.Actuators[i]
		d := loop.Decide(loop.Input{At: at, Loop: l, Actuator: a, Policy: "3f9a1c0b77de", Term: loop.Term{Epoch: 3}, Evidence: r.States, Current: w.setting[a.Name], Conditions: w.conditions(a)})
		d.Words = fmt.Sprintf("%ss %s because %s", d.Verb, a.Name, d.Reason) // the loop's own words may change without harm
		for i := range d.Pulls {
			d.Pulls[i].Why = "a rule's words"
		}
		for i := range d.Checks {
			d.Checks[i].Why = "a guard's words"
		}
		w.record(d)
		r.Decisions = append(r.Decisions, d)
		v := w.setting[a.Name]
		r.Settings = append(r.Settings, loop.Setting{Actuator: a.Name, Service: a.Service, Loop: l.Name, Mode: l.Mode, Kind: string(a.Kind), Value: v, Rest: a.Rest, Tight: a.Tight, Unit: a.Unit, Shown: a.Show(v), At: at, Decision: d.ID})
	}
	return r
}

func (w *world) conditions(a slo.Actuator) loop.Conditions {
	var c loop.Conditions
	for _, o := range w.inForce() {
		if o.Kind == loop.OrderStop {
			c.Stop = &o
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.records {
		if r.Decision.Actuator == a.Name && r.Decision.Verb != loop.Hold {
			c.LastMove = r.Decision.Input.At
		}
	}
	return c
}

// record keeps a decision, and carries it out.
func (w *world) record(d loop.Decision) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := len(w.records) - 1
	for i >= 0 && w.records[i].Decision.Actuator != d.Actuator {
		i--
	}
	if d.Verb == loop.Hold && i >= 0 && w.records[i].Decision.Verb == loop.Hold && w.records[i].Decision.Reason == d.Reason {
		o := &w.records[i].Outcomes[0]
		o.Until, o.Ticks = d.Input.At, o.Ticks+1
		return
	}
	o := loop.Outcome{Decision: d.ID, At: d.Input.At, Applied: d.Verb != loop.Hold, ReadBack: d.To}
	if d.Verb == loop.Hold {
		o.Until, o.Ticks = d.Input.At, 1
	}
	w.setting[d.Actuator] = d.To
	w.records = append(w.records, web.Record{Seq: int64(len(w.records) + 1), Decision: d, Outcomes: []loop.Outcome{o}})
}

func (w *world) inForce() []loop.Order {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []loop.Order
	for _, o := range w.orders {
		switch o.Kind {
		case loop.OrderResume, loop.OrderThaw, loop.OrderUnpin:
			out = slices.DeleteFunc(out, func(old loop.Order) bool { return old.Target == o.Target })
		default:
			out = append(out, o)
		}
	}
	return out
}

// stateOf sums slices of 200 requests over the hour before at.
func stateOf(o slo.Objective, at time.Time, share func(time.Time) float64) budget.State {
	s := budget.State{Objective: o.Name, Service: o.Service, At: at, Slice: o.Slice, Target: o.Target, Since: at.Add(-o.Window.Length), Status: budget.OK}
	lengths := []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, o.Window.Length}
	var sum sli.Counts
	for back := tick; back <= o.Window.Length; back += tick {
		if bad := share(at.Add(-back)); bad >= 0 {
			sum = sum.Add(sli.Counts{Good: 200*sli.Event - sli.Count(200*bad)*sli.Event, Bad: sli.Count(200*bad) * sli.Event, Covered: tick})
			if s.Newest.IsZero() {
				s.Newest = at.Add(tick - back)
			}
		}
		if slices.Contains(lengths, back) {
			s.Windows = append(s.Windows, windowOf(o, back, sum))
		}
	}
	s.Budget = s.Windows[len(s.Windows)-1]
	s.Remaining = 1 - s.Budget.Burn
	switch {
	case !s.Windows[0].Known:
		s.Status = budget.NoData
	case s.Remaining <= 0:
		s.Status = budget.Exhausted
	case s.Windows[0].Burn > 1:
		s.Status = budget.Burning
	}
	return s
}

func windowOf(o slo.Objective, length time.Duration, c sli.Counts) budget.Window {
	w := budget.Window{Length: length, Counts: c, Known: c.Covered*2 >= length}
	if c.Total() > 0 {
		w.Burn = c.Bad.Float() / c.Total().Float() / o.Budget().Float()
	}
	return w
}

// The world is a web.Reader.

func (w *world) Decisions(_ context.Context, f web.Filter) ([]web.Record, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []web.Record
	for _, r := range slices.Backward(w.records) {
		at := r.Decision.Input.At
		if !f.From.IsZero() && at.Before(f.From) || !f.To.IsZero() && !at.Before(f.To) {
			continue
		}
		if (f.Actuator == "" || f.Actuator == r.Decision.Actuator) && (!f.Moves || r.Decision.Verb != loop.Hold) && (f.Before == 0 || r.Seq < f.Before) && len(out) < f.Limit {
			out = append(out, r)
		}
	}
	return out, w.down
}

func (w *world) Decision(_ context.Context, id string) (web.Record, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down != nil {
		return web.Record{}, w.down
	}
	for _, r := range w.records {
		if r.Decision.ID == id {
			return r, nil
		}
	}
	return web.Record{}, fmt.Errorf("read decision %s: %w", id, web.ErrNotFound)
}

func (w *world) OrderHistory(_ context.Context, _ string, limit int) ([]loop.Order, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	orders := slices.Clone(w.orders)
	slices.Reverse(orders)
	return orders[:min(limit, len(orders))], w.down
}

// give is a web.Config.Order.
func (w *world) give(_ context.Context, o loop.Order) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.orders, func(old loop.Order) bool { return old.ID == o.ID })
	switch {
	case i >= 0 && (w.orders[i].Kind != o.Kind || w.orders[i].Target != o.Target):
		return false, fmt.Errorf("record order %s: %w", o.ID, web.ErrConflict)
	case i >= 0:
		return true, nil
	case w.down != nil && o.Kind != loop.OrderStop:
		return false, errors.Join(w.down, errors.New("connect to postgres://setpoint:hunter2@127.0.0.1/setpoint"))
	}
	w.orders = append(w.orders, o)
	return w.down == nil, nil
}

func (w *world) config() web.Config {
	return web.Config{
		Set: func() *slo.Set { return w.set }, Ledger: w, Order: w.give, Version: "v0.1.0",
		Report:  func() loop.Report { w.mu.Lock(); defer w.mu.Unlock(); return w.report },
		Cancels: func() map[string]uint64 { return map[string]uint64{"reporting-timeout": 41} },
	}
}

// surge is an incident that begins at start: checkout fails while the
// setting has not worked yet, then less and less. Reports are out of sight
// for a while.
func surge(start time.Time) func(string, time.Time) float64 {
	return func(objective string, at time.Time) float64 {
		t := at.Sub(start)
		switch {
		case objective == "reports-complete" && t > 2*time.Minute:
			return -1
		case strings.HasPrefix(objective, "checkout") && t >= 0 && t < 50*time.Second:
			return 0.3
		case strings.HasPrefix(objective, "checkout") && t >= 0 && t < 90*time.Second:
			return 0.06
		case objective == "checkout-latency" && t < 0:
			return 0.006
		}
		return 0
	}
}
