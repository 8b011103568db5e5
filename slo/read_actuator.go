package slo

import (
	"fmt"
	"math"
	"time"
)

// The bounds of a query timeout.
const (
	minEvery   = 100 * time.Millisecond
	maxEvery   = time.Minute
	maxTimeout = math.MaxInt32 * time.Millisecond // of Postgres' statement_timeout
	maxWorkers = 100_000
)

// The bounds of a lease. A confirmation may take 30 s to arrive over a
// connection that waits, and one may be lost.
const (
	minLease = 5 * time.Second
	maxLease = time.Hour
)

func (l *loader) actuator(doc value) {
	meta, spec := doc.get("metadata"), doc.get("spec")
	l.refer("Service", spec.get("service"))
	a := Actuator{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Service: spec.get("service").text(), Kind: ActuatorKind(spec.get("type").text()), Position: doc.place().Position,
	}
	ownBlock(a.Kind, spec)
	switch a.Kind {
	case Freeze:
		readFreeze(&a, spec)
	case PGQueryTimeout:
		l.readTimeout(&a, spec)
	case Retry:
		l.readRetry(&a, spec)
	case TenantQuota:
		l.readQuota(&a, spec)
	case AtWebhook, AtFile, AtKubernetes:
		l.readPlace(&a, spec)
	}
	if unit := spec.get("unit"); unit.given() && a.Kind != "" && !a.Kind.generic() {
		unit.refuse("type "+string(a.Kind)+" has a unit of its own", "nothing", "")
	}
	readLease(&a, spec)
	l.actuators = append(l.actuators, draft[Actuator]{a, spec})
}

// ownBlock refuses the keys of other kinds.
func ownBlock(k ActuatorKind, spec value) {
	for _, other := range actuatorTypes() {
		if block := spec.get(other); other != string(k) && k != "" && block.given() {
			block.refuse(fmt.Sprintf("type %s has no %s", k, other), "nothing, or type: "+other, "")
		}
	}
}

// readLease reads what becomes of the setting when nobody confirms it.
func readLease(a *Actuator, spec value) {
	if a.Kind == Freeze || a.Kind.generic() {
		for _, key := range []string{"safe", "lease"} {
			if v := spec.get(key); v.given() {
				v.refuse("what is set by type "+string(a.Kind)+" stays, nobody enforces it by a lease", "nothing", "")
			}
		}
		return
	}
	a.Lease = within(spec.get("lease"), minLease, maxLease)
	if v := spec.get("safe"); v.good() {
		x, ok := setting(v, *a)
		switch {
		case ok && a.Clamp(x) != x:
			v.refuse(a.Show(x)+" is not between rest and tight", fmt.Sprintf("%s to %s", a.Show(a.Rest), a.Show(a.Tight)), "")
		case ok:
			a.Safe = &x
		}
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
	a.Rest, okRest = setting(rest, *a)
	a.Tight, okTight = setting(tight, *a)
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
	a.Query = l.queryTimeout(block, *a)
}

func (l *loader) queryTimeout(v value, a Actuator) QueryTimeout {
	q := QueryTimeout{
		DatabaseURL: l.address(v.get("databaseURL"), databaseAddress, "postgres://user@host/database, or key=value pairs"),
		Role:        v.get("role").text(), Workers: int(count(v.get("workers"), 0)),
		High: mark(v.get("high"), 0.75), Low: mark(v.get("low"), 0.6), Every: 500 * time.Millisecond,
		CancelsPerTick: int(count(v.get("cancelsPerTick"), 4)), CancelsPerMin: int(count(v.get("cancelsPerMinute"), 60)),
		Classes: readClasses(v.get("classes")), ByAgent: v.get("reaper").text() == "agent",
	}
	readRoleDefault(&q, v, a)
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
