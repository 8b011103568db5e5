package slo

const (
	alertPolicyName    = "AlertPolicy"
	alertConditionName = "AlertCondition"
	alertTargetName    = "AlertNotificationTarget"
)

func alertPolicyKind() kind {
	return kind{
		version: openSLO, name: alertPolicyName,
		doc:  "When somebody is to be told about the objectives of an SLO. Each of its conditions is an alert by itself. See [alerts.md](alerts.md).",
		spec: alertPolicySpec(), annotations: alertPolicyNotes(),
		example: `apiVersion: openslo/v1
kind: AlertPolicy
metadata:
  name: checkout-pager
spec:
  alertWhenBreaching: true
  conditions:
  - conditionRef: burns-fast
  notificationTargets:
  - targetRef: on-call
`,
	}
}

func alertPolicySpec() *object {
	return &object{name: "AlertPolicy spec", fields: []field{
		description(),
		{key: "alertWhenBreaching", is: shapeTruth, instead: "false", doc: "Tell when a condition begins to hold."},
		{key: "alertWhenResolved", is: shapeTruth, instead: "false", doc: "Tell when it ends."},
		{key: "alertWhenNoData", is: shapeTruth, instead: "false", doc: "Tell when nothing has been observed for a while."},
		{key: "conditions", is: shapeList, required: true, doc: "One or more; OpenSLO has one.", of: either("condition", "conditionRef", alertConditionName, alertConditionSpec())},
		{key: "notificationTargets", is: shapeList, required: true, doc: "Whom to tell.", of: either("notificationTarget", "targetRef", alertTargetName, alertTargetSpec())},
	}}
}

// either is the table of a definition that stands here, or is named.
func either(name, ref, kindName string, spec *object) *object {
	return &object{name: name, doc: "A `" + kindName + "`, said here or by its name.", fields: []field{
		{key: ref, is: shapeName, doc: "Name of the `" + kindName + "`. Either this or `spec`."},
		{key: "apiVersion", is: shapeChoice, words: []string{openSLO}, doc: "`" + openSLO + "`, if at all."},
		{key: "kind", is: shapeChoice, words: []string{kindName}, doc: "`" + kindName + "`, if at all."},
		{key: "metadata", is: shapeMapping, of: metadata(), doc: "See [metadata](#metadata). Required beside `spec`."},
		{key: "spec", is: shapeMapping, of: spec, doc: "What it says: see [" + kindName + "](#" + anchor(kindName) + ")."},
	}}
}

func alertConditionKind() kind {
	return kind{
		version: openSLO, name: alertConditionName,
		doc:  "A burn rate that somebody is to be told of. It is `threshold` over `lookbackWindow`, or follows from a part of the budget.",
		spec: alertConditionSpec(), annotations: alertConditionNotes(),
		example: `apiVersion: openslo/v1
kind: AlertCondition
metadata:
  name: burns-fast
  annotations:
    setpoint.dev/shortWindow: 5m
    setpoint.dev/minBad: "10"
spec:
  severity: page
  condition:
    kind: burnrate
    op: gte
    threshold: 14.4
    lookbackWindow: 1h
    alertAfter: 2m
`,
	}
}

func alertConditionSpec() *object {
	return &object{name: "AlertCondition spec", fields: []field{
		description(),
		{key: "severity", is: shapeWord, required: true, doc: "A word such as `page` or `ticket`."},
		{key: "condition", is: shapeMapping, required: true, doc: "When it holds.", of: &object{name: "burn rate condition", fields: []field{
			{key: "kind", is: shapeChoice, words: []string{"burnrate", "Burnrate"}, instead: "burnrate", doc: "The only sort that OpenSLO has."},
			{key: "op", is: shapeChoice, words: []string{"gte", "gt", "lte", "lt"}, instead: "gte", doc: "A burn rate alerts when it is high: every value is read as `gte`, the last two with a warning."},
			{key: "threshold", is: shapeDecimal, doc: "Burn rate from which on it holds. Required, but where an annotation stands in for it."},
			{key: "lookbackWindow", is: shapeWindow, doc: "Window of the burn rate. Required, but beside `setpoint.dev/spentPercent`."},
			{key: "alertAfter", is: shapeAfter, instead: "0m", doc: "How long it has to hold; a duration-shorthand, or `0m`."},
		}}},
	}}
}

func alertTargetKind() kind {
	return kind{
		version: openSLO, name: alertTargetName,
		doc:  "Whom to tell. Setpoint itself sends to `alertmanager` and to `webhook`; other targets are shown only, with a warning.",
		spec: alertTargetSpec(), annotations: alertTargetNotes(),
		example: `apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata:
  name: on-call
  annotations:
    setpoint.dev/url: ${ALERTMANAGER_URL}
spec:
  target: alertmanager
`,
	}
}

func alertTargetSpec() *object {
	return &object{name: "AlertNotificationTarget spec", fields: []field{
		description(),
		{key: "target", is: shapeWord, required: true, doc: "A word for the way: `alertmanager`, `webhook`; `email`, `slack`, … are shown only."},
	}}
}
