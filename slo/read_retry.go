package slo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	maxAttempts = 10
	maxLevels   = 10
	maxPause    = time.Hour
)

func (l *loader) readRetry(a *Actuator, spec value) {
	block := spec.get("retry")
	a.Retries = Retries{Callers: callers(block.get("callers")), Levels: readLevels(block.get("levels")), Herd: readHerd(block.get("herd"))}
	if spec.lacks("service") {
		spec.get("service").refuse("a retry contract is about the calls to a service, and none is named", "the service that is called", "")
	}
	for _, v := range block.get("callers").items() {
		if v.good() && v.text() == a.Service {
			v.refuse("the service would be its own caller", "other services", "")
		}
	}
	a.Rest, a.Tight = 0, float64(max(len(a.Retries.Levels)-1, 1))
	for key, is := range map[string]float64{"rest": a.Rest, "tight": a.Tight} {
		if x, ok := setting(spec.get(key), *a); ok && x != is {
			spec.get(key).refuse(fmt.Sprintf("%s is not %s", a.Show(x), key), "nothing: a contract rests at its first level, and its last is the tightest", "")
		}
	}
}

func callers(list value) []string {
	if !list.good() {
		return nil
	}
	return texts(list)
}

func readLevels(list value) []RetryLevel {
	if !list.given() {
		return standardLevels()
	}
	var out []RetryLevel
	for _, v := range list.items() {
		level := readLevel(v)
		if level.Name != "" && slices.ContainsFunc(out, func(o RetryLevel) bool { return o.Name == level.Name }) {
			v.get("name").refuse("a second level of the name "+level.Name, "a name that is unique in the contract", "")
		}
		if n := len(out); n > 0 && level.freer(out[n-1]) {
			v.refuse(fmt.Sprintf("level %s lets more be repeated than %s before it", level.Name, out[n-1].Name), "levels from the freest on", "")
		}
		out = append(out, level)
	}
	if n := len(out); list.good() && (n < 2 || n > maxLevels) {
		list.refuse(fmt.Sprintf("%d levels", n), fmt.Sprintf("2 to %d", maxLevels), "")
	}
	return out
}

func readLevel(v value) RetryLevel {
	level := RetryLevel{Name: v.get("name").text(), Attempts: int(v.get("attempts").whole(0)), Budget: NewDecimal(1, 1), Base: defaultBase, Cap: defaultCap}
	if at := v.get("attempts"); at.good() && (level.Attempts < 1 || level.Attempts > maxAttempts) {
		at.refuse(at.text()+" is out of range", fmt.Sprintf("1 to %d", maxAttempts), "")
	}
	if level.Attempts == 1 {
		level.Budget = Decimal{}
	}
	if at := v.get("budget"); at.good() {
		level.Budget = readBudget(at, level)
	}
	if d := within(v.get("base"), time.Millisecond, maxPause); d > 0 {
		level.Base = d
	}
	if d := within(v.get("cap"), time.Millisecond, maxPause); d > 0 {
		level.Cap = d
	}
	if level.Cap < level.Base {
		at := v.get("cap")
		if !at.given() {
			at = v.get("base")
		}
		at.refuse(fmt.Sprintf("pauses begin with up to %s and are at most %s", Span(level.Base), Span(level.Cap)), "cap at least as long as base", "")
	}
	drop := v.get("dropExpired")
	level.KeepExpired = drop.good() && !drop.truth()
	return level
}

func readBudget(v value, level RetryLevel) Decimal {
	d, ok := v.decimal()
	switch {
	case !ok:
	case d.Sign() < 0 || d.Cmp(NewDecimal(1, 0)) > 0:
		v.refuse(v.text()+" is no share of the calls", "0 to 1", "")
	case level.Attempts == 1 && d.Sign() > 0:
		v.warn("with one attempt nothing is repeated, so the budget says nothing", "nothing, or attempts: 2", "")
	case level.Attempts > 1 && d.Sign() == 0:
		v.warn("without a budget nothing is repeated, so attempts say nothing", "more than 0, or attempts: 1", "")
	}
	return d
}

// freer reports whether a level lets more be repeated than another.
func (r RetryLevel) freer(than RetryLevel) bool {
	return r.Attempts > than.Attempts || r.Budget.Cmp(than.Budget) > 0
}

func readHerd(v value) Herd {
	if !v.good() {
		return Herd{}
	}
	h := Herd{Clients: int(v.get("clients").whole(0)), Cost: 1}
	if at := v.get("clients"); at.good() && (h.Clients < 1 || h.Clients > 1e9) {
		at.refuse(at.text()+" is out of range", "1 to 1000000000", "")
	}
	above := func(key string, to *float64) {
		d, ok := v.get(key).decimal()
		switch {
		case ok && d.Sign() <= 0:
			v.get(key).refuse(v.get(key).text()+" is out of range", "above 0", "")
		case ok:
			*to = d.Float()
		}
	}
	above("cost", &h.Cost)
	above("headroom", &h.Headroom)
	if s := h.Spread(); s > 24*time.Hour || s < 0 {
		v.refuse("callers would be sent back for more than a day", "more headroom", "")
	}
	return h
}

// level reads the setting of a retry contract.
func level(v value, a Actuator) (float64, bool) {
	names := a.Retries.names()
	if i := slices.Index(names, v.text()); i >= 0 {
		return float64(i), true
	}
	if n := v.whole(-1); n >= 0 && n < int64(len(names)) {
		return float64(n), true
	}
	if len(names) > 0 {
		v.refuse(fmt.Sprintf("%q is no level of %s", short(v.text()), a.Name), strings.Join(names, ", "), nearest(v.text(), names))
	}
	return 0, false
}

// contracts refuses two retry contracts for the same calls: nobody could
// tell which one to keep.
func (l *loader) contracts() {
	type calls struct{ service, caller string }
	first := map[calls]string{}
	for _, d := range l.actuators {
		if d.is.Kind != Retry {
			continue
		}
		callers := d.is.Retries.Callers
		if len(callers) == 0 {
			callers = []string{""}
		}
		for _, c := range callers {
			key := calls{d.is.Service, c}
			if other, twice := first[key]; twice {
				d.spec.refuse(fmt.Sprintf("%s is a contract for the same calls to %s", other, d.is.Service), "one contract for each caller of a service", "")
				break
			}
			first[key] = d.is.Name
		}
	}
}
