package ledger

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// maxBody bounds a row: a decision with all its evidence takes a few kB.
const maxBody = 1 << 20

// The invariants of rows. The database states them as CHECK constraints too;
// here they have better words, and hold for Memory.

func checkDecision(d loop.Decision) error {
	moves := d.Verb != loop.Hold
	return broke("decision", []rule{
		{name(d.ID), "has an ID of 1 to 200 bytes"},
		{d.Loop != "" && d.Actuator != "", "names its loop and its actuator"},
		{d.Mode == slo.Observe || d.Mode == slo.Ask || d.Mode == slo.Act, "has mode observe, ask or act"},
		{!moves || d.Verb == loop.Tighten || d.Verb == loop.Relax, "has verb hold, tighten or relax"},
		{d.Reason != "", "has a reason"},
		{finite(d.From, d.Wanted, d.To), "has finite settings"},
		{moves || d.To == d.From, "keeps the setting when it holds"},
		{!moves || d.To != d.From, "changes the setting when it moves"},
		{!moves || d.Mode != slo.Observe || commanded(d.Reason), "holds in mode observe unless a person commanded the move"},
		{!moves || d.Input.Unreadable == "", "holds while the setting is unreadable"},
		{!d.Input.At.IsZero(), "has a time"},
		{d.Input.Policy != "", "names its policy"},
		{d.Input.Epoch > 0, "carries an epoch above 0"},
	})
}

func checkOutcome(o loop.Outcome) error {
	return broke("outcome", []rule{
		{o.Decision != "", "names its decision"},
		{!o.At.IsZero(), "has a time"},
		{finite(o.ReadBack), "has a finite setting"},
		{o.Ticks >= 0, "has no negative number of ticks"},
		{o.Until.IsZero() == (o.Ticks == 0), "has both an end and a number of ticks, or neither"},
		{o.Until.IsZero() || !o.Applied, "applies nothing when it ends a hold"},
		{o.Effect == nil || o.Applied, "has an effect only when its move is in force"},
	})
}

// checkFit says that a hold lasts and a move is applied or is not.
func checkFit(verb loop.Verb, o loop.Outcome) error {
	return broke("outcome", []rule{{(verb == loop.Hold) == !o.Until.IsZero(), "has a span exactly when its decision holds"}})
}

func checkOrder(o loop.Order) error {
	settles := o.Kind == loop.OrderPin || o.Kind == loop.OrderApprove
	trusts := o.Kind == loop.OrderPromote || o.Kind == loop.OrderDemote
	adjusts, notes := o.Kind == loop.OrderAdjust, o.Kind == loop.OrderAnnotate
	ends := trusts || o.Kind == loop.OrderUnadjust || o.Kind == loop.OrderResume || o.Kind == loop.OrderThaw || o.Kind == loop.OrderUnpin || o.Kind == loop.OrderRevoke
	lets := o.Kind == loop.OrderOverride
	return broke("order", []rule{
		{name(o.ID), "has an ID of 1 to 200 bytes"},
		{!o.At.IsZero(), "has a time"},
		{counterpart(o.Kind) != "" || ends || notes || o.Kind == loop.OrderApprove, "has kind stop, resume, freeze, thaw, pin, unpin, approve, override, revoke, promote, demote, adjust, unadjust or annotate"},
		{o.Target != "", "has a target"},
		{strings.TrimSpace(o.By) != "", "says by whom"},
		{strings.TrimSpace(o.Why) != "", "says why"},
		{o.Until.IsZero() || moment(o.Until).After(moment(o.At)), "lapses after it was given"},
		{settles == (o.Setting != nil), "has a setting exactly when it pins or approves"},
		{o.Setting == nil || finite(*o.Setting), "has a finite setting"},
		{!(settles || trusts || o.Kind == loop.OrderUnpin) || o.Target != "*", "pins, unpins, approves, promotes or demotes one actuator"},
		{!(lets || o.Kind == loop.OrderRevoke) || o.Target != "*", "overrides the gate of one service"},
		{!(lets || settles) || !o.Until.IsZero(), "says until when it pins, approves or overrides"},
		{lets || o.Release == "", "names a release only when it overrides"},
		{lets || o.Kind == loop.OrderPin || o.Ticket == "" && o.Glass == nil, "names a ticket, or breaks a glass, only when it overrides or pins"},
		{o.Glass == nil || o.Glass.Per > 0 && o.Glass.Nth >= 0 && o.Glass.Most >= 0, "says over which time the glass it breaks is counted, and no negative number"},
		{!ends || o.Until.IsZero(), "has no end when it ends another"},
		{!o.Revert || o.Kind == loop.OrderStop, "reverts only when it stops"},
		{notes == (o.Note != nil), "says what time it notes exactly when it annotates"},
		{!notes || o.Until.IsZero(), "has no end when it annotates"},
		{o.Note == nil || !o.Note.From.IsZero() && (o.Note.To.IsZero() || o.Note.From.Before(o.Note.To)), "annotates an instant, or from one time to a later one"},
		{adjusts == (o.Adjust != nil), "says what is adjusted exactly when it adjusts"},
		{!adjusts || o.Until.IsZero() && o.Target != "*", "adjusts under a name, until it is ended"},
		{!adjusts || o.Adjust == nil || o.Adjust.Objective != "" && o.Adjust.Effect != "" && o.Adjust.Category != "" && o.Adjust.From.Before(o.Adjust.To), "adjusts an objective from one time to a later one, and says how and in which category"},
	})
}

func checkDefinition(policy string, text []byte) error {
	return broke("definition", []rule{
		{policy != "", "names its policy"},
		{utf8.Valid(text) && !strings.Contains(string(text), "\x00"), "is UTF-8 text without NUL"},
	})
}

func checkMove(m loop.Move) error {
	return broke("move", []rule{
		{m.Actuator != "" && m.Decision != "", "names its actuator and its decision"},
		{finite(m.Setting), "has a finite setting"},
		{m.Epoch > 0, "carries an epoch above 0"},
		{!m.At.IsZero(), "has a time"},
	})
}

// commanded says that a person, not the loop, wanted the move.
func commanded(r loop.Reason) bool { return r == loop.ReasonPinned || r == loop.ReasonReverting }

// counterpart is the kind that ends an order of kind k; empty when only time
// does.
func counterpart(k loop.OrderKind) loop.OrderKind {
	switch k {
	case loop.OrderStop:
		return loop.OrderResume
	case loop.OrderFreeze:
		return loop.OrderThaw
	case loop.OrderPin:
		return loop.OrderUnpin
	case loop.OrderOverride:
		return loop.OrderRevoke
	case loop.OrderAdjust:
		return loop.OrderUnadjust
	case loop.OrderDemote:
		return loop.OrderPromote
	case loop.OrderPromote:
		return loop.OrderDemote
	}
	return ""
}

// A rule is one invariant: whether it is kept, and how it goes on after
// "a decision ".
type rule struct {
	kept  bool
	words string
}

func broke(what string, rules []rule) error {
	for _, r := range rules {
		if !r.kept {
			return fmt.Errorf("%w: a valid %s %s", ErrInvalid, what, r.words)
		}
	}
	return nil
}

func name(id string) bool { return id != "" && len(id) <= 200 }

func finite(settings ...float64) bool {
	for _, x := range settings {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// lapsed says that an order that lapses at until is not in force at now.
func lapsed(until, now time.Time) bool { return !until.IsZero() && !until.After(now) }
