package slo

func retries() *object {
	return &object{name: "retry", doc: "How callers of the service may repeat calls that failed. The setting is a level, by its name or its number: the loop moves from level to level. Callers keep the contract by themselves, see [actuators](actuators.md#retry-contract).", fields: []field{
		{key: "callers", is: shapeNames, instead: "all that have no contract of their own", doc: "The services that it is for."},
		{key: "levels", is: shapeList, instead: "`normal` (3 attempts, budget 0.1), `careful` (2, 0.03), `none` (1, 0)", of: retryLevel(), doc: "From the freest on; the first is `rest`, the last `tight`. At least two, at most ten."},
		{key: "herd", is: shapeMapping, instead: "calls may come back at once", of: herd(), doc: "Who comes back when an outage ends."},
	}}
}

func retryLevel() *object {
	return &object{name: "level", doc: "The contract while this level is in force. A pause is random between 0 and its bound (full jitter); the bound begins with `base` and doubles up to `cap`.", fields: []field{
		{key: "name", is: shapeName, required: true, doc: "Unique in the contract."},
		{key: "attempts", is: shapeWhole, required: true, doc: "Of one call, the first included: 1 to 10; 1 is no retry."},
		{key: "budget", is: shapeDecimal, instead: "0.1; 0 with one attempt", doc: "Retries for each call, over many calls: 0.1 lets one in ten be repeated. From 0 to 1."},
		{key: "base", is: shapeDuration, instead: "100ms", doc: "Bound of the first pause; about as long as a usual call takes."},
		{key: "cap", is: shapeDuration, instead: "10s", doc: "Bound of all pauses; at least `base`."},
		{key: "dropExpired", is: shapeTruth, instead: "true", doc: "Whether the service drops calls whose caller has given up, instead of working for nobody."},
	}}
}

func herd() *object {
	return &object{name: "herd", doc: "While it is away or overloaded, the service sends callers back after a random time up to `clients`·`cost`/`headroom` seconds, so that it can bear their return.", fields: []field{
		{key: "clients", is: shapeWhole, required: true, doc: "How many."},
		{key: "cost", is: shapeDecimal, instead: "1", doc: "Calls of each when it comes back."},
		{key: "headroom", is: shapeDecimal, required: true, doc: "Calls per second that the service can take beside its usual load."},
	}}
}
