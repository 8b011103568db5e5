package slo

func slaKind() kind {
	return kind{
		version: ours, name: "SLA",
		doc: "A promise to customers beside an objective, looser than it, with consequences: the share of the fee that is owed back by what was achieved in a period. See [SLAs](#slas).",
		spec: &object{name: "SLA spec", fields: []field{
			description(),
			{key: "objective", is: shapeName, required: true, doc: "Name of the objective whose counts it is judged by."},
			{key: "target", is: shapeDecimal, doc: "Share of good events that is promised, above 0 and below 1, less than the objective's. Either this or `targetPercent`."},
			{key: "targetPercent", is: shapeDecimal, doc: "The same in percent."},
			{key: "period", is: shapeMapping, required: true, doc: "Over which it is judged.", of: &object{name: "period", fields: []field{
				{key: "duration", is: shapeWindow, required: true, doc: "How long it is: `1M` is a month of the calendar. See [Calendar windows](#calendar-windows)."},
				{key: "calendar", is: shapeMapping, required: true, of: windowCalendar(), doc: "When the periods begin."},
			}}},
			{key: "credits", is: shapeList, required: true, doc: "What is owed by what was achieved; of several that apply the largest.", of: &object{name: "credit", fields: []field{
				{key: "below", is: shapeDecimal, doc: "Owed when less than this share of the events were good; at most the target. Either this or `belowPercent`."},
				{key: "belowPercent", is: shapeDecimal, doc: "The same in percent."},
				{key: "credit", is: shapeDecimal, doc: "Share of the fee that is owed, above 0, at most 1; the more the lower `below` is. Either this or `creditPercent`."},
				{key: "creditPercent", is: shapeDecimal, doc: "The same in percent."},
			}}},
			{key: "judgedBy", is: shapeChoice, words: []string{"adjusted", "raw"}, instead: "adjusted", doc: "`adjusted`: what calendars and adjustments make of the counts. `raw`: what was measured."},
		}},
		example: `apiVersion: setpoint.dev/v1
kind: SLA
metadata:
  name: checkout-contract
spec:
  objective: checkout-availability
  targetPercent: 99.5
  period: {duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}}
  credits:
  - {belowPercent: 99.5, creditPercent: 10}
  - {belowPercent: 99, creditPercent: 25}
  - {belowPercent: 95, creditPercent: 100}
`,
	}
}

const manualSLAs = `
## SLAs

For each period of the calendar the good events are divided by all events, and the credit is that of the lowest ` + "`below`" + ` that
this is less than, compared exactly. Without events nothing is owed. Page and API show the period so far, and the last one
as it is on record; what was not observed is neither good nor bad, so both say how much was. The last period is summed
anew each hour for a day after its end, so that late samples are in it. Where the budget is kept in time slices, an SLA
counts time slices. An objective that is not stricter than its SLA is warned of: it would be met while money is owed.
`
