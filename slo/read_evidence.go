package slo

import "fmt"

// The annotations of SLOs that say when a budget can be judged.
const (
	minEventsNote = "setpoint.dev/minEvents"
	noDataNote    = "setpoint.dev/noData"
)

// mostMinEvents bounds what may be asked for, so that counts do not overflow.
const mostMinEvents = 1_000_000

// evidenceNotes are the annotations that say when a budget can be judged.
func evidenceNotes() []field {
	return []field{
		{key: minEventsNote, is: shapeWord, instead: `"1"`, doc: "A whole number in quotes, up to 1000000: a window that holds fewer events is too few to judge by. See [Missing evidence](#missing-evidence)."},
		{key: noDataNote, is: shapeChoice, words: noDataRules(), instead: "hold", doc: "What time that was not observed counts as. See [Missing evidence](#missing-evidence)."},
	}
}

// evidence reads when the budget of o can be judged.
func evidence(o *Objective, notes value) {
	o.NoData = ruleOf(notes.get(noDataNote))
	least := notes.get(minEventsNote)
	if !least.good() {
		return
	}
	d, err := ParseDecimal(least.text())
	n, den := d.Fraction()
	switch {
	case err != nil || den != 1:
		least.refuse(fmt.Sprintf("%q is not a whole number", short(least.text())), `a whole number in quotes, such as "100"`, "")
	case n < 1 || n > mostMinEvents:
		least.refuse(least.text()+" is out of range", "1 to 1000000", "")
	default:
		o.MinEvents = n
	}
}
