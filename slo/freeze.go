package slo

import (
	"slices"
	"time"
)

// The stages of a release freeze are settings of its actuator, from rest to
// tight. Thawing is no stage that a rule can ask for: a freeze that thaws goes
// through it on its way back.
const (
	StageOpen       = 0.0  // releases may go
	StageCaution    = 0.25 // classes of change that risk little may go, others wait
	StageThawing    = 0.5  // releases may go one after the other, at the pace of Thaw
	StageRestricted = 0.75 // what mends may go, nothing else
	StageFrozen     = 1.0  // only what the release policy always allows may go
)

// A Freezing says what a release freeze lets go at each stage, and how it
// ends. The zero value lets the standard classes go and opens at once.
type Freezing struct {
	Caution    []string `json:"caution"`    // classes of change that go in caution; nil = DefaultCaution
	Restricted []string `json:"restricted"` // classes that go in restricted; nil = DefaultRestricted
	Thaw       Thaw     `json:"thaw,omitzero"`
}

// A Thaw keeps the releases that waited for a freeze to end from going all at
// once. The zero value opens at once.
type Thaw struct {
	For      time.Duration `json:"for,omitempty"`      // how long it thaws before it is open, ns
	Releases int           `json:"releases,omitempty"` // most releases that go
	Per      time.Duration `json:"per,omitempty"`      // in any stretch of this, ns
}

// DefaultCaution are the classes of change that go in caution.
func DefaultCaution() []string { return []string{"rollback", "security", "fix", "config", "small"} }

// DefaultRestricted are the classes of change that go in restricted.
func DefaultRestricted() []string { return []string{"rollback", "security", "fix"} }

// Lets reports whether a class of change goes at a stage, whatever the
// release policy always allows.
func (f Freezing) Lets(stage float64, change string) bool {
	allowed := f.Restricted
	switch {
	case stage <= StageOpen:
		return true
	case stage >= StageFrozen:
		return false
	case stage <= StageCaution:
		if allowed = f.Caution; allowed == nil {
			allowed = DefaultCaution()
		}
	case allowed == nil:
		allowed = DefaultRestricted()
	}
	return slices.Contains(allowed, change)
}

// Stage is the name of the stage that a setting amounts to; one between two
// is the tighter of them.
func Stage(setting float64) string {
	switch {
	case setting <= StageOpen:
		return "open"
	case setting <= StageCaution:
		return "caution"
	case setting == StageThawing:
		return "thawing"
	case setting < StageFrozen:
		return "restricted"
	}
	return "frozen"
}

// stageSettings are the settings of the stages that may be asked for.
func stageSettings() map[string]float64 {
	return map[string]float64{"open": StageOpen, "caution": StageCaution, "restricted": StageRestricted, "frozen": StageFrozen}
}
