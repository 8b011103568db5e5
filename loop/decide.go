package loop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// Decide chooses what to do with one actuator. It is pure: no clock, no I/O;
// the same input gives the same decision, which is what Redecide relies on.
//
// Each rule asks for a setting and the tightest wish wins. To tighten, one
// rule that sees is enough; to relax, every rule must see. Then the guards,
// which may only weaken the move.
func Decide(in Input) Decision {
	d := Decision{
		ID:       identify(in),
		Loop:     in.Loop.Name,
		Actuator: in.Actuator.Name,
		Mode:     in.Loop.Mode,
		Verb:     Hold,
		From:     in.Current,
		Wanted:   in.Current,
		To:       in.Current,
		Pulls:    pulls(in),
		Input:    in,
	}
	switch {
	case in.LedgerDown != "":
		d.Reason = ReasonLedgerDown
	case in.Unreadable != "":
		d.Reason = ReasonUnreadable
	default:
		d.wish(in)
		d.Mode = modeOf(in.Loop, d.Verb)
		d.guard(in)
		d.Predicted = predict(in, d)
	}
	d.Words = sentence(in, d)
	return d
}

// Redecide makes a recorded decision again, under the definition that was in
// force, and reports whether it comes out the same.
func Redecide(d Decision, definition []byte) (again Decision, same bool, err error) {
	in := d.Input
	if in.Loop, in.Actuator, err = ParseDefinition(definition); err != nil {
		return Decision{}, false, err
	}
	if got := PolicyHash(definition); got != in.Policy {
		return Decision{}, false, fmt.Errorf("redecide %s: definition has hash %s, the decision names %s", d.ID, got, in.Policy)
	}
	again = Decide(in)
	return again, canonical(again) == canonical(d), nil
}

// Definition is the text of a loop and its actuator that is kept on record,
// without secrets.
func Definition(l slo.ControlLoop, a slo.Actuator) []byte {
	text, err := json.Marshal(definition{l, a})
	if err != nil { // unreachable: both are plain data
		panic(fmt.Sprintf("loop: encode definition of %s: %v", l.Name, err))
	}
	return text
}

// ParseDefinition reads what Definition wrote.
func ParseDefinition(text []byte) (slo.ControlLoop, slo.Actuator, error) {
	var d definition
	if err := json.Unmarshal(text, &d); err != nil {
		return d.Loop, d.Actuator, fmt.Errorf("read definition: %w", err)
	}
	return d.Loop, d.Actuator, nil
}

type definition struct {
	Loop     slo.ControlLoop `json:"loop"`
	Actuator slo.Actuator    `json:"actuator"`
}

// PolicyHash names a version of a definition: the first 12 hex digits of its
// SHA-256.
func PolicyHash(definition []byte) string {
	sum := sha256.Sum256(definition)
	return hex.EncodeToString(sum[:6])
}

// identify makes IDs that sort by time and name the actuator. Timeline and epoch
// keep two leaders apart, the mark a hold from the move that it stands in for.
func identify(in Input) string {
	id := strconv.FormatInt(in.At.UnixMicro(), 36) + "."
	if in.Timeline > 0 {
		id += strconv.FormatInt(in.Timeline, 36) + "."
	}
	id += strconv.FormatInt(in.Epoch, 36) + "-" + in.Actuator.Name
	if in.LedgerDown != "" {
		id += "~"
	}
	return id
}

// pulls asks every rule.
func pulls(in Input) []Pull {
	out := make([]Pull, 0, len(in.Loop.Rules))
	for _, r := range in.Loop.Rules {
		out = append(out, pull(in, r))
	}
	return out
}

func pull(in Input, r slo.Rule) Pull {
	if r.Law == slo.Schedules {
		return schedule(r, in.Actuator, in.At)
	}
	i := slices.IndexFunc(in.Evidence, func(s budget.State) bool { return s.Objective == r.Objective })
	switch {
	case i < 0:
		return Pull{Rule: r.Name, Objective: r.Objective, Blind: ReasonNoData, Wanted: in.Actuator.Rest, Why: r.Objective + " was not measured yet"}
	}
	if p, quiet := silent(in, r, in.Evidence[i]); quiet {
		return p
	}
	return excused(in.Loop.Missing, law(in, r, in.Evidence[i]))
}

// law asks the control law of a rule.
func law(in Input, r slo.Rule, s budget.State) Pull {
	switch r.Law {
	case slo.Watermarks:
		return watermark(r, in.Actuator, s, in.Current)
	case slo.AIMDs:
		return aimd(in, r, s)
	case slo.PIs:
		return pi(in, r, s)
	case slo.Bases:
		return base(in, r, s)
	default:
		return tiers(r, in.Actuator, s, in.Current)
	}
}

// wish turns the pulls, or a person's order, into a verb.
func (d *Decision) wish(in Input) {
	if to, reason, ordered := commanded(in); ordered {
		d.Wanted, d.Reason = to, reason
	} else if back, failed := failedMove(in); failed {
		d.Wanted, d.Reason = back.From, ReasonRolledBack
	} else if expired(in, d.Pulls) {
		d.Wanted, d.Reason = ending(in, d.Pulls), ReasonExpired
	} else {
		d.Wanted, d.Reason = pulled(in.Actuator, d.Pulls, in.Current)
	}
	d.Wanted = in.Actuator.Snap(d.Wanted)
	d.To = d.Wanted
	d.Verb = verb(in.Actuator, d.From, d.To)
	if d.Verb == Hold && d.Reason == ReasonRecovered {
		d.Reason = ReasonAtSetpoint
	}
}

