package slo

const manualCalendars = `
## Short outages

With ` + "`Timeslices` and the annotation `setpoint.dev/minimum-outage: 5m`" + ` the error ratio has to be above 1 − ` + "`timeSliceTarget`" + ` for at
least five minutes to count as downtime: bad time slices in a shorter run count as good. A run goes from one bad time slice
to the next as long as none between them is good and those between them, of which nothing is known, are fewer than make an
outage; it is as long as from its first to its last. So what takes its metrics down with it is not excused for that. Whether
a run counts is known when it is long enough or over: until then its time slices count as good, and the page, the API and
` + "`/metrics`" + ` say since when it is bad. Once that is settled, the figures are the same as if it had been known from the start.
What calendars exclude is taken out before.
## Calendars and adjustments

A calendar covers its one-off windows, its recurring ones, its holidays and, where it has ` + "`workingHours`" + `, all times outside
them. What it does there is its ` + "`effect`" + `. What holds exactly:

- **Whole slices.** A slice (` + "`setpoint.dev/slice`" + `, 1 min) is concerned when all of it is covered. One that is covered in part
  counts as it was measured, because nobody can tell which of its events happened inside.
- **exclude** takes the events out and leaves the time as observed: what nobody watched is still ` + "`no-data`" + `. Over a stretch
  in which all is excluded there is no burn rate to judge by, so nothing is relaxed in it. A time slice (` + "`Timeslices`" + `) is
  judged by the events that are left in it.
- **countAsGood** counts every event of the slice as good.
- **expectedBad** bounds what is excused: a slice with a larger share of bad events counts as it was measured, and the page,
  the API and ` + "`/metrics`" + ` say that the objective is worse than expected, as long as such a slice is in its window. Without a
  bound everything is excused.
- **Several at once**: adjustments go before calendars, and among each of them the first of
  ` + "`exclude`, `correct`, `countAsGood`, `annotate`" + ` applies that excuses the slice. Each calendar has its own bound.
- **Raw and adjusted.** Counts are stored as they were measured. Loops, the gate and alerts judge by the adjusted ones; page
  and API show both. An adjustment holds for the time that it names, whenever it is given: the budget is made anew from what
  is stored, so that taking it away restores every figure. A calendar holds from the first slice on that it was in force for: changing it
  today leaves last week as it was judged (see [reload](reload.md)). Of an objective that is new, all of the past is judged by its first calendars.
- **By order.** What an ` + "`Adjustment`" + ` says can be ordered too, and taken back: it is a row of the ledger, with who, why and when, holds over
  restarts and reloads, and is told apart by nothing else. ` + "`POST /v1/orders`" + ` takes the same (` + "`kind: adjust`, `adjust: {objective, from, to, effect, category}`" + `):

` + "      setpoint adjust probe-without-route --objective checkout-availability --effect exclude --category measurement \\\n        --from 2026-03-02T14:05:00Z --to 2026-03-02T14:35:00Z --why 'The probe had no route'\n      setpoint unadjust probe-without-route --why 'It had one'" + `

- **correct** puts the given counts in place of what was measured, or was not. They are spread evenly over whole slices and come to
  what was given exactly; the time counts as observed.
- **Clocks.** A start that the clocks leave out in spring comes when they would have shown it had they not been set: 02:30
  at 03:30 (RFC 5545). One that they show twice in autumn comes the first time. Days have 23 or 25 hours then. ` + "`UNTIL`" + ` is
  included.
`
