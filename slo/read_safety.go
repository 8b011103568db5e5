package slo

import (
	"fmt"
	"time"
)

// settles is how many settle times a loop is looked back for flapping, unless
// it says so.
const settles = 10

// readSafety reads what keeps a loop from doing harm and depends on its
// actuator and on objectives.
func (l *loader) readSafety(c *ControlLoop, spec value, a Actuator, known known) {
	c.DeadBand = stepSize(spec.get("deadBand"), a)
	c.Missing = Missing{NoTraffic: Absence(spec.get("missing").get("noTraffic").text()), TooFew: Absence(spec.get("missing").get("tooFew").text())}
	c.Verify = l.readVerify(spec.get("verify"), spec, a, known)
	if v := spec.get("flapping"); v.good() {
		c.Flapping = Flapping{Reversals: int(count(v.get("reversals"), 0)), Within: within(v.get("within"), time.Second, maxWindow)}
	} else if c.Verify.Settle > 0 {
		c.Flapping = Flapping{Reversals: 3, Within: settles * c.Verify.Settle}
	}
	readTTL(c, spec, a)
	readNeighbours(c, spec)
}

func readTTL(c *ControlLoop, spec value, a Actuator) {
	ttl, safe := spec.get("ttl"), spec.get("ttlSetting")
	if a.Kind == Freeze {
		for _, v := range []value{ttl, safe} {
			if v.given() {
				v.refuse("a freeze does not end for want of data", "nothing; a person thaws it, or evidence does", "")
			}
		}
		return
	}
	c.TTL, c.Safe = DefaultTTL, a.Rest
	if ttl.given() {
		c.TTL = within(ttl, time.Second, maxWindow)
	}
	if x, ok := setting(safe, a); ok {
		if c.Safe = x; a.Clamp(x) != x {
			safe.refuse(fmt.Sprintf("%s is outside the range of %s", a.Show(x), a.Name), fmt.Sprintf("%s (rest) to %s (tight)", a.Show(a.Rest), a.Show(a.Tight)), "")
		}
	}
}

// fall is the share by which a burn rate has to fall.
func fall(v value) float64 {
	d, ok := v.decimal()
	switch {
	case !ok:
		return 0.25
	case d.Sign() <= 0 || d.Cmp(NewDecimal(1, 0)) > 0:
		v.refuse(v.text()+" is no share by which a burn rate can fall", "above 0, at most 1", "")
	}
	return d.Float()
}

func (l *loader) readVerify(v, spec value, a Actuator, known known) Verify {
	if !v.good() {
		return Verify{}
	}
	if a.Kind == Freeze {
		v.refuse("a freeze keeps the burn from rising and does not make it fall", "nothing, or an actuator of another kind", "")
		return Verify{}
	}
	out := Verify{Settle: positive(v.get("settle")), Falls: fall(v.get("falls")), Control: v.get("control").text()}
	out.Window = out.Settle
	window := v.get("window")
	if window.good() {
		out.Window = positive(window)
	} else {
		window = v.get("settle")
	}
	if out.Window > out.Settle && out.Settle > 0 {
		window.refuse(fmt.Sprintf("%s is longer than settle, so it holds what was before the move", Span(out.Window)), "at most "+Span(out.Settle), "")
	}
	for _, r := range spec.get("rules").items() {
		checkSpan(window, known.objectives[r.get("objective").text()])
	}
	if control := v.get("control"); control.good() {
		checkSpan(window, known.objectives[out.Control])
	}
	return out
}
