package generic

import (
	"context"
	"errors"
	"fmt"
	"time"

	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// An Actuator is a setting somewhere else.
type Actuator struct {
	a     slo.Actuator
	place place
}

// A place holds a setting and the move that set it.
type place interface {
	// read returns what is in force.
	read(ctx context.Context) (state, error)
	// write puts a move in force, where the place still is in the state that
	// was read. It returns loop.ErrDeposed when the place knows a newer one.
	write(ctx context.Context, m move, was state) error
}

// A state is what a place has.
type state struct {
	setting float64
	set     bool   // there is a setting
	move    *move  // that set it; nil = nobody knows
	version string // of the place, to compare by; may be empty
}

// A move is what is kept of a loop.Move beside a setting.
type move struct {
	Actuator string  `json:"actuator"`
	Setting  float64 `json:"setting"`
	loop.Fence
	Decision string    `json:"decision"`
	At       time.Time `json:"at"`
}

// patience bounds one visit to a place.
const patience = 5 * time.Second

// New returns the actuator that a declares. It visits nothing yet, and never
// an address that the policy does not let it.
func New(a slo.Actuator, reach egress.Policy) (*Actuator, error) {
	switch a.Kind {
	case slo.AtWebhook:
		return &Actuator{a, newHook(a, reach)}, nil
	case slo.AtFile:
		return &Actuator{a, file{a.Place.Path}}, nil
	case slo.AtKubernetes:
		k, err := newObject(a.Place, reach)
		if err != nil {
			return nil, fmt.Errorf("open actuator %s: %w", a.Name, err)
		}
		return &Actuator{a, k}, nil
	}
	return nil, fmt.Errorf("open actuator %s: unknown kind %q", a.Name, a.Kind)
}

// Read returns the setting in force, rest where there is none, and with it
// loop.ErrForeign where somebody else has changed it.
func (x *Actuator) Read(ctx context.Context) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := x.place.read(ctx)
	switch {
	case err != nil:
		return 0, fmt.Errorf("read setting of %s: %w", x.a.Name, err)
	case !s.set:
		return x.a.Rest, nil
	case s.foreign():
		return s.setting, fmt.Errorf("%w from %s to %s", loop.ErrForeign, x.a.Show(s.move.Setting), x.a.Show(s.setting))
	}
	return s.setting, nil
}

// Apply puts m.Setting in force. It refuses a setting outside the range, a
// move that is older than the one that is in force (loop.ErrDeposed), and one
// that nobody ordered where somebody else has changed the setting
// (loop.ErrForeign).
func (x *Actuator) Apply(ctx context.Context, m loop.Move) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := x.apply(ctx, m); err != nil {
		return fmt.Errorf("apply to %s: %w", x.a.Name, err)
	}
	return nil
}

func (x *Actuator) apply(ctx context.Context, m loop.Move) error {
	if x.a.Clamp(m.Setting) != m.Setting {
		return fmt.Errorf("setting %g is outside the range %g to %g", m.Setting, min(x.a.Rest, x.a.Tight), max(x.a.Rest, x.a.Tight))
	}
	was, err := x.place.read(ctx)
	next := move{Actuator: x.a.Name, Setting: m.Setting, Fence: m.Fence(), Decision: m.Decision, At: m.At.UTC()}
	if err == nil && was.move != nil {
		err = next.Admit(was.move.Fence, was.move.Decision)
	}
	switch {
	case err != nil:
		return err
	case was.foreign() && !m.Ordered:
		return fmt.Errorf("%w from %s to %s", loop.ErrForeign, x.a.Show(was.move.Setting), x.a.Show(was.setting))
	}
	return x.place.write(ctx, next, was)
}

// foreign reports whether somebody else has changed the setting.
func (s state) foreign() bool { return s.set && s.move != nil && s.move.Setting != s.setting }

// errStrange is what a place says that is none.
var errStrange = errors.New("not a setting as Setpoint keeps it")
