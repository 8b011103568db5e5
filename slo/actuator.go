package slo

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// An Actuator is something that can be set. Its setting lies between Rest
// (normal) and Tight (most protective); Tight may be the smaller number. Its
// JSON form is what decisions are judged by: where it stands in the files,
// its words for people and its secrets are not part of it.
type Actuator struct {
	Name        string       `json:"name"`
	Title       string       `json:"-"`
	Description string       `json:"-"`
	Service     string       `json:"service,omitempty"` // the service that it protects; may be empty
	Kind        ActuatorKind `json:"kind"`
	Rest        float64      `json:"rest"`           // in Unit
	Tight       float64      `json:"tight"`          // in Unit
	Unit        string       `json:"unit,omitempty"` // "s" for PGQueryTimeout, "" for Freeze
	Query       QueryTimeout `json:"query,omitzero"`
	Retries     Retries      `json:"retries,omitzero"`
	Quota       Quota        `json:"quota,omitzero"`
	Place       Place        `json:"place,omitzero"`
	Freezing    Freezing     `json:"freezing,omitzero"`

	// Whatever enforces the setting by itself falls back to Safe when it was
	// not confirmed for Lease.
	Safe  *float64      `json:"safe,omitempty"`  // in Unit; nil = Rest
	Lease time.Duration `json:"lease,omitempty"` // in ns; 0 = DefaultLease

	Position Position `json:"-"`
}

// An ActuatorKind says what an actuator sets.
type ActuatorKind string

// The actuator kinds.
const (
	Freeze         ActuatorKind = "freeze"               // setting is a stage, from 0 (open) to 1 (frozen)
	PGQueryTimeout ActuatorKind = "postgresQueryTimeout" // setting in seconds
	Retry          ActuatorKind = "retry"                // setting is the number of a level
	TenantQuota    ActuatorKind = "quota"                // setting is a watermark, as a share of the capacity
	AtWebhook      ActuatorKind = "webhook"              // setting is a number, as that of the next two
	AtFile         ActuatorKind = "file"
	AtKubernetes   ActuatorKind = "kubernetes"
)

// DefaultLease is how long a setting is trusted that nobody confirms, where
// none is declared.
const DefaultLease = 60 * time.Second

// QueryTimeout tells a postgresQueryTimeout actuator where to act. The
// setting is the age in seconds above which the reaper may cancel a
// statement of the role while the role holds too many workers; the role's
// statement_timeout is set beside it as the durable default.
type QueryTimeout struct {
	DatabaseURL    string        `json:"-"`                   // "${NAME}" was replaced by the environment; never printed
	Role           string        `json:"role"`                // the class of statements: those of this role, no others
	Workers        int           `json:"workers"`             // size of the pool that the role shares
	High           float64       `json:"high"`                // share of Workers above which statements are cancelled; 0.75 unless declared
	Low            float64       `json:"low"`                 // share of Workers down to which they are; 0.6 unless declared
	Every          time.Duration `json:"every"`               // period of the reaper, in ns; 500 ms unless declared
	CancelsPerTick int           `json:"cancelsPerTick"`      // most cancellations in one period; 4 unless declared
	CancelsPerMin  int           `json:"cancelsPerMin"`       // most cancellations in a minute; 60 unless declared
	RoleDefault    bool          `json:"roleDefault"`         // also set statement_timeout as default of the role
	RoleTimes      float64       `json:"roleTimes,omitempty"` // that default is so many times the setting; 0 = once
	Classes        []QueryClass  `json:"classes,omitempty"`   // of the role's statements; none = all
	ByAgent        bool          `json:"byAgent,omitempty"`   // the reaper runs in `setpoint agent`, beside the database, not in the server
}

// String renders q without its secret.
func (q QueryTimeout) String() string {
	return fmt.Sprintf("role %s of %d workers, watermarks %g and %g", q.Role, q.Workers, q.High, q.Low)
}

// GoString is String, so that no way of printing shows the secret.
func (q QueryTimeout) GoString() string { return "slo.QueryTimeout(" + q.String() + ")" }

// SamePlace reports whether b acts where a does, so that its setting is a's. An
// address may get another user, password or option.
func (a Actuator) SamePlace(b Actuator) bool { return a.where() == b.where() }

// where tells places of settings apart. It is not printed: addresses may hold
// secrets.
func (a Actuator) where() string {
	parts := []string{string(a.Kind), string(a.Place.URL), a.Place.Path, a.Place.Field, a.Query.Role}
	if a.Kind == Freeze || a.Kind == Retry || a.Kind == TenantQuota {
		parts = append(parts, a.Service)
	}
	return strings.Join(append(parts, database(a.Query.DatabaseURL)...), "\x00")
}

// database is what an address of PostgreSQL says about where the database is.
func database(address string) []string {
	if u, err := url.Parse(address); err == nil && u.Scheme != "" {
		return []string{u.Host, u.Path}
	}
	words := slices.DeleteFunc(strings.Fields(address), func(word string) bool {
		key, _, _ := strings.Cut(word, "=")
		return !slices.Contains([]string{"host", "hostaddr", "port", "dbname", "service"}, key)
	})
	if len(words) == 0 { // ${NAME}, which was not looked up
		return []string{address}
	}
	slices.Sort(words)
	return words
}

// Tighter reports whether setting x protects more than setting y.
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

// Snap rounds x to the finest that the kind can hold: thousandths, or whole
// levels. What is read back is then equal to what was set.
func (a Actuator) Snap(x float64) float64 {
	if a.Kind == Retry {
		return math.Round(x)
	}
	return math.Round(x*1000) / 1000
}

// SafeSetting is where the setting falls back to when its lease ends.
func (a Actuator) SafeSetting() float64 {
	if a.Safe != nil {
		return *a.Safe
	}
	return a.Rest
}

// LeaseFor is how long a setting is trusted that nobody confirms.
func (a Actuator) LeaseFor() time.Duration { return cmp.Or(a.Lease, DefaultLease) }

// Show renders a setting with its unit, as "1.8 s"; a freeze and the levels
// of a retry contract in words.
func (a Actuator) Show(x float64) string {
	switch {
	case a.Kind == Freeze:
		return Stage(x)
	case a.Kind == Retry && len(a.Retries.Levels) > 0 && a.Clamp(a.Snap(x)) == x:
		return a.Retries.At(x).Name
	case a.Unit == "":
		return fmt.Sprintf("%g", x)
	}
	return fmt.Sprintf("%g %s", x, a.Unit)
}
