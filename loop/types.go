package loop

import (
	"context"
	"errors"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A Source counts events. CountsAll answers all asks, in their order; one that
// cannot be answered has an error and keeps no other from its answer. A slice
// that nothing was observed of has Covered 0. Asks that come together can be
// answered with fewer questions to a backend.
type Source interface {
	CountsAll(ctx context.Context, asks []sli.Ask) []sli.Answer
}

// A SourceFunc is a Source that answers asks one after the other.
type SourceFunc func(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error)

// CountsAll calls f for each ask.
func (f SourceFunc) CountsAll(ctx context.Context, asks []sli.Ask) []sli.Answer {
	answers := make([]sli.Answer, len(asks))
	for i, a := range asks {
		answers[i].Slices, answers[i].Err = f(ctx, *a.Objective, a.From, a.To)
	}
	return answers
}

// An Actuator can be read and set.
type Actuator interface {
	// Read returns the setting in force, read back from where it acts.
	Read(ctx context.Context) (float64, error)
	// Apply puts m.Setting in force. Applying twice is applying once. A move
	// with an older fence than one applied before is refused with ErrDeposed.
	Apply(ctx context.Context, m Move) error
}

// A Move is what an actuator is told to do.
type Move struct {
	Actuator string
	Setting  float64
	Term
	Decision string    // ID of the decision that is on record
	At       time.Time // of the decision
	Ordered  bool      // by a person: what somebody else has set is overwritten
}

// A Ledger records what is decided before it is done.
type Ledger interface {
	// Conditions returns what people have ordered about an actuator and
	// what was done to it, as in force at now.
	Conditions(ctx context.Context, q ConditionsQuery) (Conditions, error)
	// Begin records a decision. It is durable when Begin returns nil, and the
	// decision must not be carried out before. It refuses a decision whose
	// epoch is not the newest with ErrDeposed.
	Begin(ctx context.Context, d Decision) error
	// Finish records how carrying out a decision ended, or how long a hold
	// lasted.
	Finish(ctx context.Context, o Outcome) error
}

// Definitions keep each version of a loop and its actuator, so that a past
// decision can be judged by the policy that was in force.
type Definitions interface {
	// Define keeps text under its policy hash; a second time does nothing.
	Define(ctx context.Context, policy string, text []byte) error
	// Definition returns the text kept under a policy hash.
	Definition(ctx context.Context, policy string) ([]byte, error)
}

// Versions keep each version of an objective's definition, so that the past
// can be judged by the one that was in force.
type Versions interface {
	// Revise records versions, all or none. One that is the newest on record
	// of its objective already, whatever its Since, is left out. Since rises
	// from one version of an objective to the next.
	Revise(ctx context.Context, versions []Version) error
	// Versions returns those of each objective, oldest first.
	Versions(ctx context.Context, objectives ...string) ([][]Version, error)
}

// A Version is a definition of an objective that came in force.
type Version struct {
	Objective string    `json:"objective"`
	Hash      string    `json:"hash"`           // of Text
	Since     time.Time `json:"since,omitzero"` // start of the first slice that it judges; zero = all of the past too
	At        time.Time `json:"at"`             // of the tick that was the first to go by it
	Text      string    `json:"text"`           // see Promise
}

// Orders keep what people commanded.
type Orders interface {
	// Give records an order; the same ID a second time does nothing, and
	// with other content is ErrTaken.
	Give(ctx context.Context, o Order) error
	// Orders returns the orders in force at now, oldest first.
	Orders(ctx context.Context, now time.Time) ([]Order, error)
}

// Leadership says who may act.
type Leadership interface {
	// Lead takes the lead if it is free, or confirms it, and returns its
	// term, which is newer with each change of leader. While another
	// leads the error is ErrNotLeader.
	Lead(ctx context.Context) (Term, error)
}

// A ConditionsQuery asks for the conditions of one actuator.
type ConditionsQuery struct {
	Actuator string
	Service  string        // orders about the service count too
	Now      time.Time     // orders that lapsed before are not in force
	Per      time.Duration // how far back tightening moves are listed
	Moves    int           // how many of the newest moves are listed
	Learned  bool          // also what a loop had learned by the newest decision that says so
}

// The sentinel errors.
var (
	ErrDeposed   = errors.New("a newer leader has taken over")
	ErrNotLeader = errors.New("another instance leads")
	ErrStopped   = errors.New("an emergency stop is in force")
	ErrTaken     = errors.New("other content is on record under this ID")

	// ErrForeign says that somebody else has changed a setting since it was
	// applied. Read returns it with the setting that is in force.
	ErrForeign = errors.New("somebody else has changed it")

	// ErrUnreachable says that the ledger is down: what was asked of it may be
	// asked again. Every other error is a refusal, which would be repeated.
	ErrUnreachable = errors.New("ledger out of reach")
)

// Conditions are what a decision must respect besides the evidence.
type Conditions struct {
	Stop       *Order      `json:"stop,omitempty"`       // an emergency stop in force
	Freeze     *Order      `json:"freeze,omitempty"`     // a person's freeze of the service's releases in force
	Pin        *Order      `json:"pin,omitempty"`        // a person's setting in force
	Approval   *Order      `json:"approval,omitempty"`   // a person's consent in force
	Promotion  *Order      `json:"promotion,omitempty"`  // a person's trust in the loop in force
	Demotion   *Order      `json:"demotion,omitempty"`   // the loop has to ask; of the two the newer one is in force
	LastMove   time.Time   `json:"lastMove,omitzero"`    // last move carried out, either way
	Tightened  []time.Time `json:"tightened,omitempty"`  // tightening moves of late, oldest first
	Moves      []Past      `json:"moves,omitempty"`      // the newest moves that were carried out, oldest first
	Unfinished []Begun     `json:"unfinished,omitempty"` // moves on record without an outcome
	Learned    *Learned    `json:"-"`                    // as asked for; Input has it too
}

// Begun is a move that is on record and whose outcome is not.
type Begun struct {
	ID string  `json:"id"`
	To float64 `json:"to"`
}

// A Verb is what a decision does.
type Verb string

// The verbs.
const (
	Hold    Verb = "hold"
	Tighten Verb = "tighten"
	Relax   Verb = "relax"
)

// third is the verb in the third person.
func (v Verb) third() string {
	if v == Relax {
		return "relaxes"
	}
	return string(v) + "s"
}

// A Reason says why, in a word that programs can rely on.
type Reason string

// The reasons of decisions. Reasons of guards are named after the guard.
const (
	ReasonBurning    Reason = "burning"     // a rule asks for a tighter setting
	ReasonLearned    Reason = "learned"     // a lesson was learned, and asks for a tighter setting while all is well
	ReasonRecovered  Reason = "recovered"   // no rule asks for the present setting any more
	ReasonAtSetpoint Reason = "at-setpoint" // the setting is the wanted one
	ReasonNoData     Reason = "no-data"     // a rule cannot see, so nothing is relaxed
	ReasonNoTraffic  Reason = "no-traffic"  // no events to judge by, so nothing is relaxed
	ReasonTooFew     Reason = "too-few"     // fewer events than the objective asks for, so nothing is tightened or relaxed
	ReasonUnreadable Reason = "unreadable"  // the actuator's setting could not be read
	ReasonForeign    Reason = "foreign"     // somebody else has set it: theirs stays
	ReasonStopped    Reason = "stopped"     // emergency stop
	ReasonReverting  Reason = "reverting"   // emergency stop with revert: walking to rest
	ReasonPinned     Reason = "pinned"      // a person set it
	ReasonObserving  Reason = "observing"   // mode observe: would move, does not
	ReasonUnapproved Reason = "unapproved"  // mode ask: waits for a person
	ReasonCooldown   Reason = "cooldown"    // relaxed or tightened too short ago to relax
	ReasonPace       Reason = "pace"        // tightened too often of late
	ReasonStep       Reason = "step"        // moves less far than wanted: one step at a time
	ReasonRolledBack Reason = "rolled-back" // the move before did not help, and is taken back
	ReasonExpired    Reason = "expired"     // no evidence renewed the setting within its TTL: it goes to its safe value
	ReasonSettling   Reason = "settling"    // the move before has not shown yet what it does
	ReasonMoves      Reason = "moves"       // moved too often of late, in either direction
	ReasonDeadBand   Reason = "dead-band"   // too short a move to be worth it
	ReasonPlant      Reason = "plant"       // another loop has moved the same plant, and that has not shown yet
	ReasonCanary     Reason = "canary"      // a canary of the fleet goes first
	ReasonRadius     Reason = "radius"      // as many of the fleet moved of late as may
	ReasonThawing    Reason = "thawing"     // a freeze opens after a while in which releases go one after the other
	ReasonLedgerDown Reason = "ledger-down" // could not be recorded, so was not done
)

// A Pull is what one rule asks for, with its evidence.
type Pull struct {
	Rule      string  `json:"rule"`
	Objective string  `json:"objective"`
	Blind     Reason  `json:"blind,omitempty"` // why the rule cannot see all that it looks at; empty = it sees
	Wanted    float64 `json:"wanted"`          // the setting it asks for on what it sees; rest when it sees nothing
	Tier      string  `json:"tier,omitempty"`  // the tier in force
	Why       string  `json:"why"`             // in words, with figures
}

// A Check is what one guard made of a decision.
type Check struct {
	Guard  string  `json:"guard"`
	In     float64 `json:"in"`  // setting asked for
	Out    float64 `json:"out"` // setting let through
	Reason Reason  `json:"reason,omitempty"`
	Why    string  `json:"why,omitempty"`
}

// An Input is everything that Decide looks at.
type Input struct {
	At         time.Time       `json:"at"`
	Loop       slo.ControlLoop `json:"-"` // on record once for each version, found by Policy
	Actuator   slo.Actuator    `json:"-"`
	Policy     string          `json:"policy"`
	Term                       // of the leader that decides
	Evidence   []budget.State  `json:"evidence"`
	Current    float64         `json:"current"`
	Unreadable string          `json:"unreadable,omitempty"` // why Current is not known
	Foreign    string          `json:"foreign,omitempty"`    // what somebody else made of Current
	Conditions Conditions      `json:"conditions"`
	LedgerDown string          `json:"ledgerDown,omitempty"` // why Conditions are not known
	Neighbours []Neighbour     `json:"neighbours,omitempty"` // actuators of the same plant or fleet
	Learned    *Learned        `json:"learned,omitempty"`    // by a loop that learns its base
	Sighted    time.Time       `json:"sighted,omitzero"`     // when every rule could judge last, as far as the instance knows that decides
}

// A Decision is what the loop chose for one actuator at one instant, and
// why. It holds its whole input, so that it can be made again.
type Decision struct {
	ID       string   `json:"id"`
	Loop     string   `json:"loop"`
	Actuator string   `json:"actuator"`
	Mode     slo.Mode `json:"mode"`
	Verb     Verb     `json:"verb"`
	Reason   Reason   `json:"reason"`
	From     float64  `json:"from"`
	Wanted   float64  `json:"wanted"` // by the rules, before the guards
	To       float64  `json:"to"`
	Pulls    []Pull   `json:"pulls"`
	Checks   []Check  `json:"checks"` // guards that changed or stopped the move, in order
	Words    string   `json:"words"`  // one sentence for people

	Predicted *Prediction `json:"predicted,omitempty"` // what the move is held to, where moves are judged
	Input     Input       `json:"input"`
}

// An Outcome is how a decision ended: a move that was applied and read back,
// or a run of equal holds that lasted.
type Outcome struct {
	Decision string    `json:"decision"`
	At       time.Time `json:"at"`
	Applied  bool      `json:"applied"` // the move is in force, as read back
	ReadBack float64   `json:"readBack"`
	Error    string    `json:"error,omitempty"`
	Until    time.Time `json:"until,omitzero"`   // of a hold: when it was last decided alike
	Ticks    int       `json:"ticks,omitempty"`  // of a hold: how often
	Effect   *Effect   `json:"effect,omitempty"` // of a move: whether it did what was predicted
}

// An Order is what a person commanded.
type Order struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Kind    OrderKind `json:"kind"`
	Target  string    `json:"target"` // an actuator, a service, or "*"; the name of an adjustment
	By      string    `json:"by"`
	Why     string    `json:"why"`
	Until   time.Time `json:"until,omitzero"`    // when it lapses; zero = when it is ended by its counterpart; pins, approvals and overrides always lapse
	Setting *float64  `json:"setting,omitempty"` // of pin and approve
	Revert  bool      `json:"revert,omitempty"`  // of stop: walk to rest
	Release string    `json:"release,omitempty"` // of override: this release only
	Ticket  string    `json:"ticket,omitempty"`  // of override and pin: where the case is told
	Glass   *Glass    `json:"glass,omitempty"`   // of override and pin: what it breaks; nil = nothing
	Adjust  *Adjusted `json:"adjust,omitempty"`  // of adjust: what is said
	Note    *Noted    `json:"note,omitempty"`    // of annotate: the time that Why is about
	Rules   string    `json:"rules,omitempty"`   // of promote: what the loop went by, see Rules
	Despite string    `json:"despite,omitempty"` // of promote: what the loop lacked, and was promoted all the same
}

