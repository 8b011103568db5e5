package slo

import "time"

// A ControlLoop moves one actuator by the budgets of objectives. One
// actuator belongs to one loop.
// Its JSON form is what decisions are judged by: where it stands in the files
// and its words for people are not part of it. Durations are in ns there.
type ControlLoop struct {
	Name        string        `json:"name"`
	Title       string        `json:"-"`
	Description string        `json:"-"`
	Actuator    string        `json:"actuator"`
	Mode        Mode          `json:"mode"`
	Owner       string        `json:"owner,omitempty"`
	Rules       []Rule        `json:"rules"` // the tightest wish wins
	Step        Step          `json:"step,omitzero"`
	Cooldown    time.Duration `json:"cooldown,omitempty"`  // shortest time between a move and a relaxing one
	Pace        Pace          `json:"pace,omitzero"`       // limit on tightening moves
	Stale       time.Duration `json:"stale,omitempty"`     // evidence older than this is not seen; 0 = 5 slices of its objective
	RelaxMode   Mode          `json:"relaxMode,omitempty"` // mode of moves that relax; "" = Mode
	DeadBand    float64       `json:"deadBand,omitempty"`  // shortest move, but to an end of the range; in units of the actuator
	Moves       Pace          `json:"moves,omitzero"`      // limit on moves of either direction
	Verify      Verify        `json:"verify,omitzero"`
	Flapping    Flapping      `json:"flapping,omitzero"`
	Missing     Missing       `json:"missing,omitzero"`
	Plant       Plant         `json:"plant,omitzero"`
	Fleet       Fleet         `json:"fleet,omitzero"`
	Promotion   Promotion     `json:"promotion,omitzero"` // what it has to show before it acts by itself
	ByHand      ByHand        `json:"byHand,omitzero"`    // what its work costs people
	TTL         time.Duration `json:"ttl,omitempty"`      // a tightened setting that no evidence renews for so long goes to Safe, ns; 0 = never, as of a freeze
	Safe        float64       `json:"safe,omitempty"`     // with TTL, as ttlSetting in files: in units of the actuator; rest unless declared
	Position    Position      `json:"-"`
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
	Tighten float64 `json:"tighten,omitempty"`
	Relax   float64 `json:"relax,omitempty"`
}

// A Pace allows at most Moves tightening moves in any stretch of Per. Zero
// Moves means no limit.
type Pace struct {
	Moves int           `json:"moves"`
	Per   time.Duration `json:"per"` // ns
}

// A Rule is one wish about an actuator: a control law over the evidence of
// one objective.
type Rule struct {
	Name      string     `json:"name"`
	Objective string     `json:"objective"`      // "" = of law schedule
	When      *Condition `json:"when,omitempty"` // the rule speaks only while it holds; nil: always
	Law       Law        `json:"law"`
	Tiers     []Tier     `json:"tiers,omitempty"`    // law tiers
	Watermark Watermark  `json:"watermark,omitzero"` // law watermark
	AIMD      *AIMD      `json:"aimd,omitempty"`     // law aimd
	PI        *PI        `json:"pi,omitempty"`       // law pi
	Schedule  *Schedule  `json:"schedule,omitempty"` // law schedule
	Base      *Base      `json:"base,omitempty"`     // law base
	Position  Position   `json:"-"`
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
	Name      string        `json:"name"`
	Burn      Decimal       `json:"burn"`
	Long      time.Duration `json:"long"`                // ns
	Short     time.Duration `json:"short"`               // ns
	Setting   float64       `json:"setting"`             // in units of the actuator
	Leave     Decimal       `json:"leave"`               // burn rate below which the tier is left; half of Burn unless declared
	Hold      time.Duration `json:"hold"`                // window over which Leave is judged, in ns; Long unless declared
	MinBad    int64         `json:"minBad,omitempty"`    // fewest bad events in Long; 0 = no minimum
	Exhausted bool          `json:"exhausted,omitempty"` // the tier is also entered when the budget is used up, and not left before some is back
	Remaining *Decimal      `json:"remaining,omitempty"` // the tier is also entered while less than this share of the budget is left; nil = not
	Regain    *Decimal      `json:"regain,omitempty"`    // not left before this share of the budget is there; nil = that of Remaining
	Position  Position      `json:"-"`
}

// A Watermark moves the setting by Step while a signal is past one mark and
// back while it is past the other; between the marks it holds.
type Watermark struct {
	Signal  Signal        `json:"signal"`
	Window  time.Duration `json:"window,omitempty"` // of the burn rate, in ns; unused for SignalRemaining
	Tighten Decimal       `json:"tighten"`          // tighten at or past this mark
	Relax   Decimal       `json:"relax"`            // relax at or past this mark
	Step    float64       `json:"step"`             // one move, in units of the actuator
}

// A Signal is what a watermark looks at.
type Signal string

// The signals. Burn tightens when high, remaining tightens when low.
const (
	SignalBurn      Signal = "burn"
	SignalRemaining Signal = "remaining"
)
