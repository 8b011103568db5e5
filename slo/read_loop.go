package slo

import (
	"fmt"
	"time"
)

func (l *loader) loop(doc value) {
	meta, spec := doc.get("metadata"), doc.get("spec")
	l.refer("Actuator", spec.get("actuator"))
	c := ControlLoop{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Actuator: spec.get("actuator").text(), Mode: Observe, Owner: spec.get("owner").text(),
		Cooldown: within(spec.get("cooldown"), 0, maxWindow), RelaxMode: Mode(spec.get("relaxMode").text()), Moves: readPace(spec.get("moves")), Stale: within(spec.get("stale"), time.Second, maxWindow),
		Pace: readPace(spec.get("pace")), ByHand: readByHand(spec.get("byHand")), Position: doc.place().Position,
	}
	if mode := spec.get("mode"); mode.good() {
		c.Mode = Mode(mode.text())
	}
	readPromotion(&c, spec)
	if control := spec.get("verify").get("control"); control.good() {
		l.refer(objectiveKind, control)
	}
	for _, rule := range spec.get("rules").items() {
		for _, of := range []value{rule.get("objective"), rule.get("aimd").get("demand")} {
			if of.good() {
				l.refer(objectiveKind, of)
			}
		}
		if calendar := rule.get("schedule").get("calendar"); calendar.good() {
			l.refer("Calendar", calendar)
		}
	}
	l.loops = append(l.loops, draft[ControlLoop]{c, spec})
}

func readPace(v value) Pace {
	if !v.good() {
		return Pace{}
	}
	return Pace{Moves: int(count(v.get("moves"), 0)), Per: within(v.get("per"), time.Second, maxWindow)}
}

// finishLoop reads what depends on the actuator and the objectives.
func (l *loader) finishLoop(d draft[ControlLoop], known known) {
	a := known.actuators[d.is.Actuator]
	step := d.spec.get("step")
	d.is.Step = Step{Tighten: stepSize(step.get("tighten"), a), Relax: stepSize(step.get("relax"), a)}
	l.readSafety(&d.is, d.spec, a, known)
	names := map[string]bool{}
	for _, v := range d.spec.get("rules").items() {
		r := l.readRule(v, a, known)
		if names[r.Name] && v.good() {
			at := v.get("name")
			if !at.given() {
				at = v.get("objective")
			}
			at.refuse("a second rule of the name "+r.Name, "a name that is unique in the loop", "")
		}
		names[r.Name] = true
		d.is.Rules = append(d.is.Rules, r)
	}
	onlyBase(d.spec.get("rules"))
	l.set.Loops = append(l.set.Loops, d.is)
}

func (l *loader) readRule(v value, a Actuator, known known) Rule {
	r := Rule{Name: v.get("name").text(), Objective: v.get("objective").text(), Position: v.place().Position}
	if r.Name == "" {
		r.Name = r.Objective
	}
	r.When = l.condition(v.get("when"), known.objectives[r.Objective])
	l.readLaw(&r, v, a, known)
	return r
}

func readTiers(list value, a Actuator, o Objective) []Tier {
	var out []Tier
	names := map[string]bool{}
	for _, v := range list.items() {
		t := readTier(v, a)
		if names[t.Name] && t.Name != "" {
			v.get("name").refuse("a second tier of the name "+t.Name, "a name that is unique in the rule", "")
		}
		names[t.Name] = true
		checkTier(v, t, o)
		out = append(out, t)
	}
	return out
}

func readTier(v value, a Actuator) Tier {
	t := Tier{
		Name: v.get("name").text(), Long: positive(v.get("long")), Short: positive(v.get("short")),
		Setting: settingOf(v.get("setting"), a), MinBad: v.get("minBad").whole(0),
		Exhausted: v.get("exhausted").truth(), Position: v.place().Position,
	}
	t.Burn, _ = v.get("burn").decimal()
	t.Leave, t.Hold = t.Burn.Half(), t.Long
	if leave, ok := v.get("leave").decimal(); ok {
		t.Leave = leave
	}
	if hold := positive(v.get("hold")); hold > 0 {
		t.Hold = hold
	}
	t.Remaining, t.Regain = readRegain(v)
	return t
}

func checkTier(v value, t Tier, o Objective) {
	checkBurn(v.get("burn"), o)
	if leave := v.get("leave"); leave.good() && (t.Leave.Sign() <= 0 || t.Leave.Cmp(t.Burn) > 0) {
		leave.refuse(leave.text()+" is not between 0 and burn, so the tier would be left at once or never", "above 0, at most "+t.Burn.String(), "")
	}
	if t.Short > t.Long && t.Long > 0 {
		v.get("short").refuse(fmt.Sprintf("the short window of %s is longer than the long one of %s", Span(t.Short), Span(t.Long)), "at most "+Span(t.Long), "")
	}
	for _, key := range []string{"long", "short", "hold"} {
		checkSpan(v.get(key), o)
	}
}

