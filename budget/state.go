package budget

import (
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A Status says in one word how an objective stands.
type Status string

// The statuses. Only OK says that all is well.
const (
	OK        Status = "ok"         // in sight, budget left, burning at most at rate 1
	Burning   Status = "burning"    // in sight, budget left, burning faster than rate 1 over the shortest window
	Exhausted Status = "exhausted"  // no budget left
	NoTraffic Status = "no-traffic" // in sight, but no event in the whole window
	TooFew    Status = "too-few"    // in sight, but fewer events in the whole window than the objective asks for
	NoData    Status = "no-data"    // nothing observed of late
	Partial   Status = "partial"    // in sight, but less than half of the window's life was observed
)

// Judged reports whether there is a budget to speak of: something was observed
// and enough happened.
func (s Status) Judged() bool {
	return s != NoData && s != NoTraffic && s != TooFew && s != ""
}

// A State is where the budget of one objective stands at an instant: all
// that a decision may know about it. It is made of counts, so that whoever
// has the State can check every figure in it.
type State struct {
	Objective string            `json:"objective"`
	Service   string            `json:"service"`
	At        time.Time         `json:"at"`                // end of the newest slice that could be known
	Newest    time.Time         `json:"newest"`            // end of the newest slice that was observed; zero = none in the longest window
	Since     time.Time         `json:"since"`             // start of the oldest slice known, at most the longest window ago; zero = none
	Slice     time.Duration     `json:"slice"`             // length of the slices, ns
	Method    slo.Method        `json:"method,omitempty"`  // what the counts are of: events, or time slices as Fold makes them
	Counted   slo.IndicatorKind `json:"counted,omitempty"` // what the events are, for how many counts make one
	Target    slo.Decimal       `json:"target"`
	Status    Status            `json:"status"`
	Budget    Window            `json:"budget"`              // the objective's own window; of one that follows the calendar, the period so far
	Remaining float64           `json:"remaining"`           // share of the budget left; 1 = untouched, below 0 = overdrawn
	Bound     float64           `json:"bound,omitempty"`     // how far Remaining may be, either way, from what it would be with the events that no sample holds; see bound.go
	Windows   []Window          `json:"windows"`             // those that roll, ascending by length, the objective's own among them
	Pending   int               `json:"pending,omitempty"`   // runs under way, of which it is not known yet how they end; not counted
	NoData    slo.NoData        `json:"noData,omitempty"`    // what time that was not observed counts as
	MinEvents int64             `json:"minEvents,omitempty"` // fewer events in a window are too few to judge by
	Blind     bool              `json:"blind,omitempty"`     // nothing was observed of late, whatever NoData makes of it
	Flaws     []sli.Flaw        `json:"flaws,omitempty"`     // of the slices in the objective's window, sorted

	Provisional time.Time      `json:"provisional,omitzero"` // the slices from here to At may still change, when samples arrive late; zero = none may
	Corrected   int64          `json:"corrected,omitempty"`  // slices that late samples have changed, since the process that counts began
	CorrectedAt time.Time      `json:"correctedAt,omitzero"` // At when the newest correction was made
	Components  []Contribution `json:"components,omitempty"` // of a composite, in their order

	Raw        *Figures  `json:"raw,omitempty"`        // as measured, where calendars or adjustments touch the objective: all else is as adjusted then; nil = nothing does
	ByToday    *State    `json:"-"`                    // by today's calendars, where others were in force earlier
	Unexpected int64     `json:"unexpected,omitempty"` // slices in the objective's window of which more was bad than a calendar expects
	InForce    []InForce `json:"inForce,omitempty"`    // calendars and adjustments that cover the newest slice, as they are asked

	Recounted time.Time `json:"recounted,omitzero"` // the past is being counted anew by another indicator, back to here so far; zero = it is not

	ReadBack time.Time `json:"readBack,omitzero"` // history is still being read from the source, back to here so far; zero = all that the windows need was asked for

	BadSince time.Time `json:"badSince,omitzero"` // since when time slices are bad that are no outage yet, and count as good until they are; zero = none

	SLAs []Settlement `json:"-"` // beside the objective: the period so far, then the last one where it is known; nothing is decided by them

	PeriodStart time.Time `json:"periodStart,omitzero"` // of the period that the newest slice is in, in the zone of the objective's calendar; zero = its window rolls
	PeriodEnd   time.Time `json:"periodEnd,omitzero"`   // when the budget is full again
}

// Figures are where a budget stands, in short.
type Figures struct {
	Status    Status  `json:"status"`
	Budget    Window  `json:"budget"`
	Remaining float64 `json:"remaining"`
	Bound     float64 `json:"bound,omitempty"`
}

// InForce is a calendar or an adjustment that covers a slice, with the stretch
// that it covers.
type InForce struct {
	Name   string     `json:"name"`
	Effect slo.Effect `json:"effect"`
	Since  time.Time  `json:"since"`
	Until  time.Time  `json:"until"`
}

// A Window is the counts of the stretch of Length that ends at State.At.
type Window struct {
	Length time.Duration `json:"length"` // ns
	sli.Counts
	Burn    float64     `json:"burn"`              // bad share / budget; 0 without events
	Known   bool        `json:"known"`             // enough was observed, and events were seen, to judge by it
	Few     bool        `json:"few,omitempty"`     // it would be known, but for events that are fewer than the objective asks for
	Assumed *sli.Counts `json:"assumed,omitempty"` // of Good and Bad, what the rule for missing data makes of the time Covered that was not observed; nil = nothing

	Earlier []Judged `json:"earlier,omitempty"` // those of the events that earlier targets judge; by Target without them
}

// Window returns the window that was kept for length, which may be longer by
// less than a slice: a Book rounds lengths up to whole slices.
func (s State) Window(length time.Duration) (Window, bool) {
	if w, kept := s.WindowAt(length); w != nil {
		return *w, kept
	}
	return Window{}, false
}

// WindowAt is Window where it lies, for those who look at many; nil when all
// windows are shorter.
func (s *State) WindowAt(length time.Duration) (w *Window, kept bool) {
	for i := range s.Windows {
		if w := &s.Windows[i]; w.Length >= length {
			return w, w.Length-length < max(s.Slice, 1)
		}
	}
	return nil, false
}

// Over says in words what the budget is kept over: "30d", or since when.
func (s State) Over() string {
	if s.PeriodStart.IsZero() {
		return slo.Span(s.Budget.Length)
	}
	return "the period since " + s.PeriodStart.Format("2006-01-02 15:04 MST")
}
