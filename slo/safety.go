package slo

import "time"

// A Verify says how a move that tightens is judged: by Settle after it, the
// burn rate over Window has to have fallen by the share Falls of what it was,
// and by as much more than that of Control, which the move does not touch.
// The zero value judges nothing.
type Verify struct {
	Settle  time.Duration `json:"settle,omitempty"`  // ns
	Window  time.Duration `json:"window,omitempty"`  // ns; at most Settle, so that it holds nothing from before the move
	Falls   float64       `json:"falls,omitempty"`   // above 0, at most 1; 0.25 unless declared
	Control string        `json:"control,omitempty"` // objective of a scope that the move does not touch; "" = none
}

// Flapping says how often a loop may turn round within a time: after Reversals
// its dead band is twice as wide, after twice as many it has to ask. The zero
// value looks at nothing.
type Flapping struct {
	Reversals int           `json:"reversals,omitempty"`
	Within    time.Duration `json:"within,omitempty"` // ns
}

// Missing says what becomes of a setting while a rule cannot judge. The zero
// value holds it, until its TTL ends.
type Missing struct {
	NoTraffic Absence `json:"noTraffic,omitempty"`
	TooFew    Absence `json:"tooFew,omitempty"`
}

// An Absence is what is done where there is nothing to judge by.
type Absence string

// The answers to an absence of evidence.
const (
	HoldAbsent  Absence = "hold"  // nothing is relaxed
	RelaxAbsent Absence = "relax" // the rule asks for nothing, so the setting may be relaxed
)

// DefaultTTL is how long a tightened setting lasts that no evidence renews.
const DefaultTTL = time.Hour
