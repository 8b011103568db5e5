package slo

func aimdTable() *object {
	return &object{name: "aimd", fields: []field{
		{key: "window", is: shapeDuration, required: true, doc: "Window of the burn rate; a multiple of the objective's slice."},
		{key: "tighten", is: shapeDecimal, required: true, doc: "Tighten while the burn rate is at least this."},
		{key: "relax", is: shapeDecimal, required: true, doc: "Relax while it is at most this, which is less."},
		{key: "keep", is: shapeDecimal, instead: "0.5", doc: "Share of the distance to `tight` that one move leaves, above 0 and below 1."},
		{key: "step", is: shapeSetting, required: true, doc: "One move back towards `rest`."},
		{key: "demand", is: shapeName, instead: "relaxes regardless", doc: "Objective whose bad events are what the setting turned away. Without any in `window` nothing is relaxed: room that nobody asks for is no evidence that it can be given."},
	}}
}

func piTable() *object {
	return &object{name: "pi", fields: []field{
		{key: "window", is: shapeDuration, required: true, doc: "Window of the burn rate that is held at `target`; a multiple of the objective's slice."},
		{key: "short", is: shapeDuration, required: true, doc: "A shorter window, which shows where the burn rate is going."},
		{key: "target", is: shapeDecimal, instead: "1", doc: "Burn rate to hold; 1 uses up the budget exactly within the objective's window."},
		{key: "proportional", is: shapeDecimal, required: true, doc: "Share of the range to move for each 1 by which the burn rate over `short` is higher than over `window`; 0 to 1."},
		{key: "integral", is: shapeDecimal, required: true, doc: "Share of the range to move for each 1 above `target`, over a time as long as `window`; above 0, at most 1."},
	}}
}

func scheduleTable() *object {
	return &object{name: "schedule", fields: []field{
		{key: "calendar", is: shapeName, required: true, doc: "Name of a `Calendar`."},
		{key: "setting", is: shapeSetting, required: true, doc: "What it asks for while the calendar covers the time."},
	}}
}
