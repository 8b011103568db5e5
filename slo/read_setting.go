package slo

import (
	"fmt"
	"strings"
	"time"
)

// setting reads a setting of an actuator, in its unit.
func setting(v value, a Actuator) (float64, bool) {
	switch {
	case !v.good():
		return 0, false
	case a.Kind == Freeze:
		return frozen(v)
	case a.Kind == PGQueryTimeout:
		return seconds(v)
	case a.Kind == Retry:
		return level(v, a)
	case a.Kind == TenantQuota:
		return fraction(v)
	case a.Kind.generic():
		return number(v)
	}
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
func stepSize(v value, a Actuator) float64 {
	switch {
	case !v.good():
		return 0
	case a.Kind == Freeze:
		return wholeStep(v, 1, "1: from open to frozen")
	case a.Kind == Retry:
		return wholeStep(v, int64(len(a.Retries.Levels)-1), "a number of levels")
	}
	x, _ := setting(v, a)
	return x
}

// wholeStep reads a step of a setting that is counted.
func wholeStep(v value, most int64, expected string) float64 {
	n := v.whole(0)
	if n < 1 || n > max(most, 1) {
		v.refuse(fmt.Sprintf("%s is no step of this actuator", short(v.text())), expected, "1")
		return 0
	}
	return float64(n)
}
