package actuators_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// settings keeps one move, as the ledger does, or is down.
type settings struct {
	last *loop.Move
	down error
}

func (s *settings) Setting(_ context.Context, name string) (float64, bool, error) {
	if s.last == nil || s.last.Actuator != name {
		return 0, false, s.down
	}
	return s.last.Setting, true, s.down
}

func (s *settings) PutSetting(_ context.Context, m loop.Move) error {
	if s.last != nil && s.last.Epoch > m.Epoch {
		return loop.ErrDeposed
	}
	s.last = &m
	return s.down
}

func freeze(t *testing.T, s actuators.Settings) loop.Actuator {
	t.Helper()
	f, r, err := actuators.New(slo.Actuator{Name: "freeze", Kind: slo.Freeze, Rest: 0, Tight: 1}, actuators.Deps{Settings: s})
	if err != nil || r != nil {
		t.Fatalf("New = reaper %v, error %v, want neither", r, err)
	}
	return f
}

func TestFreezeKeepsWhatIsApplied(t *testing.T) {
	s := &settings{}
	f := freeze(t, s)
	for i, want := range []float64{0, 1, 1, 0.5, 0} {
		if i > 0 { // at first nothing was ever put: rest
			if err := f.Apply(t.Context(), loop.Move{Setting: want, Term: loop.Term{Epoch: 3}, Decision: "d"}); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := f.Read(t.Context()); got != want || err != nil {
			t.Errorf("step %d: Read = %v, %v, want %v", i, got, err, want)
		}
	}
	if s.last.Actuator != "freeze" || s.last.Decision != "d" {
		t.Errorf("put %+v, want the actuator's name and the decision", *s.last)
	}
}

func TestFreezeRefuses(t *testing.T) {
	down := errors.New("ledger is down")
	for _, c := range []struct {
		name string
		in   settings
		move loop.Move
		want error // nil: any
	}{
		{"older epoch", settings{last: &loop.Move{Actuator: "freeze", Term: loop.Term{Epoch: 4}}}, loop.Move{Setting: 1, Term: loop.Term{Epoch: 3}}, loop.ErrDeposed},
		{"ledger down", settings{down: down}, loop.Move{Setting: 1}, down},
		{"below 0", settings{}, loop.Move{Setting: -0.1}, nil},
		{"above 1", settings{}, loop.Move{Setting: 1.1}, nil},
		{"not a number", settings{}, loop.Move{Setting: math.NaN()}, nil},
	} {
		err := freeze(t, &c.in).Apply(t.Context(), c.move)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: Apply = %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := freeze(t, &settings{down: down}).Read(t.Context()); !errors.Is(err, down) {
		t.Errorf("Read = %v, want %v", err, down)
	}
}

func TestNewRefuses(t *testing.T) {
	good := slo.Actuator{Name: "a", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1, Query: slo.QueryTimeout{
		DatabaseURL: "host=/nowhere", Role: "r", Workers: 8, High: 0.75, Low: 0.5}}
	for name, spoil := range map[string]func(*slo.Actuator){
		"unknown kind":       func(a *slo.Actuator) { a.Kind = "teleport" },
		"freeze, no ledger":  func(a *slo.Actuator) { a.Kind = slo.Freeze },
		"no URL":             func(a *slo.Actuator) { a.Query.DatabaseURL = "" },
		"no role":            func(a *slo.Actuator) { a.Query.Role = "" },
		"no workers":         func(a *slo.Actuator) { a.Query.Workers = 0 },
		"no marks":           func(a *slo.Actuator) { a.Query.High, a.Query.Low = 0, 0 },
		"low above high":     func(a *slo.Actuator) { a.Query.Low = 0.8 },
		"high above all":     func(a *slo.Actuator) { a.Query.High = 1.5 },
		"tight is no limit":  func(a *slo.Actuator) { a.Tight = 0 },
		"tight is not tight": func(a *slo.Actuator) { a.Tight = 31 },
		"rest is not a time": func(a *slo.Actuator) { a.Rest = math.Inf(1) },
	} {
		a := good
		spoil(&a)
		if got, r, err := actuators.New(a, actuators.Deps{}); err == nil || got != nil || r != nil {
			t.Errorf("%s: New = %v, %v, %v, want an error only", name, got, r, err)
		}
	}
	_, r, err := actuators.New(good, actuators.Deps{}) // the rest of the definition is fine
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}
