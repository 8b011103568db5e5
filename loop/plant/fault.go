package plant

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A Fault is something that goes wrong for a while.
type Fault struct {
	Kind FaultKind
	From time.Duration // since the begin
	For  time.Duration
}

// A FaultKind says what goes wrong.
type FaultKind string

// The kinds of fault.
const (
	Runaways  FaultKind = "runaways"  // reports come faster, and almost half of them never seem to end
	Customers FaultKind = "customers" // three times as many customers
	Slow      FaultKind = "slow"      // customers take ten times as long
	Blind     FaultKind = "blind"     // nothing is observed; what happens goes on
)

// FaultKinds lists all of them.
func FaultKinds() []FaultKind { return []FaultKind{Runaways, Customers, Slow, Blind} }

// ParseFault reads a fault as in "runaways@60s+45s": what, from when on since
// the begin, and for how long.
func ParseFault(s string) (Fault, error) {
	kind, when, ok1 := strings.Cut(s, "@")
	begin, length, ok2 := strings.Cut(when, "+")
	if !ok1 || !ok2 {
		return Fault{}, fmt.Errorf("read fault %q: want what@begin+length, as in runaways@60s+45s", s)
	}
	if !slices.Contains(FaultKinds(), FaultKind(kind)) {
		return Fault{}, fmt.Errorf("read fault %q: there is no fault %q, only %v", s, kind, FaultKinds())
	}
	from, err := slo.ParseDuration(begin)
	if err != nil {
		return Fault{}, fmt.Errorf("read begin of fault %q: %w", s, err)
	}
	length0, err := slo.ParseDuration(length)
	if err != nil {
		return Fault{}, fmt.Errorf("read length of fault %q: %w", s, err)
	}
	return Fault{FaultKind(kind), from, length0}, nil
}

// String is the fault as ParseFault reads it.
func (f Fault) String() string {
	return fmt.Sprintf("%s@%s+%s", f.Kind, slo.Span(f.From), slo.Span(f.For))
}

// at reports whether the fault is there at a time.
func (f Fault) at(t time.Duration) bool { return t >= f.From && t-f.From < f.For }

// faulty reports whether a fault of a kind is there at a time.
func faulty(all []Fault, kind FaultKind, t time.Duration) bool {
	return slices.ContainsFunc(all, func(f Fault) bool { return f.Kind == kind && f.at(t) })
}