// Noted is the time that an annotation is about.
type Noted struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"` // zero = an instant
}

// An OrderKind names a command.
type OrderKind string

// The kinds of order, each with what ends it.
const (
	OrderStop     OrderKind = "stop"     // nothing is actuated; ended by resume
	OrderResume   OrderKind = "resume"   //
	OrderFreeze   OrderKind = "freeze"   // a service's releases are frozen; ended by thaw
	OrderThaw     OrderKind = "thaw"     //
	OrderPin      OrderKind = "pin"      // an actuator stays at Setting; lapses at Until, ended by unpin
	OrderUnpin    OrderKind = "unpin"    //
	OrderApprove  OrderKind = "approve"  // an actuator may move as far as Setting; lapses at Until
	OrderOverride OrderKind = "override" // a service's releases go, whatever the gate says; lapses at Until, ended by revoke
	OrderRevoke   OrderKind = "revoke"   //
	OrderDemote   OrderKind = "demote"   // the loop of an actuator asks before it moves; ended by promote
	OrderPromote  OrderKind = "promote"  // the loop of an actuator is trusted to act; ended by demote
	OrderAdjust   OrderKind = "adjust"   // the counts of a stretch of time are judged as Adjust says; its target is a name of its own, and unadjust ends it
	OrderUnadjust OrderKind = "unadjust" //
	OrderAnnotate OrderKind = "annotate" // says something about a time, of a service, an objective, an actuator or everything; shown, and never in force
)

