package generic_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"setpoint.dev/setpoint/actuators/generic"
	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func move(setting float64, epoch int64, after time.Duration) loop.Move {
	return loop.Move{Actuator: "rate", Setting: setting, Term: loop.Term{Epoch: epoch}, Decision: "d-" + after.String(), At: noon.Add(after)}
}

// each runs a test at every place.
func each(t *testing.T, test func(t *testing.T, s *site, x *generic.Actuator)) {
	for name, s := range sites(t) {
		t.Run(name, func(t *testing.T) {
			x, err := generic.New(s.declared, egress.Policy{})
			must(t, err)
			t.Cleanup(func() { generic.CloseIdle(x) })
			test(t, s, x)
		})
	}
}

func reads(t *testing.T, x *generic.Actuator, want float64, wantErr error) {
	t.Helper()
	if got, err := x.Read(t.Context()); got != want || !errors.Is(err, wantErr) {
		t.Errorf("Read = %v, %v; want %v, %v", got, err, want, wantErr)
	}
}

func applies(t *testing.T, x *generic.Actuator, m loop.Move, want error) {
	t.Helper()
	if err := x.Apply(t.Context(), m); !errors.Is(err, want) {
		t.Errorf("Apply %+v = %v, want %v", m, err, want)
	}
}

// What was set is read back; twice is once; an older move, whether of an older
// leader or one that arrives late, changes nothing.
func TestApply(t *testing.T) {
	each(t, func(t *testing.T, _ *site, x *generic.Actuator) {
		reads(t, x, 100, nil)
		applies(t, x, move(40, 2, time.Minute), nil)
		applies(t, x, move(40, 2, time.Minute), nil)
		reads(t, x, 40, nil)
		applies(t, x, move(90, 1, time.Hour), loop.ErrDeposed)
		applies(t, x, move(90, 2, time.Second), loop.ErrDeposed)
		reads(t, x, 40, nil)
		applies(t, x, move(25.5, 3, 0), nil)
		other := move(60, 1, 0) // the standby was promoted, and did not hear of epoch 3
		other.Timeline = 2
		applies(t, x, other, nil)
		applies(t, x, move(90, 3, time.Hour), loop.ErrDeposed)
		other.Setting, other.Epoch = 25.5, 2
		applies(t, x, other, nil)
		reads(t, x, 25.5, nil)
		if err := x.Apply(t.Context(), move(5, 3, time.Hour)); err == nil {
			t.Error("a setting outside the range was applied")
		}
	})
}

// Somebody else wins until they set it back, or a person orders otherwise.
func TestForeign(t *testing.T) {
	each(t, func(t *testing.T, s *site, x *generic.Actuator) {
		applies(t, x, move(40, 1, time.Minute), nil)
		s.set(70)
		reads(t, x, 70, loop.ErrForeign)
		applies(t, x, move(20, 1, 2*time.Minute), loop.ErrForeign)
		reads(t, x, 70, loop.ErrForeign)
		s.set(40)
		reads(t, x, 40, nil)
		applies(t, x, move(20, 1, 3*time.Minute), nil)
		s.set(70)
		ordered := move(30, 1, 4*time.Minute)
		ordered.Ordered = true
		applies(t, x, ordered, nil)
		reads(t, x, 30, nil)
	})
}

// A place that fails says so, without its address; one that lies is found out
// by what is read back.
func TestFails(t *testing.T) {
	each(t, func(t *testing.T, s *site, x *generic.Actuator) {
		if s.fail == nil {
			return
		}
		for _, status := range []int{302, 401, 500} {
			s.fail(status)
			_, err := x.Read(t.Context())
			if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "127.0.0.1") {
				t.Errorf("status %d: %v", status, err)
			}
			s.fail(status)
			if err := x.Apply(t.Context(), move(40, 1, time.Minute)); err == nil {
				t.Errorf("status %d: applied", status)
			}
		}
		if n := s.writes(); n != 0 {
			t.Errorf("%d writes", n)
		}
		s.lie()
		applies(t, x, move(40, 1, time.Minute), nil)
		reads(t, x, 100, nil)
	})
}

// A place that cannot be reached is told without its address.
func TestUnreachable(t *testing.T) {
	p := slo.Place{URL: "http://ann:hunter2@127.0.0.1:1", ReadURL: "http://ann:hunter2@127.0.0.1:1", Path: "/api/v1/configmaps/a", Field: "data.a", Secret: key}
	for _, kind := range []slo.ActuatorKind{slo.AtWebhook, slo.AtKubernetes} {
		x, err := generic.New(declared(kind, p), egress.Policy{})
		must(t, err)
		if _, err := x.Read(t.Context()); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A file is never half there, keeps nothing beside it, and is refused when it
// is none of ours.
func TestFile(t *testing.T) {
	s := onDisk(t)
	path := s.declared.Place.Path
	x, err := generic.New(s.declared, egress.Policy{})
	must(t, err)
	applies(t, x, move(40, 1, time.Minute), nil)
	text, err := os.ReadFile(path)
	must(t, err)
	if want := `{"setting":40,"move":{"actuator":"rate","setting":40,"epoch":1,"sequence":1773489660000000,"decision":"d-1m0s","at":"2026-03-14T12:01:00Z"}}` + "\n"; string(text) != want {
		t.Errorf("the file holds %s", text)
	}
	if all, err := os.ReadDir(filepath.Dir(path)); err != nil || len(all) != 1 {
		t.Errorf("%d files, %v", len(all), err)
	}
	for _, strange := range []string{"", "40", "{}", `{"setting":"40"}`, `{"setting":40}x`} {
		must(t, os.WriteFile(path, []byte(strange), 0o600))
		if _, err := x.Read(t.Context()); err == nil {
			t.Errorf("%q was read", strange)
		}
		if err := x.Apply(t.Context(), move(20, 1, time.Hour)); err == nil {
			t.Errorf("%q was overwritten", strange)
		}
	}
	must(t, os.WriteFile(path, []byte(`{"setting":50}`), 0o600)) // by hand, nobody knows who
	reads(t, x, 50, nil)
	must(t, os.RemoveAll(filepath.Dir(path)))
	if err := x.Apply(t.Context(), move(20, 1, time.Hour)); err == nil {
		t.Error("written into a folder that is not there")
	}
}
