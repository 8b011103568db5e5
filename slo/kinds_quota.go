package slo

func quota() *object {
	return &object{name: "quota", doc: "Shares what the service can bear among its tenants. The setting is the watermark, as a share of `capacity`: within its guarantee a tenant always gets through, beyond it only while fewer calls than the watermark are under way. Gates decide that by themselves, see [actuators](actuators.md#tenant-quota). Rest and tight are numbers from 0.01 to 10; above 1 the service queues.", fields: []field{
		{key: "capacity", is: shapeDecimal, required: true, doc: "Calls at once that the service bears. Calls that take long count for as long as they take."},
		{key: "gates", is: shapeWhole, instead: "1", doc: "How many gates share the capacity, at most; more are refused. A gate without a lease uses its part of it."},
		{key: "header", is: shapeWord, instead: "X-Tenant", doc: "The header of a call that says whose it is."},
		{key: "tenants", is: shapeList, instead: "all are alike", of: tenant(true), doc: "What single tenants may use."},
		{key: "others", is: shapeMapping, instead: "no guarantee, and no ceiling but the watermark", of: tenant(false), doc: "What each tenant may use that is not named."},
	}}
}

func tenant(named bool) *object {
	o := &object{name: "others", doc: "As for [tenant](#tenant), without a name.", fields: []field{
		{key: "guarantee", is: shapeDecimal, instead: "0", doc: "Calls at once that it always gets."},
		{key: "ceiling", is: shapeDecimal, instead: "none: the watermark alone", doc: "Calls at once beyond which it never gets any, at rest. It is lowered with the watermark, but never below the guarantee."},
		{key: "weight", is: shapeDecimal, instead: "1", doc: "When borrowing is scarce each tenant gets its part by weight."},
	}}
	if named {
		o.name, o.doc = "tenant", "What one tenant may use, of all gates together."
		o.fields = append([]field{{key: "name", is: shapeWord, required: true, doc: "The value of the header."}}, o.fields...)
	}
	return o
}
