package slo

import "fmt"

// laws are the keys of a rule that each name a control law.
func laws() []string { return []string{"tiers", "watermark", "aimd", "pi", "schedule", "base"} }

// readLaw reads the one control law of a rule.
func (l *loader) readLaw(r *Rule, v value, a Actuator, known known) {
	o := known.objectives[r.Objective]
	var given []value
	for _, key := range laws() {
		if law := v.get(key); law.given() {
			given = append(given, law)
		}
	}
	switch {
	case len(given) > 1:
		given[1].refuse("a rule has one control law, and this is the second", "one of "+listWords(laws())+"; a loop may have several rules", "")
		return
	case len(given) == 0 && v.lacks(laws()...):
		v.get("tiers").refuse("there is no control law", oneOf(laws()), "")
		return
	case len(given) == 0:
		return
	}
	if !v.get("schedule").given() && v.lacks("objective") && !v.get("objective").given() {
		v.get("objective").refuse("missing", "the objective whose budget it looks at", "")
	}
	tiers, mark, aimd, pi, schedule := v.get("tiers"), v.get("watermark"), v.get("aimd"), v.get("pi"), v.get("schedule")
	switch {
	case tiers.given():
		r.Law, r.Tiers = Tiers, readTiers(tiers, a, o)
	case mark.good():
		r.Law, r.Watermark = Watermarks, readWatermark(mark, a, o)
	case aimd.good():
		law := readAIMD(aimd, a, o, known)
		r.Law, r.AIMD = AIMDs, &law
	case pi.good():
		law := readPI(pi, a, o)
		r.Law, r.PI = PIs, &law
	case schedule.good():
		l.readSchedule(r, v, a)
	case v.get("base").good():
		law := readBase(v.get("base"), a, o)
		r.Law, r.Base = Bases, &law
	}
}

func readAIMD(v value, a Actuator, o Objective, known known) AIMD {
	law := AIMD{Window: positive(v.get("window")), Keep: NewDecimal(5, 1), Step: stepSize(v.get("step"), a), Demand: v.get("demand").text()}
	gradual(v, a)
	checkSpan(v.get("window"), o)
	var okTighten, okRelax bool
	law.Tighten, okTighten = v.get("tighten").decimal()
	law.Relax, okRelax = v.get("relax").decimal()
	if okTighten && okRelax {
		checkMarks(v, Watermark{Signal: SignalBurn, Tighten: law.Tighten, Relax: law.Relax}, o)
	}
	if keep, ok := v.get("keep").decimal(); ok {
		law.Keep = keep
		if keep.Sign() <= 0 || keep.Cmp(NewDecimal(1, 0)) >= 0 {
			v.get("keep").refuse(keep.String()+" is no share that a move can leave", "above 0, below 1", "")
		}
	}
	if v.get("demand").good() {
		checkSpan(v.get("window"), known.objectives[law.Demand])
	}
	return law
}

func readPI(v value, a Actuator, o Objective) PI {
	law := PI{Window: positive(v.get("window")), Short: positive(v.get("short")), Target: NewDecimal(1, 0)}
	gradual(v, a)
	checkSpan(v.get("window"), o)
	checkSpan(v.get("short"), o)
	if law.Short >= law.Window && law.Window > 0 && law.Short > 0 {
		v.get("short").refuse(fmt.Sprintf("the short window of %s is not shorter than %s", Span(law.Short), Span(law.Window)), "less than "+Span(law.Window), "")
	}
	if target, ok := v.get("target").decimal(); ok {
		law.Target = target
		checkBurn(v.get("target"), o)
	}
	law.Proportional = gain(v.get("proportional"), true)
	law.Integral = gain(v.get("integral"), false)
	return law
}

// gain is a share of the range.
func gain(v value, none bool) Decimal {
	d, ok := v.decimal()
	if ok && (d.Sign() < 0 || d.Sign() == 0 && !none || d.Cmp(NewDecimal(1, 0)) > 0) {
		v.refuse(v.text()+" is no share of the range", "above 0, at most 1", "")
	}
	return d
}

// gradual refuses a law that moves by degrees for an actuator that has none.
func gradual(v value, a Actuator) {
	if a.Kind == Freeze {
		v.refuse("a freeze is open or frozen, with nothing in between", "tiers, watermark or schedule", "")
	}
}

func (l *loader) readSchedule(r *Rule, v value, a Actuator) {
	schedule := v.get("schedule")
	for _, key := range []string{"objective", "when"} {
		if v.get(key).given() {
			v.get(key).refuse("a schedule looks at no budget", "nothing", "")
		}
	}
	law := Schedule{Setting: settingOf(schedule.get("setting"), a)}
	for _, d := range l.calendars {
		if d.is.Name == schedule.get("calendar").text() {
			law.Calendar = d.is
		}
	}
	if r.Name == "" {
		r.Name = law.Calendar.Name
	}
	r.Law, r.Schedule = Schedules, &law
}
