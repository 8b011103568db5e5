package slo

// releaseFields are the keys of a release policy that look beyond the budget
// of now.
func releaseFields() []field {
	judged := []string{string(Hold), string(Deny)}
	return []field{
		{key: "environments", is: shapeWords, instead: "all", doc: "It is about releases into these environments, in the words of the pipelines. Of several policies of a service the one decides that says most about a release: environments before regions before changes. What the question leaves out may be any, and then the strictest of the policies that may be meant decides."},
		{key: "regions", is: shapeWords, instead: "all", doc: "It is about releases into these regions."},
		{key: "changes", is: shapeNames, instead: "all", doc: "It is about changes of these classes."},
		{key: "minInterval", is: shapeDuration, instead: "not judged", doc: "Hold while the release before, of the same service, environment and region, is younger. Releases are those that [tools told of](pipelines/README.md#telling-of-releases)."},
		{key: "pace", is: shapeMapping, instead: "no limit", doc: "How many releases the budget earns.", of: &object{name: "release pace", fields: []field{
			{key: "releases", is: shapeWhole, required: true, doc: "Releases in `per` with all of the budget left. Half of it earns half as many: hold when they are used up."},
			{key: "per", is: shapeDuration, required: true, doc: "The stretch up to now that is looked at, at most 90d."},
			{key: "least", is: shapeWhole, instead: "0", doc: "Releases in `per` that need not be earned."},
		}}},
		{key: "maxSize", is: shapeList, instead: "not judged", doc: "Deny what is larger. A question that does not say how large the change is gets the answer of `onNoData`.", of: &object{name: "maxSize", fields: []field{
			{key: "size", is: shapeWhole, required: true, doc: "Largest size, in what your pipelines count: lines, commits, files."},
			{key: "below", is: shapeDecimal, instead: "always", doc: "Only while less than this share of the budget is left."},
		}}},
		{key: "dependsOn", is: shapeList, instead: "not judged", doc: "Services that this one cannot do without.", of: &object{name: "dependsOn", doc: "Gives its verdict while the other service is short of budget.", fields: []field{
			{key: "service", is: shapeName, required: true, doc: "The other service."},
			{key: "objectives", is: shapeNames, instead: "all of the service", doc: "Names of the objectives that count."},
			{key: "minRemaining", is: shapeDecimal, instead: "0", doc: "Least share of their budgets; 0 is an exhausted one."},
			{key: "maxBurn", is: shapeList, instead: "not judged", doc: "Too fast burns, as those of the policy.", of: burnLimit("dependency maxBurn")},
			{key: "verdict", is: shapeChoice, words: judged, instead: "hold", doc: "The answer then."},
		}}},
		{key: "incidents", is: shapeMapping, instead: "not judged", doc: "What an alert that fires, of the service or of an objective of the policy, means for releases.", of: &object{name: "incidents", fields: []field{
			{key: "severities", is: shapeWords, instead: "all", doc: "Severities of the alerts that count."},
			{key: "verdict", is: shapeChoice, words: judged, instead: "hold", doc: "The answer while one fires."},
		}}},
		{key: "calendars", is: shapeMapping, instead: "not judged", doc: "When releases may go at all. Deny beats allow.", of: &object{name: "calendars", fields: []field{
			{key: "deny", is: shapeNames, doc: "Names of `Calendar`s: deny while one of them covers the time."},
			{key: "allow", is: shapeNames, doc: "Names of `Calendar`s: deny while none of them covers the time."},
		}}},
		{key: "risk", is: shapeMapping, instead: "told in the answer, and not judged", doc: "What releases burn, learned from those that tools told of, against what is left. Too few to learn from say nothing.", of: &object{name: "risk", fields: []field{
			{key: "usual", is: shapeDecimal, instead: "not judged", doc: "Largest share of the budget that is left which the median of the releases may burn; 1 is all of it."},
			{key: "worst", is: shapeDecimal, instead: "not judged", doc: "The same of the release that burned most."},
			{key: "verdict", is: shapeChoice, words: judged, instead: "hold", doc: "The answer when it is more."},
		}}},
	}
}

func burnLimit(name string) *object {
	return &object{name: name, fields: []field{
		{key: "burn", is: shapeDecimal, required: true, doc: "Burn rate that is too fast."},
		{key: "window", is: shapeDuration, required: true, doc: "Over this window; a multiple of the objectives' slices."},
	}}
}

const releaseExample = `---
apiVersion: setpoint.dev/v1
kind: Calendar
metadata:
  name: year-end
spec:
  appliesTo: {services: [checkout]}
  effect: annotate
  timeZone: Europe/Berlin
  recurring:
  - {rrule: FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=18, start: 2025-12-18 18:00:00, duration: 16d}
---
apiVersion: setpoint.dev/v1
kind: ReleasePolicy
metadata:
  name: checkout-production
spec:
  service: checkout
  environments: [production]
  minRemaining: 0.1
  minInterval: 30m
  pace: {releases: 20, per: 7d, least: 1}
  maxSize:
  - {size: 1000}
  - {size: 100, below: 0.25}
  incidents: {severities: [page], verdict: hold}
  calendars: {deny: [year-end]}
  risk: {usual: 0.5, worst: 2}
`