// checkBurn refuses burn rates that cannot be reached: the most that can
// burn is all events, which is 1/(1 − target).
func checkBurn(v value, o Objective) {
	burn, ok := v.decimal()
	switch {
	case !ok:
	case burn.Sign() <= 0:
		v.refuse(v.text()+" is no burn rate", "above 0", "")
	case o.Name == "" || o.Target.Sign() < 0: // it is not there, or refused
	case reach(burn, o) > 0:
		v.refuse(fmt.Sprintf("a burn rate of %s can never be reached: with a target of %s it is at most %.4g, when every event is bad", burn, o.Target, 1/o.Budget().Float()), fmt.Sprintf("less than %.4g", 1/o.Budget().Float()), "")
	case reach(burn, o) == 0:
		v.refuse(fmt.Sprintf("a burn rate of %s is reached only while every single event is bad, with a target of %s", burn, o.Target), "less than "+burn.String(), "")
	}
}

// reach compares burn × (1 − target) with 1, exactly.
func reach(burn Decimal, o Objective) int {
	product := burn.rat()
	return product.Mul(product, o.Budget().rat()).Cmp(NewDecimal(1, 0).rat())
}

// checkSpan compares a window of a rule with the objective's slices.
func checkSpan(v value, o Objective) {
	d, ok := v.duration()
	if message, expected, near := misfit(d, o); ok && v.good() && message != "" {
		v.refuse(message, expected, near)
	}
}

// misfit is why a window cannot be one of an objective's burn rates, or "".
func misfit(d time.Duration, o Objective) (message, expected, near string) {
	switch {
	case o.Slice == 0 || o.Window.Length == 0:
	case d < o.Step() || d%o.Step() != 0:
		return fmt.Sprintf("%s is not a multiple of the slice of %s, which is %s long", Span(d), o.Name, Span(o.Step())), "a whole number of slices", roundUp(d, o.Step())
	case d > o.Window.Length:
		return fmt.Sprintf("%s is longer than the window of %s, which is %s", Span(d), o.Name, Span(o.Window.Length)), "at most " + Span(o.Window.Length), ""
	}
	return "", "", ""
}

func roundUp(d, slice time.Duration) string {
	return Span((d + slice - 1) / slice * slice)
}

// positive is a duration above 0 and at most as long as a window can be.
func positive(v value) time.Duration {
	return within(v, time.Second, maxWindow)
}

// settingOf is a setting that lies in the range of the actuator.
func settingOf(v value, a Actuator) float64 {
	x, ok := setting(v, a)
	switch {
	case !ok || a.Rest == a.Tight:
	case a.Clamp(x) != x:
		v.refuse(fmt.Sprintf("%s is outside the range of %s", a.Show(x), a.Name), fmt.Sprintf("%s (rest) to %s (tight)", a.Show(a.Rest), a.Show(a.Tight)), "")
	case x == a.Rest:
		v.warn(fmt.Sprintf("%s is the setting at rest, so this asks for nothing", a.Show(x)), "tighter than "+a.Show(a.Rest), "")
	}
	return x
}

func readWatermark(v value, a Actuator, o Objective) Watermark {
	w := Watermark{Signal: Signal(v.get("signal").text()), Window: positive(v.get("window")), Step: stepSize(v.get("step"), a)}
	var okTighten, okRelax bool
	w.Tighten, okTighten = v.get("tighten").decimal()
	w.Relax, okRelax = v.get("relax").decimal()
	window := v.get("window")
	switch {
	case w.Signal == SignalBurn && v.lacks("window"):
		window.refuse("missing", "the window of the burn rate", "")
	case w.Signal == SignalRemaining && window.given():
		window.refuse("the budget that remains has no window of its own", "nothing, or signal: burn", "")
	case w.Signal == SignalBurn:
		checkSpan(window, o)
	}
	if okTighten && okRelax {
		checkMarks(v, w, o)
	}
	return w
}

func checkMarks(v value, w Watermark, o Objective) {
	tighten, relax := v.get("tighten"), v.get("relax")
	order := w.Tighten.Cmp(w.Relax)
	switch {
	case w.Signal == SignalBurn && order <= 0:
		relax.refuse(fmt.Sprintf("the marks are reversed: relax %s is not below tighten %s", w.Relax, w.Tighten), "less than "+w.Tighten.String(), "")
	case w.Signal == SignalBurn && w.Relax.Sign() < 0:
		relax.refuse(relax.text()+" is no burn rate", "0 or more", "")
	case w.Signal == SignalBurn:
		checkBurn(tighten, o)
	case w.Signal == SignalRemaining && order >= 0:
		relax.refuse(fmt.Sprintf("the marks are reversed: relax %s is not above tighten %s", w.Relax, w.Tighten), "more than "+w.Tighten.String(), "")
	case w.Signal == SignalRemaining && w.Relax.Cmp(NewDecimal(1, 0)) > 0:
		relax.refuse(relax.text()+" of the budget never remain", "at most 1", "")
	}
}
