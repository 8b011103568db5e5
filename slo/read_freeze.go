package slo

import (
	"fmt"
	"time"
)

// maxThaw is the longest that a freeze may take to open again.
const maxThaw = 28 * 24 * time.Hour

func readFreeze(a *Actuator, spec value) {
	a.Tight = StageFrozen
	rest, tight := spec.get("rest"), spec.get("tight")
	if x, ok := setting(rest, *a); ok && x != StageOpen {
		rest.refuse("a freeze rests open", "open", "open")
	}
	if x, ok := setting(tight, *a); ok && x != StageFrozen {
		tight.refuse("a tight freeze is frozen", "frozen", "frozen")
	}
	block := spec.get(string(Freeze))
	a.Freezing = Freezing{Caution: classes(block.get("caution")), Restricted: classes(block.get("restricted")), Thaw: readThaw(block.get("thaw"))}
	for _, v := range block.get("restricted").items() {
		if class := v.text(); class != "" && !a.Freezing.Lets(StageCaution, class) {
			v.refuse(fmt.Sprintf("%s would go in restricted and not in caution, which is less tight", class), "classes that caution lets go too", "")
		}
	}
}

// classes is a list of classes of change; nil when there is none.
func classes(list value) []string {
	if !list.good() {
		return nil
	}
	return texts(list)
}

func readThaw(v value) Thaw {
	if !v.good() {
		return Thaw{}
	}
	t := Thaw{For: within(v.get("for"), time.Minute, maxThaw), Releases: int(count(v.get("releases"), 1)), Per: time.Hour}
	if per := within(v.get("per"), time.Minute, maxThaw); per > 0 {
		t.Per = per
	}
	if t.For > 0 && t.Per > t.For {
		at := v.get("per")
		if !at.given() {
			at = v.get("for")
		}
		at.refuse(fmt.Sprintf("releases are counted over %s, and the thaw is over after %s", Span(t.Per), Span(t.For)), "per of at most for", "")
	}
	return t
}

// frozen reads a stage of a freeze.
func frozen(v value) (float64, bool) {
	switch text := v.text(); text {
	case "0":
		return StageOpen, true
	case "1":
		return StageFrozen, true
	case "thawing":
		v.refuse("thawing is what a freeze goes through by itself, on its way back", "open, caution, restricted or frozen", "")
		return 0, false
	default:
		if x, ok := stageSettings()[text]; ok {
			return x, true
		}
		v.refuse(fmt.Sprintf("%q is no setting of a freeze", short(text)), "open, caution, restricted or frozen", nearest(text, []string{"open", "caution", "restricted", "frozen"}))
		return 0, false
	}
}

// readRegain reads by how much of the budget a tier is entered and left.
func readRegain(v value) (remaining, regain *Decimal) {
	share := func(key string) *Decimal {
		d, ok := v.get(key).decimal()
		if ok && (d.Sign() <= 0 || d.Cmp(NewDecimal(1, 0)) >= 0) {
			v.get(key).refuse(v.get(key).text()+" is no share of the budget", "above 0, below 1", nearShare(v.get(key).text()))
			ok = false
		}
		if !ok {
			return nil
		}
		return &d
	}
	remaining, regain = share("remaining"), share("regain")
	if regain != nil && remaining != nil && regain.Cmp(*remaining) < 0 {
		v.get("regain").refuse(regain.String()+" is less than remaining, so the tier would be left while it is entered", "at least "+remaining.String(), "")
	}
	return remaining, regain
}
