package slo

import (
	"fmt"
	"time"
)

// An Actuator is something that can be set. Its setting lies between Rest
// (normal) and Tight (most protective); Tight may be the smaller number.
type Actuator struct {
	Name     string
	Service  string // the service that it protects; may be empty
	Kind     ActuatorKind
	Rest     float64 // in Unit
	Tight    float64 // in Unit
	Unit     string  // "s" for QueryTimeout, "" for Freeze
	Query    QueryTimeout
	Position Position
}

// An ActuatorKind says what an actuator sets.
type ActuatorKind string

// The actuator kinds.
const (
	Freeze         ActuatorKind = "freeze"               // setting 0 (releases may go) … 1 (frozen)
	PGQueryTimeout ActuatorKind = "postgresQueryTimeout" // setting in seconds
)

// QueryTimeout tells a postgresQueryTimeout actuator where to act. The
// setting is the age in seconds above which the reaper may cancel a
// statement of the role while the role holds too many workers; the role's
// statement_timeout is set beside it as the durable default.
type QueryTimeout struct {
	DatabaseURL    string        // "${NAME}" was replaced by the environment; never printed
	Role           string        // the class of statements: those of this role, no others
	Workers        int           // size of the pool that the role shares
	High, Low      float64       // watermarks as shares of Workers: above High cancel, down to Low
	Every          time.Duration // period of the reaper; 500 ms unless declared
	CancelsPerTick int           // most cancellations in one period; 4 unless declared
	CancelsPerMin  int           // most cancellations in a minute; 60 unless declared
	RoleDefault    bool          // also set statement_timeout as default of the role
}

// Tighter reports whether setting a protects more than b.
func (a Actuator) Tighter(x, y float64) bool {
	if a.Tight < a.Rest {
		return x < y
	}
	return x > y
}

// Clamp returns x moved into the range of the actuator.
func (a Actuator) Clamp(x float64) float64 {
	return min(max(x, min(a.Rest, a.Tight)), max(a.Rest, a.Tight))
}

// Show renders a setting with its unit, as "1.8 s"; a freeze in words.
func (a Actuator) Show(x float64) string {
	switch {
	case a.Kind == Freeze && x >= 1:
		return "frozen"
	case a.Kind == Freeze && x <= 0:
		return "open"
	case a.Unit == "":
		return fmt.Sprintf("%g", x)
	}
	return fmt.Sprintf("%g %s", x, a.Unit)
}
