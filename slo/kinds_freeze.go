package slo

func freezing() *object {
	return &object{name: "freeze", doc: "What goes at each stage of a release freeze, by class of change, and how it ends: see [safety](safety.md#stages-of-a-release-freeze). The classes of `alwaysAllowed` of the release policy go at every stage.", fields: []field{
		{key: "caution", is: shapeNames, instead: "rollback, security, fix, config, small", doc: "Classes that go in `caution`; others are held."},
		{key: "restricted", is: shapeNames, instead: "rollback, security, fix", doc: "Classes that go in `restricted`; others are denied. While it thaws these do not count."},
		{key: "thaw", is: shapeMapping, instead: "it opens at once", doc: "From `restricted` and `frozen` it goes back through `thawing`, so that what has waited does not go all at once.", of: &object{name: "thaw", fields: []field{
			{key: "for", is: shapeDuration, required: true, doc: "How long it thaws, 1 m to 28 d, before it is open or in caution."},
			{key: "releases", is: shapeWhole, instead: "1", doc: "Most releases that go meanwhile."},
			{key: "per", is: shapeDuration, instead: "1h", doc: "In any stretch as long as this."},
		}}},
	}}
}
