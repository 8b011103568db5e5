package slo

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The bounds of a query timeout.
const (
	minEvery   = 100 * time.Millisecond
	maxEvery   = time.Minute
	maxTimeout = math.MaxInt32 * time.Millisecond // of Postgres' statement_timeout
	maxWorkers = 100_000
)

func (l *loader) actuator(doc value) {
	meta, spec := doc.get("metadata"), doc.get("spec")
	l.refer("Service", spec.get("service"))
	a := Actuator{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Service: spec.get("service").text(), Kind: ActuatorKind(spec.get("type").text()), Position: doc.place().Position,
	}
	switch a.Kind {
	case Freeze:
		readFreeze(&a, spec)
	case PGQueryTimeout:
		l.readTimeout(&a, spec)
	}
	l.actuators = append(l.actuators, draft[Actuator]{a, spec})
}

func readFreeze(a *Actuator, spec value) {
	a.Tight = 1
	if block := spec.get(string(PGQueryTimeout)); block.given() {
		block.refuse("a freeze has no postgresQueryTimeout", "nothing, or type: postgresQueryTimeout", "")
	}
	rest, tight := spec.get("rest"), spec.get("tight")
	if x, ok := setting(rest, Freeze); ok && x != 0 {
		rest.refuse("a freeze rests open", "open", "open")
	}
	if x, ok := setting(tight, Freeze); ok && x != 1 {
		tight.refuse("a tight freeze is frozen", "frozen", "frozen")
	}
}

func (l *loader) readTimeout(a *Actuator, spec value) {
	a.Unit = "s"
	rest, tight := spec.get("rest"), spec.get("tight")
	for _, key := range []string{"rest", "tight"} {
		if spec.lacks(key) {
			spec.get(key).refuse("missing", "a duration "+shapeDuration.example(), "")
		}
	}
	var okRest, okTight bool
	a.Rest, okRest = setting(rest, a.Kind)
	a.Tight, okTight = setting(tight, a.Kind)
	switch {
	case okRest && okTight && a.Rest == a.Tight:
		tight.refuse("tight is the same as rest, so nothing could be set", "less than "+a.Show(a.Rest), "")
	case okRest && okTight && a.Tight > a.Rest:
		tight.refuse("tight is longer than rest", "less than "+a.Show(a.Rest), "")
	}
	block := spec.get(string(PGQueryTimeout))
	if spec.lacks(string(PGQueryTimeout)) {
		block.refuse("missing", "a mapping with databaseURL, role and workers", "")
	}
	a.Query = l.queryTimeout(block)
}

func (l *loader) queryTimeout(v value) QueryTimeout {
	q := QueryTimeout{
		DatabaseURL: l.address(v.get("databaseURL"), databaseAddress, "postgres://user@host/database, or key=value pairs"),
		Role:        v.get("role").text(), Workers: int(count(v.get("workers"), 0)),
		High: mark(v.get("high"), 0.75), Low: mark(v.get("low"), 0.6), Every: 500 * time.Millisecond,
		CancelsPerTick: int(count(v.get("cancelsPerTick"), 4)), CancelsPerMin: int(count(v.get("cancelsPerMinute"), 60)),
		RoleDefault: v.get("roleDefault").truth(),
	}
	if d := within(v.get("every"), minEvery, maxEvery); d > 0 {
		q.Every = d
	}
	if q.Low > q.High {
		at := v.get("low")
		if !at.given() {
			at = v.get("high")
		}
		at.refuse(fmt.Sprintf("the watermarks are reversed: low %g is above high %g", q.Low, q.High), "low at most as high as high", "")
	}
	return q
}

// count is a whole number from 1 on, or instead when there is none.
func count(v value, instead int64) int64 {
	n := v.whole(instead)
	if v.good() && (n < 1 || n > maxWorkers) {
		v.refuse(v.text()+" is out of range", fmt.Sprintf("1 to %d", maxWorkers), "")
		return instead
	}
	return n
}

// mark is a share above 0 and at most 1, or instead when there is none.
func mark(v value, instead float64) float64 {
	d, ok := v.decimal()
	switch {
	case !ok:
		return instead
	case d.Sign() <= 0 || d.Cmp(NewDecimal(1, 0)) > 0:
		v.refuse(v.text()+" is no share of the workers", "above 0, at most 1", "")
		return instead
	}
	return d.Float()
}

// setting reads a setting of an actuator of some kind, in its unit.
func setting(v value, k ActuatorKind) (float64, bool) {
	switch {
	case !v.good():
		return 0, false
	case k == Freeze:
		return frozen(v)
	case k == PGQueryTimeout:
		return seconds(v)
	}
	return 0, false
}

func frozen(v value) (float64, bool) {
	switch v.text() {
	case "open", "0":
		return 0, true
	case "frozen", "1":
		return 1, true
	}
	v.refuse(fmt.Sprintf("%q is no setting of a freeze", short(v.text())), "open or frozen", nearest(v.text(), []string{"open", "frozen"}))
	return 0, false
}

func seconds(v value) (float64, bool) {
	d, err := ParseDuration(v.text())
	_, number := v.decimal()
	switch {
	case number:
		v.refuse(v.text()+" has no unit", "a duration "+shapeDuration.example(), v.text()+"s")
	case err != nil:
		v.refuse(fmt.Sprintf("%q is no setting of a postgresQueryTimeout", short(v.text())), "a duration "+shapeDuration.example(), nearDuration(v.text()))
	case d <= 0 || d > maxTimeout || d%time.Millisecond != 0:
		v.refuse(strings.TrimSpace(v.text())+" is out of range", "whole milliseconds, 1ms to 24d", "")
	default:
		return float64(d.Milliseconds()) / 1000, true
	}
	return 0, false
}

// stepSize reads how far one move goes; 0 when there is none.
func stepSize(v value, k ActuatorKind) float64 {
	if k != Freeze || !v.good() {
		x, _ := setting(v, k)
		return x
	}
	d, ok := v.decimal()
	if !ok || d.Sign() <= 0 || d.Cmp(NewDecimal(1, 0)) > 0 {
		v.refuse(short(v.text())+" is no step of a freeze", "1: from open to frozen", "1")
		return 0
	}
	return d.Float()
}
