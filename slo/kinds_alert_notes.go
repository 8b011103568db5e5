package slo

// The annotations of ours that alerts may carry: what OpenSLO has no words
// for.

func alertPolicyNotes() []field {
	return []field{
		{key: "setpoint.dev/inhibit", is: shapeTruth, instead: `"false"`, doc: "While one of its conditions fires, those of lower burn rates are kept quiet."},
		{key: "setpoint.dev/conditions", is: shapeChoice, words: []string{"any", "all"}, instead: "any", doc: "`any`: each condition is an alert by itself. `all`: there is one alert, which fires while all of them hold."},
		{key: "setpoint.dev/keepFiring", is: shapeDuration, instead: "0s", doc: "How long a condition has to be over before its alert ends."},
		{key: "setpoint.dev/noDataAfter", is: shapeDuration, instead: "10m", doc: "How long nothing can be seen before it is told, beside `alertWhenNoData: true`; it begins five slices after the newest one that was observed."},
		{key: "setpoint.dev/noDataName", is: shapeWord, instead: "the name of the policy", doc: "Name of that alert."},
		{key: "setpoint.dev/noDataSeverity", is: shapeWord, instead: "the severity of the first condition", doc: "Its severity."},
	}
}

func alertConditionNotes() []field {
	return []field{
		{key: "setpoint.dev/shortWindow", is: shapeDuration, instead: "the look-back window alone", doc: "The burn rate is reached over this window too, no longer than `lookbackWindow`, so that the alert ends soon after its cause; 1/12 of it is usual."},
		{key: "setpoint.dev/budgetPercent", is: shapeDecimal, doc: "Instead of `threshold`: how many percent of the budget burn in `lookbackWindow`. The burn rate is this share × the window of the objective ÷ `lookbackWindow`."},
		{key: "setpoint.dev/spentPercent", is: shapeDecimal, doc: "Instead of `threshold` and `lookbackWindow`: how many percent of the budget are used up."},
		{key: "setpoint.dev/minBad", is: shapeWhole, instead: `"0"`, doc: "Bad events within `lookbackWindow` that it takes, so that one error at night pages nobody."},
		{key: "setpoint.dev/disabled", is: shapeTruth, instead: `"false"`, doc: "Switches it off."},
	}
}

func alertTargetNotes() []field {
	return []field{
		{key: "setpoint.dev/url", is: shapeSecret, instead: "`${ALERTMANAGER_URL}` for `alertmanager`", doc: "Where it is, http or https. `${NAME}` is replaced by the environment variable; it is never shown."},
		{key: "setpoint.dev/secret", is: shapeSecret, doc: "What a `webhook` is signed with: 16 characters or more, by `${NAME}`. Required for it; it is never shown."},
	}
}

// alertsNote is the annotation that switches the standard tiers on or off.
const alertsNote = "setpoint.dev/alerts"

// standardNote switches the standard tiers on.
func standardNote(of string) field {
	return field{key: alertsNote, is: shapeChoice, words: []string{StandardAlert, "none"}, doc: of + " See [alerts.md](alerts.md)."}
}
