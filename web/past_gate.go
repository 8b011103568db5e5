package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// What the gate would have said at an instant of the past is made from what is
// on record: counts of slices, settings that decisions found or left, orders
// and releases. Objectives and policies are those that were in force then, as
// far as their versions are on record (policies.go). The answer is recorded
// nowhere.

const (
	oldestAsked = 400 * 24 * time.Hour
	longestLast = 90 * 24 * time.Hour // an order given before that is taken to be over
)

// A pastAnswer is what the gate would have said, with the policies that it goes
// by and what it could not look at, in words.
type pastAnswer struct {
	loop.GateAnswer
	by      string
	missing []string
}

// gateAt asks the gate as of an instant.
func (s *Server) gateAt(ctx context.Context, l look, q loop.GateQuestion, at time.Time) (a pastAnswer, err error) {
	if age := l.now.Sub(at); age < 0 || age > oldestAsked {
		return a, refuse(http.StatusBadRequest, "bad-time", "at is not within the last 400 days", "")
	}
	if l, a.by, err = l.at(ctx, s, q.Service, at); err != nil {
		return a, err
	}
	v := l.gateView(q.Service)
	if a.missing, err = s.statesAt(ctx, l, &v, at); err != nil {
		return a, err
	}
	if err := s.settingsAt(ctx, &v, at); err != nil {
		return a, err
	}
	orders, err := s.ordersSince(ctx, at.Add(-longestLast))
	if err != nil {
		return a, err
	}
	v.Report.At, v.Report.LedgerErr, v.Report.Alerts, v.Risks = at, nil, nil, nil
	v.Report.Orders = ordersAt(orders, at)
	v.Past = slices.DeleteFunc(slices.Clone(v.Past), func(d loop.Deploy) bool { return d.At.After(at) })
	q.At = at
	a.GateAnswer, a.missing = loop.Gate(v, q), slices.Concat(a.missing, unlooked(v.Set, q.Service), undeclared(l, q.Service))
	return a, nil
}

// statesAt puts the budgets as they were in the place of those of now.
func (s *Server) statesAt(ctx context.Context, l look, v *loop.GateView, at time.Time) (missing []string, err error) {
	var asks []loop.Stretch
	var of []budget.State
	var then []slo.Objective
	for _, st := range v.Report.States {
		o, _ := l.objective(st.Objective)
		if o.Composite != nil || s.cfg.Slices == nil {
			missing = append(missing, st.Objective+", whose past is not on record by itself")
			continue
		}
		if o, err = s.definedAt(ctx, o, at); err != nil {
			return nil, err
		}
		end := at.Truncate(o.Slice)
		length := max(o.Window.Length, st.Budget.Length, st.PeriodEnd.Sub(st.PeriodStart))
		for _, w := range st.Windows {
			length = max(length, w.Length)
		}
		asks, of, then = append(asks, loop.Stretch{Objective: o.Name, From: end.Add(-length).Truncate(o.Slice), To: end}), append(of, st), append(then, o)
	}
	v.Report.States = nil
	if len(asks) == 0 {
		return missing, nil
	}
	found, err := patient(ctx, s, func(ctx context.Context) ([][]sli.Slice, error) { return s.cfg.Slices(ctx, asks...) })
	if err != nil {
		return nil, err
	}
	for i, st := range of {
		was, err := stateAt(l.set, then[i], st, asks[i], found[i])
		if err != nil {
			return nil, err
		}
		v.Report.States = append(v.Report.States, was)
	}
	return missing, nil
}

// definedAt is an objective as it was in force at an instant; as it is now where
// no versions are on record.
func (s *Server) definedAt(ctx context.Context, o slo.Objective, at time.Time) (slo.Objective, error) {
	if s.cfg.Versions == nil {
		return o, nil
	}
	all, err := s.lineage(ctx, o.Name)
	if err != nil {
		return o, err
	}
	for _, v := range slices.Backward(all) {
		if v.Since.After(at) {
			continue
		}
		was, _, err := loop.ParsePromise(v.Text)
		if err != nil {
			return o, err
		}
		was.Name, was.Service, was.Position = o.Name, o.Service, o.Position
		return was, nil
	}
	return o, nil
}

// stateAt is the state of a budget at the end of a stretch, over the windows
// that it is looked at through now.
func stateAt(set *slo.Set, o slo.Objective, now budget.State, of loop.Stretch, all []sli.Slice) (budget.State, error) {
	c := budget.Config{Objective: o, At: of.To}
	for _, w := range now.Windows {
		c.Windows = append(c.Windows, w.Length)
	}
	a := budget.NewAccount(c, set.Exemption(o))
	if err := a.Prepend(of.From, of.To, all); err != nil {
		return budget.State{}, fmt.Errorf("make the budget of %s of what was counted up to %s: %w", o.Name, of.To, err)
	}
	return a.State(), nil
}

// settingsAt puts the settings of freezes as they were in the place of those
// of now.
func (s *Server) settingsAt(ctx context.Context, v *loop.GateView, at time.Time) error {
	var settings []loop.Setting
	var decisions []loop.Decision
	for _, now := range v.Report.Settings {
		if slo.ActuatorKind(now.Kind) != slo.Freeze {
			continue
		}
		found, err := s.history(ctx, Filter{Actuator: now.Actuator, To: at.Add(time.Microsecond), Limit: 1})
		if err != nil {
			return err
		}
		now.Value, now.Error, now.Decision, now.At = now.Rest, "", "", at
		if len(found) > 0 {
			now.Value, now.Decision = found[0].settingAt(at), found[0].Decision.ID
			decisions = append(decisions, found[0].Decision)
		}
		settings = append(settings, now)
	}
	v.Report.Settings, v.Report.Decisions = settings, decisions
	return nil
}

// settingAt is the setting that a decision found, or that its move had left by
// an instant.
func (r Record) settingAt(at time.Time) float64 {
	v := r.Decision.From
	for _, o := range r.Outcomes {
		if o.Applied && !o.At.After(at) {
			v = o.ReadBack
		}
	}
	return v
}

// ordersAt are the orders that were in force, of those given, the newest
// first.
func ordersAt(given []loop.Order, at time.Time) (out []loop.Order) {
	for _, o := range slices.Backward(given) {
		if !o.At.After(at) {
			out = inForce(out, []loop.Order{o}, at)
		}
	}
	return out
}

// unlooked says what of a policy cannot be judged by the record.
func unlooked(set *slo.Set, service string) (out []string) {
	for _, p := range set.Policies {
		if p.Service != service {
			continue
		}
		if p.Incidents != nil {
			out = append(out, "alerts, which policy "+p.Name+" heeds")
		}
		if p.Risk != nil {
			out = append(out, "what releases usually burned then, which policy "+p.Name+" heeds")
		}
	}
	return out
}

// askPast answers the form of the gate as of a time of the past.
func (s *Server) askPast(r *http.Request, l look, v *gateView) error {
	at, err := askTime(r.URL.Query(), "at", l.now.Location())
	if err != nil || at.IsZero() || v.Question.Service == "" {
		return err
	}
	v.At, v.Then = at.In(l.now.Location()).Format(formTime), clock(at, l.now)
	a, err := s.gateAt(r.Context(), l, v.Question, at)
	if err != nil {
		v.ThenUnread = problemOf(err).Message
		if p := problemOf(err); p.Status < http.StatusInternalServerError {
			return err
		}
		return nil
	}
	then := l
	then.now = at.In(l.now.Location())
	card := s.answerCard(then, a.GateAnswer)
	v.Asked, v.Missing, v.ThenBy, v.Curl = &card, a.missing, a.by, ""
	return nil
}
