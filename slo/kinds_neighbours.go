package slo

func plantTable() *object {
	return &object{name: "plant", fields: []field{
		{key: "name", is: shapeName, required: true, doc: "The same in each loop that moves a knob of it, such as the database that they protect."},
		{key: "settle", is: shapeDuration, instead: "that of `verify`", doc: "How long after a move of another loop of the plant this one makes none."},
	}}
}

func fleetTable() *object {
	return &object{name: "fleet", fields: []field{
		{key: "name", is: shapeName, required: true, doc: "The same in each loop of the fleet."},
		{key: "share", is: shapeDecimal, required: true, doc: "Most of the fleet's actuators that move in a stretch, as a share; one may always. The same in each loop."},
		{key: "per", is: shapeDuration, required: true, doc: "In any stretch as long as this. The same in each loop."},
		{key: "canary", is: shapeTruth, instead: "false", doc: "`true`: it tightens first. While it wants to and has not, and while its move is being verified, the others of the fleet do not tighten, nor for `per` after its move was rolled back."},
	}}
}
