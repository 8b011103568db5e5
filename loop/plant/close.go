package plant

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A Closed says which loop is closed over which model.
type Closed struct {
	Set     *slo.Set // as Single makes it
	Records loop.Records
	Config  Config // Limits and Workers are those of the actuator
}

// A Response is how a model with a loop did.
type Response struct {
	Truth Truth
	Trial loop.Trial
	Steps []Step // one a tick
}

// A Step is what the loop saw and left behind at a tick.
type Step struct {
	At      time.Duration // since the begin
	Burn    float64       // over the shortest window that the loop looks at; NaN = not known
	Setting float64
}

// Epoch is when model time begins: a whole number of any slices.
func Epoch() time.Time { return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC) }

// Single is the part of a set that one loop needs, in mode act: the loop of
// that name, or with no name the only one that moves a query timeout.
func Single(set *slo.Set, name string) (*slo.Set, error) {
	var found []slo.ControlLoop
	var names []string
	for _, l := range set.Loops {
		if a, ok := actuator(set, l); ok && a.Kind == slo.PGQueryTimeout {
			names = append(names, l.Name)
			if name == "" || l.Name == name {
				found = append(found, l)
			}
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("choose loop %q: a model of workers needs one loop that moves a query timeout; there are %d: %s", name, len(names), strings.Join(names, ", "))
	}
	l := found[0]
	l.Mode, l.Promotion = slo.Act, slo.Promotion{}
	a, _ := actuator(set, l)
	one := &slo.Set{Sources: set.Sources, Actuators: []slo.Actuator{a}, Loops: []slo.ControlLoop{l}}
	for _, o := range set.Objectives {
		if slices.ContainsFunc(l.Rules, func(r slo.Rule) bool { return r.Objective == o.Name }) {
			one.Objectives = append(one.Objectives, o)
		}
	}
	return one, nil
}

func actuator(set *slo.Set, l slo.ControlLoop) (slo.Actuator, bool) {
	i := slices.IndexFunc(set.Actuators, func(a slo.Actuator) bool { return a.Name == l.Actuator })
	if i < 0 {
		return slo.Actuator{}, false
	}
	return set.Actuators[i], true
}

// Enforced is what a query timeout actuator does to the model at a setting,
// in seconds.
func Enforced(a slo.Actuator, setting float64) Limits {
	q := a.Query
	whole := func(share float64) int { return int(math.Floor(float64(share*float64(q.Workers)) + 1e-9)) }
	l := Limits{Reaper: Reaper{High: whole(q.High), Low: whole(q.Low), Floor: seconds(setting), Every: q.Every, PerTick: q.CancelsPerTick, PerMinute: q.CancelsPerMin}}
	if q.RoleDefault {
		l.Timeout = seconds(setting)
	}
	return l
}

// Close runs a loop over a model of workers: Tick itself, at model time. All
// objectives that the loop looks at count the answers to customers.
func Close(ctx context.Context, c Closed) (Response, error) {
	a := c.Set.Actuators[0]
	c.Config.Workers, c.Config.Limits = a.Query.Workers, Enforced(a, a.Rest)
	p := &pool{actuator: a, setting: a.Rest, model: NewWorkers(c.Config)}
	l, err := loop.New(loop.Config{Set: c.Set, Source: loop.SourceFunc(p.count), Records: c.Records, Actuators: map[string]loop.Actuator{a.Name: p}})
	if err != nil {
		return Response{}, err
	}
	var r Response
	scorer := loop.NewScorer(c.Set, l.Every())
	for now := l.Next(Epoch()); now.Sub(Epoch()) < c.Config.Length; now = l.Next(now) {
		p.model.Advance(now.Sub(Epoch()))
		report := l.Tick(ctx, now)
		if err := errors.Join(ctx.Err(), errors.Join(report.Errs...)); err != nil {
			return Response{}, fmt.Errorf("tick %s after the begin: %w", now.Sub(Epoch()), err)
		}
		scorer.Take(report)
		r.Steps = append(r.Steps, Step{now.Sub(Epoch()), burn(report), p.setting})
	}
	r.Truth, r.Trial = p.model.Finish(), scorer.Trial()
	return r, nil
}

// burn is the greatest burn over the shortest windows that the loop looks at.
func burn(r loop.Report) float64 {
	most := math.NaN()
	for _, s := range r.Decisions[0].Input.Evidence {
		if len(s.Windows) > 0 && s.Windows[0].Known && !(s.Windows[0].Burn <= most) {
			most = s.Windows[0].Burn
		}
	}
	return most
}

// A pool is the model as the loop sees it: something that is counted, and an
// actuator.
type pool struct {
	actuator slo.Actuator
	setting  float64
	epoch    int64
	model    *Workers
}

// count is a loop.SourceFunc.
func (p *pool) count(_ context.Context, o slo.Objective, from, to time.Time) (all []sli.Slice, err error) {
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		begin := at.Sub(Epoch())
		all = append(all, sli.Slice{Start: at, Counts: p.model.Counts(begin, begin+o.Slice)})
	}
	return all, nil
}

// Read implements loop.Actuator.
func (p *pool) Read(context.Context) (float64, error) { return p.setting, nil }

// Apply implements loop.Actuator.
func (p *pool) Apply(_ context.Context, m loop.Move) error {
	if m.Epoch < p.epoch {
		return loop.ErrDeposed
	}
	p.setting, p.epoch = m.Setting, m.Epoch
	p.model.Limit(Enforced(p.actuator, m.Setting))
	return nil
}
