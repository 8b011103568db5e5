package slo

// ByHand says what the work of a loop costs people who do it themselves, in
// minutes of theirs, so that it can be told whether it is worth automating.
// The zero value says nothing.
type ByHand struct {
	Minutes  float64 `json:"minutes,omitempty"`  // each time
	Risk     float64 `json:"risk,omitempty"`     // share of the times that goes wrong by hand
	Mistake  float64 `json:"mistake,omitempty"`  // what one that goes wrong costs
	Needless float64 `json:"needless,omitempty"` // what a move of the loop costs that was not needed
	Upkeep   float64 `json:"upkeep,omitempty"`   // of the loop, in 30 days
}

// Declared reports whether there is something to weigh.
func (b ByHand) Declared() bool { return b.Minutes > 0 }

func byHandTable() *object {
	return &object{name: "byHand", fields: []field{
		{key: "minutes", is: shapeDecimal, required: true, doc: "What one time takes people, in minutes of theirs."},
		{key: "risk", is: shapeDecimal, instead: "0", doc: "Share of the times that goes wrong by hand, 0 to 1."},
		{key: "mistake", is: shapeDecimal, instead: "0", doc: "What one that goes wrong costs, in minutes."},
		{key: "needless", is: shapeDecimal, instead: "0", doc: "What a move of the loop costs that was not needed, in minutes."},
		{key: "upkeep", is: shapeDecimal, instead: "0", doc: "What keeping the loop takes, in minutes in 30 days."},
	}}
}

// mostMinutes is a year of one person's work, about.
const mostMinutes = 120_000

func readByHand(v value) ByHand {
	if !v.good() {
		return ByHand{}
	}
	b := ByHand{
		Minutes: fromZero(v.get("minutes"), mostMinutes), Risk: fromZero(v.get("risk"), 1), Mistake: fromZero(v.get("mistake"), mostMinutes),
		Needless: fromZero(v.get("needless"), mostMinutes), Upkeep: fromZero(v.get("upkeep"), mostMinutes),
	}
	if m := v.get("minutes"); m.good() && b.Minutes == 0 {
		m.refuse("work that takes no time saves none", "minutes, above 0", "")
	}
	return b
}

// fromZero is a number from 0 to most.
func fromZero(v value, most int64) float64 {
	x, ok := v.decimal()
	if !ok {
		return 0
	}
	if x.Sign() < 0 || x.Cmp(NewDecimal(most, 0)) > 0 {
		v.refuse(v.text()+" is out of range", "from 0 to "+NewDecimal(most, 0).String(), "")
		return 0
	}
	return x.Float()
}
