package sli

import "time"

// A Count is a number of events in thousandths, so that sums are exact, the
// same on every machine and in any order. It holds 9.2e15 events.
type Count int64

// Event is one event.
const Event Count = 1000

// Float is the count in events.
func (c Count) Float() float64 { return float64(c) / float64(Event) }

// Counts are the good and the bad events of some stretch of time, and how
// much of that stretch was observed. Counts of adjoining stretches add up.
type Counts struct {
	Good    Count         `json:"good"`
	Bad     Count         `json:"bad"`
	Covered time.Duration `json:"covered"` // observed time, in ns; at most the stretch

	Unseen    Count `json:"unseen,omitempty"`    // about how many more there may have been at most, which no sample holds: of processes that ended or began anew
	UnseenBad Count `json:"unseenBad,omitempty"` // how many of these may have been bad
}

// Total is the number of events, good and bad.
func (c Counts) Total() Count { return c.Good + c.Bad }

// Add is the counts of both stretches.
func (c Counts) Add(d Counts) Counts {
	return Counts{c.Good + d.Good, c.Bad + d.Bad, c.Covered + d.Covered, c.Unseen + d.Unseen, c.UnseenBad + d.UnseenBad}
}

// Sub takes back what Add added.
func (c Counts) Sub(d Counts) Counts {
	return Counts{c.Good - d.Good, c.Bad - d.Bad, c.Covered - d.Covered, c.Unseen - d.Unseen, c.UnseenBad - d.UnseenBad}
}

// A Slice is the counts of one slice of time, from Start on, as long as its
// objective's slices are. Starts are multiples of that length since the Unix
// epoch.
type Slice struct {
	Start time.Time `json:"start"`
	Counts
	Flaw    Flaw `json:"flaw,omitempty"`
	Pending int  `json:"pending,omitempty"` // runs at its end of which it is not known yet how they end; not kept
}

// A Flaw says what is doubtful about a slice. Empty is none.
type Flaw string

// The flaws, from the least serious on.
const (
	FlawGap      Flaw = "gap"      // holds increments that happened over a gap before it
	FlawRestarts Flaw = "restarts" // processes began anew again and again: what they counted between scrapes, nobody knows
	FlawLost     Flaw = "lost"     // counters began anew in a gap before it: what they had counted in the gap until then, nobody knows
	FlawExcess   Flaw = "excess"   // the part (good or bad) outran the total; the total was raised to it
	FlawInvalid  Flaw = "invalid"  // samples that are no values of a counter (NaN, infinite, negative, contradicting) were left out
)
