package slo

import "time"

// When a report is sent, unless its definition says.
const (
	reportAt     = 15 * time.Minute // late samples are counted by then
	reportWithin = 3 * day
)

func reportKind() kind {
	return kind{
		version: ours, name: "Report",
		doc: "How the objectives of a team did in each week, month or quarter, sent to webhooks when it has ended. See [dashboard.md](dashboard.md#reports-that-are-sent).",
		spec: &object{name: "Report spec", fields: []field{
			description(),
			{key: "period", is: shapeChoice, required: true, words: []string{Week, Month, Quarter}, doc: "What it is about: a week from Monday on, a month or a quarter of the calendar, by the clocks of `timeZone`."},
			{key: "team", is: shapeWord, instead: "all teams", doc: "Whose objectives: the label `team` of their services, or their own."},
			{key: "at", is: shapeWord, instead: "`\"00:15\"`", doc: "When it is sent on the first day after the period, by the clock, as in `\"08:00\"`."},
			{key: "timeZone", is: shapeWord, instead: "UTC", doc: "Name in the IANA Time Zone Database, as in `Europe/Berlin`."},
			{key: "within", is: shapeDuration, instead: "3d", doc: "How late it is still sent when it could not be at its time, 1h to 14d, less than a week where that is the period."},
			{key: "file", is: shapeTruth, instead: "false", doc: "The report as one HTML file goes with the message."},
			{key: "notificationTargets", is: shapeList, required: true, doc: "Where it is sent: webhooks. One that stands in a document of its own is told of alerts by the standard policies too; one that stands here is not.", of: either("notificationTarget", "targetRef", alertTargetName, alertTargetSpec())},
		}},
		example: `apiVersion: openslo/v1
kind: Service
metadata:
  name: payments
  labels: {team: payments}
spec: {}
---
apiVersion: setpoint.dev/v1
kind: Report
metadata:
  name: payments-monthly
spec:
  period: month
  team: payments
  at: "08:00"
  timeZone: Europe/Berlin
  file: true
  notificationTargets:
  - metadata:
      name: payments-inbox
      annotations:
        setpoint.dev/url: ${HOOK_URL}
        setpoint.dev/secret: ${HOOK_SECRET}
    spec: {target: webhook}
`,
	}
}
