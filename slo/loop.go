package slo

import "time"

// A ControlLoop moves one actuator by the budgets of objectives. One
// actuator belongs to one loop.
type ControlLoop struct {
	Name     string
	Actuator string
	Mode     Mode
	Owner    string
	Rules    []Rule // the tightest wish wins
	Step     Step
	Cooldown time.Duration // shortest time between a move and a relaxing one
	Pace     Pace          // limit on tightening moves
	Stale    time.Duration // evidence older than this is not seen; 0 = 5 slices of its objective
	Position Position
}

// A Mode says how far a loop may go. The zero value is the safe one.
type Mode string

// The modes, from the safest on.
const (
	Observe Mode = "observe" // records what it would do and touches nothing
	Ask     Mode = "ask"     // a person approves each move
	Act     Mode = "act"     // moves by itself
)

// A Step bounds one move, in units of the actuator. Zero means no bound.
type Step struct {
	Tighten float64
	Relax   float64
}

// A Pace allows at most Moves tightening moves in any stretch of Per. Zero
// Moves means no limit.
type Pace struct {
	Moves int
	Per   time.Duration
}

// A Rule is one wish about an actuator: a control law over the evidence of
// one objective.
type Rule struct {
	Name      string
	Objective string
	Law       Law
	Tiers     []Tier    // law tiers
	Watermark Watermark // law watermark
	Position  Position
}

// A Law names a control law.
type Law string

// The control laws.
const (
	Tiers      Law = "tiers"
	Watermarks Law = "watermark"
)

// A Tier asks for Setting while the burn rate over both windows is at least
// Burn (multi-window, multi-burn-rate: SRE Workbook, chapter 5). Once
// entered it is left only when the burn rate over Hold is below Leave.
type Tier struct {
	Name      string
	Burn      Decimal
	Long      time.Duration
	Short     time.Duration
	Setting   float64
	Leave     Decimal       // burn rate below which the tier is left; half of Burn unless declared
	Hold      time.Duration // window over which Leave is judged; Long unless declared
	MinBad    int64         // fewest bad events in Long; 0 = no minimum
	Exhausted bool          // the tier is also entered when the budget is used up, and not left before some is back
	Position  Position
}

// A Watermark moves the setting by Step while a signal is past one mark and
// back while it is past the other; between the marks it holds.
type Watermark struct {
	Signal  Signal
	Window  time.Duration // of the burn rate; unused for SignalRemaining
	Tighten Decimal       // tighten at or past this mark
	Relax   Decimal       // relax at or past this mark
	Step    float64       // one move, in units of the actuator
}

// A Signal is what a watermark looks at.
type Signal string

// The signals. Burn tightens when high, remaining tightens when low.
const (
	SignalBurn      Signal = "burn"
	SignalRemaining Signal = "remaining"
)

// A ReleasePolicy says when a release of a service may go.
type ReleasePolicy struct {
	Name          string
	Service       string
	Freezes       []string // freeze actuators that deny while tight
	Objectives    []string // empty = all objectives of the service
	MinRemaining  Decimal  // deny while less of the budget is left; HasMin says whether it is declared
	HasMin        bool
	MaxBurn       []BurnLimit
	OnNoData      Verdict // no data or stale data; hold unless declared
	OnLedgerDown  Verdict // ledger unreachable; "" = answer from memory, marked degraded
	StaleAfter    time.Duration
	AlwaysAllowed []string // change classes that pass: rollback, security, fix unless declared
	Position      Position
}

// A BurnLimit denies while the burn rate over Window is at least Burn.
type BurnLimit struct {
	Burn   Decimal
	Window time.Duration
}

// A Verdict is the gate's answer.
type Verdict string

// The verdicts.
const (
	Allow Verdict = "allow"
	Deny  Verdict = "deny"
	Hold  Verdict = "hold"
)