// commanded is where people want the setting, which goes before every rule.
func commanded(in Input) (to float64, reason Reason, ordered bool) {
	stop, freeze, pin := in.Conditions.Stop, in.Conditions.Freeze, in.Conditions.Pin
	switch {
	case stop != nil && stop.Revert:
		return in.Actuator.Rest, ReasonReverting, true
	case stop != nil:
		return 0, "", false // the guard stops it; the record says what would have been
	case freeze != nil && in.Actuator.Kind == slo.Freeze: // before a pin, which may be forgotten
		return in.Actuator.Tight, ReasonPinned, true
	case pin != nil && pin.Setting != nil:
		return in.Actuator.Clamp(*pin.Setting), ReasonPinned, true
	}
	return 0, "", false
}

// pulled is where the rules want the setting: the tightest wish. Without
// sight of everything nothing is relaxed.
func pulled(a slo.Actuator, pulls []Pull, current float64) (wanted float64, reason Reason) {
	wanted, tier, blind := a.Rest, "", Reason("")
	for _, p := range pulls {
		if a.Tighter(p.Wanted, wanted) {
			wanted, tier = p.Wanted, p.Tier
		}
		if p.Blind != "" && blind != ReasonNoData {
			blind = p.Blind
		}
	}
	switch {
	case a.Tighter(wanted, current) && tier == learnedTier:
		return wanted, ReasonLearned
	case a.Tighter(wanted, current):
		return wanted, ReasonBurning
	case blind != "":
		return current, blind
	}
	return wanted, ReasonRecovered
}

func verb(a slo.Actuator, from, to float64) Verb {
	switch {
	case a.Tighter(to, from):
		return Tighten
	case a.Tighter(from, to):
		return Relax
	}
	return Hold
}

// sentence says the decision in words.
func sentence(in Input, d Decision) string {
	a := in.Actuator
	switch {
	case d.Reason == ReasonUnreadable:
		return fmt.Sprintf("holds %s: its setting cannot be read (%s)", a.Name, in.Unreadable)
	case d.Reason == ReasonLedgerDown:
		return fmt.Sprintf("holds %s at %s: the ledger is unreachable, and what cannot be recorded is not done", a.Name, a.Show(d.From))
	case d.Verb != Hold:
		return fmt.Sprintf("%s %s from %s to %s: %s", d.Verb.third(), a.Name, a.Show(d.From), a.Show(d.To), d.grounds())
	case d.Wanted != d.From:
		return fmt.Sprintf("holds %s at %s; wanted %s (%s), but %s", a.Name, a.Show(d.From), a.Show(d.Wanted), d.grounds(), lastCheck(d))
	}
	return fmt.Sprintf("holds %s at %s: %s", a.Name, a.Show(d.From), d.grounds())
}

// grounds are what a decision rests on: the order, or what the rules that
// count for it say.
func (d Decision) grounds() string {
	switch c := d.Input.Conditions; {
	case d.Reason == ReasonReverting:
		return fmt.Sprintf("emergency stop with revert by %s (%s)", c.Stop.By, c.Stop.Why)
	case c.Freeze != nil && d.Reason == ReasonPinned && d.Wanted == d.Input.Actuator.Tight:
		return fmt.Sprintf("frozen by %s (%s)", c.Freeze.By, c.Freeze.Why)
	case c.Pin != nil && (d.Reason == ReasonPinned || c.Stop == nil && pinned(d)):
		return fmt.Sprintf("set by %s (%s)", c.Pin.By, c.Pin.Why)
	}
	switch d.Reason {
	case ReasonRolledBack:
		back, _ := failedMove(d.Input)
		return back.Effect.Words
	case ReasonExpired:
		return fmt.Sprintf("no evidence has renewed the setting for %s, its TTL", slo.Span(d.Input.Loop.TTL))
	}
	var inForce, all []string
	for _, p := range d.Pulls {
		all = append(all, p.Why)
		if p.Tier != "" && p.Wanted == d.Wanted || p.Blind != "" && d.Reason == p.Blind {
			inForce = append(inForce, p.Why)
		}
	}
	switch {
	case len(inForce) > 0:
		return strings.Join(inForce, "; ")
	case len(all) > 0:
		return strings.Join(all, "; ")
	}
	return "no loop is declared for it"
}

// pinned reports whether a person's setting is what the guards were asked
// to let through.
func pinned(d Decision) bool {
	pin := d.Input.Conditions.Pin
	return pin.Setting != nil && *pin.Setting == d.Wanted
}

func lastCheck(d Decision) string {
	for _, c := range slices.Backward(d.Checks) {
		if c.Reason == d.Reason {
			return c.Why
		}
	}
	return string(d.Reason)
}

// canonical is the decision as it is recorded.
func canonical(d Decision) string {
	text, err := json.Marshal(d)
	if err != nil { // unreachable: a decision is plain, finite data
		panic(fmt.Sprintf("loop: encode decision %s: %v", d.ID, err))
	}
	return string(text)
}
