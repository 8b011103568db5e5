package slo

func calendarKind() kind {
	return kind{
		version: ours, name: "Calendar",
		doc: "Times at which the promises of some objectives are not in force: maintenance windows, holidays, what is outside working hours. It covers all of its parts together. See [Calendars and adjustments](#calendars-and-adjustments).",
		spec: &object{name: "Calendar spec", fields: []field{
			description(),
			{key: "appliesTo", is: shapeMapping, required: true, of: scopeTable(), doc: "The objectives that it is about."},
			{key: "effect", is: shapeChoice, required: true, words: []string{string(Exclude), string(CountAsGood), string(Annotate)}, doc: "`exclude`: the events of these times are not counted. `countAsGood`: all of them are good. `annotate`: they count as always, and the time is named."},
			{key: "expectedBad", is: shapeDecimal, instead: "no bound", doc: "Share of bad events that is expected at these times, 0 to 1. A slice with a larger one counts as it was measured, and is said to be worse than expected."},
			{key: "timeZone", is: shapeWord, instead: "UTC", doc: "Name in the IANA Time Zone Database, as in `Europe/Berlin`, whose clocks the times below are of."},
			{key: "windows", is: shapeList, doc: "Stretches that come once.", of: stretchTable()},
			{key: "recurring", is: shapeList, doc: "Stretches that come again and again.", of: recurringTable()},
			{key: "workingHours", is: shapeList, doc: "When the promises are in force: the calendar covers all other times, and its holidays.", of: &object{name: "workingHours", fields: []field{
				{key: "days", is: shapeWords, required: true, doc: "Days of the week: " + listWords(weekdays()) + "."},
				{key: "from", is: shapeWord, required: true, doc: "Time of the clock, as in `\"08:00\"`."},
				{key: "to", is: shapeWord, required: true, doc: "Time of the clock after `from`, at most `\"24:00\"`."},
			}}},
			{key: "holidays", is: shapeWords, doc: "Whole days: `2026-04-03`, or `12-25` for that day of every year."},
		}},
		example: `apiVersion: setpoint.dev/v1
kind: Calendar
metadata:
  name: shop-maintenance
spec:
  appliesTo: {services: [checkout]}
  effect: exclude
  expectedBad: 0.2
  timeZone: Europe/Berlin
  windows:
  - {from: 2026-03-14 01:00:00, to: 2026-03-14 04:30:00}
  recurring:
  - rrule: FREQ=WEEKLY;BYDAY=SU
    start: 2026-01-04 02:00:00
    duration: 2h
    except: [2026-04-05, 2026-12-27 02:00:00]
---
apiVersion: setpoint.dev/v1
kind: Calendar
metadata:
  name: office-hours
spec:
  appliesTo: {objectives: [checkout-availability]}
  effect: exclude
  timeZone: America/New_York
  workingHours:
  - {days: [mon, tue, wed, thu, fri], from: "08:00", to: "18:00"}
  holidays: [12-25, 2026-11-26]
`,
	}
}

func scopeTable() *object {
	return &object{name: "appliesTo", doc: "Every key that is given has to hold; of a list one name has to.", fields: []field{
		{key: "all", is: shapeTruth, instead: "false", doc: "`true`: every objective."},
		{key: "objectives", is: shapeNames, doc: "Names of objectives."},
		{key: "services", is: shapeNames, doc: "Names of services."},
		{key: "labels", is: shapeLabels, doc: "Labels of the objectives, each with one of these values."},
	}}
}

func stretchTable() *object {
	return &object{name: "windows", fields: []field{
		{key: "from", is: shapeWord, required: true, doc: "Date and time, as in `2026-03-14 01:00:00` by the clocks of `timeZone`, or with a zone of its own, as in `2026-03-14T01:00:00Z`."},
		{key: "to", is: shapeWord, required: true, doc: "The end, likewise."},
	}}
}

func recurringTable() *object {
	return &object{name: "recurring", fields: []field{
		{key: "rrule", is: shapeWord, required: true, doc: "When it comes: a recurrence rule of RFC 5545, §3.3.10, with all of its parts, hourly at most. A rule that never comes is refused."},
		{key: "start", is: shapeWord, required: true, doc: "Date and time from which on the rule holds, by the clocks of `timeZone`: the rule's DTSTART. It is a start itself only if the rule names it."},
		{key: "duration", is: shapeDuration, required: true, doc: "How long each is, at most 31d, as time passes: the clock may be set in it."},
		{key: "except", is: shapeWords, doc: "Starts that are left out (EXDATE): dates, or dates with a time."},
	}}
}

func weekdays() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }
