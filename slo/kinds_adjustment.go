package slo

func adjustmentKind() kind {
	return kind{
		version: ours, name: "Adjustment",
		doc: "What a person says about the counts of a stretch of time, before, during or after it. Taking it away or revoking it restores every figure exactly. See [Calendars and adjustments](#calendars-and-adjustments).",
		spec: &object{name: "Adjustment spec", fields: []field{
			description(),
			{key: "appliesTo", is: shapeMapping, required: true, of: scopeTable(), doc: "The objectives that it is about; of `correct` one objective, by its name."},
			{key: "timeZone", is: shapeWord, instead: "UTC", doc: "Name in the IANA Time Zone Database, whose clocks `from` and `to` are of."},
			{key: "from", is: shapeWord, required: true, doc: "Start, as in `2026-03-14 01:00:00` by the clocks of `timeZone`, or with a zone of its own, as in `2026-03-14T01:00:00Z`."},
			{key: "to", is: shapeWord, required: true, doc: "The end, likewise."},
			{key: "effect", is: shapeChoice, required: true, words: effects(), doc: "`exclude`: the events of this time are not counted. `countAsGood`: all of them are good. `correct`: they were those of `counts`. `annotate`: they count as always, and the time is named."},
			{key: "counts", is: shapeMapping, doc: "Required for `correct`, refused for others: what really happened, spread evenly over the slices of the stretch, which count as observed.", of: &object{name: "counts", fields: []field{
				{key: "good", is: shapeWhole, required: true, doc: "Good events."},
				{key: "bad", is: shapeWhole, required: true, doc: "Bad events."},
			}}},
			{key: "author", is: shapeWord, required: true, doc: "Who says so."},
			{key: "reason", is: shapeWord, required: true, doc: "Why."},
			{key: "category", is: shapeChoice, required: true, words: Categories(), doc: "What it was: " + listWords(Categories()) + "."},
			{key: "revoked", is: shapeTruth, instead: "false", doc: "`true`: it is without effect, and stays on file."},
		}},
		example: `apiVersion: setpoint.dev/v1
kind: Adjustment
metadata:
  name: probe-without-route
spec:
  appliesTo: {objectives: [checkout-availability]}
  from: 2026-03-02T14:05:00Z
  to: 2026-03-02T14:35:00Z
  effect: exclude
  author: ann@example.com
  reason: The probe had no route; customers did not notice.
  category: measurement
---
apiVersion: setpoint.dev/v1
kind: Adjustment
metadata:
  name: counted-from-logs
spec:
  appliesTo: {objectives: [checkout-availability]}
  from: 2026-03-09T02:00:00Z
  to: 2026-03-09T03:00:00Z
  effect: correct
  counts: {good: 118000, bad: 240}
  author: ann@example.com
  reason: The metrics were lost with their disk; these are from the access logs.
  category: measurement
`,
	}
}

// Categories are what an adjustment may be for.
func Categories() []string {
	return []string{"maintenance", "deployment", "outside-hours", "dependency", "measurement", "other"}
}
