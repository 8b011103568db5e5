package loop

import (
	"cmp"
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// An Entry is a decision on record with its outcomes.
type Entry struct {
	Decision Decision
	Outcomes []Outcome
}

// until is when a decision was made alike last: of a hold, as far as is on
// record.
func (e Entry) until() time.Time {
	last := e.Decision.Input.At
	for _, o := range e.Outcomes {
		last = latest(last, o.Until)
	}
	return last
}

// A Shadow is how a loop did that looked and did not act: what it would have
// done, whether people did the same, and whether that would have been right.
// Lengths of time are in ns in JSON.
type Shadow struct {
	Loop     string        `json:"loop"`
	Actuator string        `json:"actuator"`
	Mode     slo.Mode      `json:"mode"`
	Owner    string        `json:"owner,omitempty"`
	From     time.Time     `json:"from,omitzero"` // its first look under the rules of today, or after it was demoted
	To       time.Time     `json:"to,omitzero"`   // its last one
	Within   time.Duration `json:"within"`        // how far apart a wish and what people did may be to be the same
	Looked   time.Duration `json:"looked"`        // how long it looked without being free to act
	Same     int           `json:"same"`          // wishes, by how each turned out
	Needed   int           `json:"needed"`
	Needless int           `json:"needless"`
	Opposed  int           `json:"opposed"`
	Disputed int           `json:"disputed"`
	Open     int           `json:"open"`
	Missed   int           `json:"missed"`          // what people did and the loop had not wished
	Score    *float64      `json:"score,omitempty"` // (same + needed) ÷ (all but open); none when there was nothing to score
	Sooner   time.Duration `json:"sooner"`          // how much sooner than people the loop would have moved, of the same ones together
	Spent    float64       `json:"spent"`           // share of the budgets that was spent while needed wishes to tighten lasted
	Wishes   []Wish        `json:"wishes"`          // newest first
}

// A Wish is a move that the loop would have made, for as long as it would
// have: one row of the record or several.
type Wish struct {
	Decision string    `json:"decision"` // the first
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"`
	Verb     Verb      `json:"verb"`
	From     float64   `json:"from"`
	Wanted   float64   `json:"wanted"` // the furthest
	Turned   Turned    `json:"turned"`
	Person   string    `json:"person,omitempty"` // who did the same, the opposite, or disputed it
	Words    string    `json:"words"`

	over      bool // it is not wished any more
	followed  bool // the setting had moved that way when it ended
	spent     float64
	remaining map[string]float64 // :: objective → share of its budget that was left when the wish began
}

// Turned is how a wish turned out.
type Turned string

// The ways of turning out.
const (
	TurnedSame     Turned = "same"     // a person did the same, by order or by hand
	TurnedNeeded   Turned = "needed"   // nobody did, and what it rests on lasted
	TurnedNeedless Turned = "needless" // nobody did, and it went by itself
	TurnedOpposed  Turned = "opposed"  // a person did the opposite
	TurnedDisputed Turned = "disputed" // a person said that the counts were not so
	TurnedOpen     Turned = "open"     // too early to tell
	TurnedMissed   Turned = "missed"   // not wished, and a person did it
)

// ShadowOf scores what is on record of a loop: its decisions under the rules
// of today, and what people ordered, both oldest first. What acted by itself
// is left out.
func ShadowOf(c slo.ControlLoop, a slo.Actuator, entries []Entry, orders []Order) Shadow {
	s := Shadow{Loop: c.Name, Actuator: c.Actuator, Mode: c.Mode, Owner: c.Owner, Within: cmp.Or(c.Promotion.Within, slo.PromotionWithin), Wishes: []Wish{}}
	var shadowed []Entry
	for _, e := range entries {
		if e.Decision.Reason == ReasonLedgerDown || free(c, a, e.Decision) {
			continue
		}
		shadowed = append(shadowed, e)
		s.Looked += e.until().Sub(e.Decision.Input.At)
	}
	if len(shadowed) == 0 {
		return s
	}
	s.From, s.To = shadowed[0].Decision.Input.At, shadowed[len(shadowed)-1].until()
	people := slices.DeleteFunc(slices.Clone(orders), func(o Order) bool { return o.By == System })
	s.Wishes = wishes(a, shadowed)
	for i := range s.Wishes {
		s.turn(&s.Wishes[i], a, people)
	}
	s.missed(a, shadowed, people)
	s.add()
	return s
}