// A Setting is an actuator's setting as last read.
type Setting struct {
	Actuator string    `json:"actuator"`
	Service  string    `json:"service,omitempty"`
	Loop     string    `json:"loop,omitempty"`
	Mode     slo.Mode  `json:"mode,omitempty"`
	Kind     string    `json:"kind"`
	Value    float64   `json:"value"` // the last one known
	Rest     float64   `json:"rest"`
	Tight    float64   `json:"tight"`
	Unit     string    `json:"unit,omitempty"`
	Shown    string    `json:"shown"`           // with unit, for people
	At       time.Time `json:"at"`              // when it was read; zero = never
	Error    string    `json:"error,omitempty"` // why it could not be read
	Decision string    `json:"decision,omitempty"`
	Left     bool      `json:"left,omitempty"` // it is not declared any more, and goes when it is at rest
}

// A Report is what one tick saw and did. It is a value: nothing in it
// changes after the tick.
type Report struct {
	At        time.Time
	Set       *slo.Set // the definitions that it was made by; its actuators are those of Settings
	Term               // of the leadership it last knew
	Leader    bool
	States    []budget.State
	Settings  []Setting  // of every actuator
	Decisions []Decision // one for each loop, holds included
	Alerts    []Alert    // that hold, or have ended of late
	Orders    []Order    // in force
	OrdersAt  time.Time  // after it they were read; zero = after At
	LedgerErr error      // why the ledger could not be used
	Took      time.Duration
	Missed    int // ticks left out since Run began, because one took too long
	Errs      []error
}

// Alarming remembers alerts, so that the next leader neither forgets what
// somebody was told nor tells it as something new.
type Alarming interface {
	// KeepAlerts puts alerts in the place of those that were kept. It refuses
	// a term older than that of the last ones with ErrDeposed.
	KeepAlerts(ctx context.Context, term Term, alerts []Alert) error
	// KeptAlerts returns the alerts that were kept last.
	KeptAlerts(ctx context.Context) ([]Alert, error)
}

// Records is everything that a ledger is to the loop.
type Records interface {
	Alarming
	Store
	Archive
	Ledger
	Definitions
	Versions
	Orders
	Leadership
}
