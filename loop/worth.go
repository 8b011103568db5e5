package loop

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A Worth weighs what a loop did, or would have done, against people who do
// it by hand. Amounts are minutes of people, over the time that was looked at.
type Worth struct {
	Loop     string
	Actuator string
	Mode     slo.Mode
	Declared bool          // the loop says what its work costs people
	Looked   time.Duration // from its first decision on record to its last
	Times    int           // that it came up: right and missed
	Right    int           // the loop tightened, or would have, and that was needed
	Missed   int           // people had to tighten without it
	False    int           // it tightened, or would have, and that was not needed, did not help, or people took it back
	Open     int           // too early to tell
	Saved    float64       // by what was right: people's time, and mistakes that they would have made
	Cost     float64       // of what was false, and of upkeep
}

// month is what amounts are told for.
const month = 30 * 24 * time.Hour

// PerMonth is what is saved less what it costs, in minutes in 30 days.
func (w Worth) PerMonth() float64 {
	if w.Looked == 0 {
		return 0
	}
	return (w.Saved - w.Cost) * float64(month) / float64(w.Looked)
}

// Words is the verdict in one sentence.
func (w Worth) Words() string {
	net := w.PerMonth()
	switch {
	case !w.Declared:
		return "byHand of the loop does not say what its work costs people"
	case w.Times+w.False == 0:
		return "nothing to judge by yet"
	case net > 0:
		return fmt.Sprintf("worth it: saves about %s of people in 30 days", hours(net))
	}
	return fmt.Sprintf("not worth it: costs about %s of people in 30 days more than it saves", hours(-net))
}

func hours(minutes float64) string {
	if minutes < 90 {
		return fmt.Sprintf("%.0f min", minutes)
	}
	return fmt.Sprintf("%.0f h", minutes/60)
}

// WorthOf weighs what is on record of a loop: its decisions under the rules of
// today, and what people ordered, both oldest first. While it looked on, its
// wishes count as ShadowOf judges them; while it acted, its moves do.
func WorthOf(c slo.ControlLoop, a slo.Actuator, entries []Entry, orders []Order) Worth {
	w := Worth{Loop: c.Name, Actuator: c.Actuator, Mode: c.Mode, Declared: c.ByHand.Declared()}
	if len(entries) == 0 {
		return w
	}
	w.Looked = entries[len(entries)-1].until().Sub(entries[0].Decision.Input.At)
	for _, x := range ShadowOf(c, a, entries, orders).Wishes {
		if x.Verb == Tighten {
			w.count(x.Turned)
		}
	}
	within := cmp.Or(c.Promotion.Within, slo.PromotionWithin)
	for _, e := range acts(c, a, entries) {
		w.count(actTurned(a, e, orders, within))
	}
	w.Times = w.Right + w.Missed
	w.Saved = float64(w.Right) * (c.ByHand.Minutes + float64(c.ByHand.Risk*c.ByHand.Mistake))
	w.Cost = float64(float64(w.False)*c.ByHand.Needless) + float64(c.ByHand.Upkeep*float64(w.Looked)/float64(month))
	return w
}

func (w *Worth) count(t Turned) {
	switch t {
	case TurnedSame, TurnedNeeded:
		w.Right++
	case TurnedMissed:
		w.Missed++
	case TurnedOpen:
		w.Open++
	default:
		w.False++
	}
}

// acts are the moves away from rest that a loop made by itself: what follows
// until it is back there belongs to the same time.
func acts(c slo.ControlLoop, a slo.Actuator, entries []Entry) (out []Entry) {
	for _, e := range entries {
		d := e.Decision
		if d.Verb == Tighten && d.From == a.Rest && free(c, a, d) && slices.ContainsFunc(e.Outcomes, func(o Outcome) bool { return o.Applied }) {
			out = append(out, e)
		}
	}
	return out
}

// actTurned is how a move turned out: opposed when people took it back soon,
// needless when it was found to do nothing.
func actTurned(a slo.Actuator, e Entry, orders []Order, within time.Duration) Turned {
	at := e.Decision.Input.At
	for _, o := range orders {
		if o.By != System && !o.At.Before(at) && !o.At.After(at.Add(within)) && direction(o, a, e.Decision.To) == Relax {
			return TurnedOpposed
		}
	}
	for _, o := range e.Outcomes {
		if o.Effect != nil && o.Effect.Judgement == Ineffective {
			return TurnedNeedless
		}
	}
	return TurnedNeeded
}
