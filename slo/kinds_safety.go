package slo

func paceTable(name string) *object {
	return &object{name: name, fields: []field{
		{key: "moves", is: shapeWhole, required: true, doc: "How many."},
		{key: "per", is: shapeDuration, required: true, doc: "In any stretch as long as this."},
	}}
}

func verifyTable() *object {
	return &object{name: "verify", fields: []field{
		{key: "settle", is: shapeDuration, required: true, doc: "How long a move takes to show: until it is in force everywhere, and one `window` after that. Until then the loop makes no other move."},
		{key: "window", is: shapeDuration, instead: "`settle`", doc: "Window of the burn rate that is compared, at most `settle`; a multiple of the objective's slice."},
		{key: "falls", is: shapeDecimal, instead: "0.25", doc: "Share by which the burn rate has to have fallen for the setting to be kept."},
		{key: "control", is: shapeName, doc: "Objective of a scope that the move does not touch: what fell there too is not the move's doing."},
	}}
}

func flappingTable() *object {
	return &object{name: "flapping", fields: []field{
		{key: "reversals", is: shapeWhole, required: true, doc: "How many changes of direction."},
		{key: "within", is: shapeDuration, required: true, doc: "In any stretch as long as this."},
	}}
}

func missingTable() *object {
	answers := []string{string(HoldAbsent), string(RelaxAbsent)}
	return &object{name: "missing", fields: []field{
		{key: "noTraffic", is: shapeChoice, words: answers, instead: "hold", doc: "There were no events: `hold`, or `relax` as if all were well."},
		{key: "tooFew", is: shapeChoice, words: answers, instead: "hold", doc: "There were fewer events than the objective asks for, likewise."},
	}}
}
