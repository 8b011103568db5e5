package slo

import (
	_ "embed"
	"fmt"
	"strings"
)

// Manual is the reference documentation of all kinds and keys, in Markdown.
// It is made of the tables that the reader checks documents against, and kept
// in docs/definitions.md.
func Manual() string {
	var b strings.Builder
	b.WriteString(manualIntroduction)
	for _, k := range kinds() {
		fmt.Fprintf(&b, "- [%s](#%s): %s\n", k.name, strings.ToLower(k.name), firstSentence(k.doc))
	}
	writeObject(&b, metadata(), "## ")
	for _, k := range kinds() {
		writeKind(&b, k)
	}
	b.WriteString(manualSamples)
	b.WriteString(manualSystems)
	b.WriteString(manualPairs)
	b.WriteString(manualRest)
	b.WriteString(manualCalendars)
	b.WriteString(manualConditions)
	b.WriteString(manualSLAs)
	return b.String()
}

func writeKind(b *strings.Builder, k kind) {
	fmt.Fprintf(b, "\n## %s\n\n`apiVersion: %s`\n\n%s\n\n```yaml\n%s```\n", k.name, k.version, k.doc, k.example)
	writeFields(b, "Keys of `spec`", k.spec.fields)
	if len(k.annotations) > 0 {
		writeFields(b, "Annotations", k.annotations)
	}
	writeParts(b, k.spec, map[string]bool{"metadata": true, "SLI spec": true, "AlertPolicy spec": true, "AlertCondition spec": true, "AlertNotificationTarget spec": true})
}

// writeParts writes the objects inside o, each once.
func writeParts(b *strings.Builder, o *object, seen map[string]bool) {
	for _, f := range o.fields {
		if f.of == nil || seen[f.of.name] {
			continue
		}
		seen[f.of.name] = true
		writeObject(b, f.of, "### ")
		writeParts(b, f.of, seen)
	}
}

func writeObject(b *strings.Builder, o *object, heading string) {
	fmt.Fprintf(b, "\n%s%s\n", heading, o.name)
	if o.doc != "" {
		fmt.Fprintf(b, "\n%s\n", o.doc)
	}
	if o.open {
		b.WriteString("\nOther keys may stand here for other tools; Setpoint passes them over with a warning.\n")
	}
	writeFields(b, "", o.fields)
}

func writeFields(b *strings.Builder, title string, fields []field) {
	if title != "" {
		fmt.Fprintf(b, "\n%s:\n", title)
	}
	b.WriteString("\n| key | value | when absent | meaning |\n|---|---|---|---|\n")
	for _, f := range fields {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.key, f.shown(), f.absent(), f.doc)
	}
}

// shown is the shape of a field's values, for the manual.
func (f field) shown() string {
	switch {
	case f.later != "" || f.unread != "":
		return "–"
	case f.is == shapeChoice:
		return "`" + strings.Join(f.words, "`, `") + "`"
	case f.is == shapeMapping:
		return "[" + f.of.name + "](#" + anchor(f.of.name) + ")"
	case f.is == shapeList:
		return "list of [" + f.of.name + "](#" + anchor(f.of.name) + ")"
	}
	return f.is.String()
}

func (f field) absent() string {
	switch {
	case f.required:
		return "**required**"
	case f.instead != "":
		return f.instead
	}
	return ""
}

// anchor is the address of a heading, as forges make it.
func anchor(heading string) string {
	switch heading {
	case "SLI spec", "AlertPolicy spec", "AlertCondition spec", "AlertNotificationTarget spec":
		heading = strings.TrimSuffix(heading, " spec")
	}
	return strings.NewReplacer(" ", "-", ",", "").Replace(strings.ToLower(heading))
}

func firstSentence(s string) string {
	before, _, found := strings.Cut(s, ". ")
	if found {
		return before + "."
	}
	return s
}

// manualConditions is about the language of conditions.
//
//go:embed conditions.md
var manualConditions string

const manualIntroduction = `# Definitions

<!-- Written by Manual in slo/manual.go from the tables that files are checked against. To bring it up to date: go test ./slo -run TestManual -update -->

Setpoint reads YAML and JSON files: one file, or a folder with all ` + "`.yaml`, `.yml` and `.json`" + ` files below it. A file may hold
several documents, separated by ` + "`---`" + `. ` + "`setpoint check PATH…`" + ` says what is wrong with them.

Promises are written in [OpenSLO v1](https://github.com/OpenSLO/OpenSLO), so that files that you have can be used as
they are. For acting, which OpenSLO has no words for, there are kinds of our own under ` + "`apiVersion: setpoint.dev/v1`" + `.
A complete folder to copy from is ` + "[examples/shop](../examples/shop)" + `.

Definitions are strict: unknown keys, wrong types, references to what is not there and values that cannot work are
refused, all at once, and nothing is used until all is well. Where ` + "`setpoint check`" + ` is handed files instead of a folder, as
by a pipeline that checks what a change touches, a name that none of them declares may stand in another file: it is a
warning, unless it is one slip away from a name that they declare. ` + "`--whole`" + ` is as strict with files as ` + "`serve`" + ` is.

Editors complete and check them by a JSON Schema, [definitions.schema.json](definitions.schema.json), which
` + "`setpoint schema`" + ` prints: with yaml-language-server (VS Code, Neovim, Emacs, …) by a first line

` + "```" + `
# yaml-language-server: $schema=definitions.schema.json
` + "```" + `

The schema knows keys, shapes and choices; what takes more than one value to see, only ` + "`setpoint check`" + ` does.

`

const manualRest = `
## Values

- **a name**: 1 to 255 of ` + "`a-z`, `0-9`, `-` and `.`" + `, with a letter or digit at both ends.
- **a number** is kept exactly as it is written, up to 18 digits.
- **a duration**: numbers with the units ` + "`ms`, `s`, `m`, `h`, `d` (24 h), `w` and `y` (365 d), as in `30s`, `1h30m` or `30d`" + `.
- **a duration-shorthand** is OpenSLO's: a whole number and one of ` + "`m`, `h`, `d`, `w`, `M`, `Q`, `Y`" + `.
- **a setting** is in the unit of the actuator: a duration for ` + "`postgresQueryTimeout`, `open` or `frozen` for `freeze`" + `.
  A step of a freeze is ` + "`1`" + `.
- **an address** may hold ` + "`${NAME}`" + `, which is replaced by the environment variable when Setpoint starts. It is an error
  when the variable is not set. Nothing else is replaced anywhere. Addresses are never shown.
- Words such as ` + "`no`, `on` and `yes`" + ` are words; truth values are ` + "`true` and `false`" + `.
- Anchors, aliases and merges (` + "`<<`" + `) may be used.

## Calendar windows

A window with a ` + "`calendar`" + ` begins anew at fixed times: at ` + "`startTime`" + `, one ` + "`duration`" + ` later, and so on, and before it too.
` + "`d`, `w`, `M`, `Q` and `Y`" + ` are counted on the calendar of ` + "`timeZone`" + `, so that days have 23 or 25 hours when clocks change and
years may have 366 days; ` + "`m` and `h`" + ` are lengths of time. A period begins

- at the same time of the clock as ` + "`startTime`" + `: at the first of two when clocks go back over it, and when they go on if
  they leave it out;
- on the same day of the month, or on the last day of a month that is too short: from 31 January come 28 February (29 in
  leap years) and 31 March.

The budget of a period is judged by the events that it has had so far:

    remaining = 1 − bad so far ÷ ((1 − target) × total so far)

It is full again when the next period begins. Early in a period few events make a budget, so that a few bad ones use it
up. Burn rates are those of rolling windows and go on over the boundary; where their length comes from the window, as it
does for the standard tiers, a month has 30 days, a quarter 90 and a year 365.

## Time slices

With ` + "`Timeslices` and `RatioTimeslices`" + ` a budget is a share of time, not of events: the window is divided into time slices
of ` + "`timeSliceWindow`" + `, which begin at multiples of it since 1 January 1970 UTC, and each is judged by the sum of the events
in it once it is over:

    Timeslices        good when good events ÷ all events ≥ timeSliceTarget, otherwise bad
    RatioTimeslices   good by the share good events ÷ all events, bad by the rest

The share of good time slices, or the average of their shares, is compared with the target. So an hour in which little
happens weighs as much as a busy one. A time slice without events, and one of which less than half was observed, is
neither good nor bad and not among all: what was not seen is never good, and when there is too little to be seen the
status is ` + "`partial` or `no-data`" + `. Burn rates, ` + "`minBad`" + ` and everything else that counts events count time slices then, and
the windows of rules are multiples of the time slice. Rules see a time slice when it is over: short ones are judged
sooner.

## Composite objectives

A composite is an objective that is made of other objectives, its components, which may be composites too. It has no
queries: its slices are made of theirs, so that it has the history that they have, and is the same whether it was
watched, filled in later or read back after a restart. In each of its slices a component is bad by a share, of the events
or time slices that its own budget is kept in; and from these shares, with weights, comes the share by which the
composite is bad. Every slice weighs the same, however many events it holds. b is the share of bad in a component, w
its weight, B its budget (1 − target), and B' the composite's:

    average   b' = Σ w·b ÷ Σ w
    burn      b' = B' · Σ w·b÷B     burn rates add up; at most 1
    sum       b' = Σ w·b            at most 1
    anyDown   b' = the worst b
    allDown   b' = the best b

The budget is judged by the average of b' over the window, or, with ` + "`Timeslices`" + `, by its time slices. Everything else is
what it is for other objectives: burn rates, tiers, control loops, the gate. The page and the API say how much of the
used budget is each component's doing: of ` + "`anyDown`" + ` the worst one's, of ` + "`allDown`" + ` the best one's.

For example, ` + "`buying`" + ` above promises 99.5 % over ` + "`checkout-availability`" + ` (weight 3) and ` + "`search-latency`" + ` (weight 1). In
one minute 4 of 400 requests of the first fail, b = 1 %, and 5 of 20 of the second are slow, b = 25 %:

    b' = (3 · 1 % + 1 · 25 %) ÷ (3 + 1) = 7 %

After an hour with that minute and 59 good ones b' is 7 % ÷ 60 on average, a burn rate of 0.07 ÷ 60 ÷ 0.005 = 0.23 over
the hour; 0.75 of the 7 are the doing of the first, 6.25 of the second.

An SLO of OpenSLO whose ` + "`objectives`" + ` have an ` + "`indicator` or `indicatorRef`" + ` each is a composite as its specification has it.
The composite has the name of the SLO, its components that name with ` + "`-1`, `-2`" + `, and so on. With ` + "`Occurrences`" + ` the burn
rates of the components add up, each multiplied by its ` + "`compositeWeight`" + ` (` + "`burn`" + `), and the budget is 1 ÷ Σ (w ÷ B),
rounded down to three digits: components of 99.9 % and 99 % make 0.000909, a target of 99.9091 %. With ` + "`Timeslices`" + ` a
time slice that is bad for one of them is bad (` + "`anyDown`" + `), with ` + "`RatioTimeslices`" + ` what they miss is added up (` + "`sum`" + `), and
the target is the strictest one among them.

What becomes of a slice in which a component was observed for less than half of the time is said by ` + "`whenNoData`" + `, for an
SLO of OpenSLO by the annotation ` + "`" + componentNoDataNote + "`" + `: ` + "`hold`" + `, the slice counts as not observed either; ` + "`ignore`" + `, the
component is left out of it, and the weights of the others stand for all; ` + "`good` or `bad`" + `, all of it counts as that. The
rule holds from the first slice on in which the component was ever observed. A component without events in a slice is
left out of it, and a slice in which no component was observed is not observed, whatever the rule.

The slices of a composite are multiples of its components'. A change of weights or rules changes its past too.

## Groups

One SLO can make an objective of each value of a label: of each region, tenant or route. The annotation
` + "`" + GroupByNote + "`" + ` names the labels that the counted series carry,

    metadata:
      name: checkout-availability
      annotations:
        setpoint.dev/groupBy: region
        setpoint.dev/groupAggregate: anyDown

and besides ` + "`checkout-availability`" + `, which is all groups together, there are ` + "`checkout-availability/region=eu`" + ` and its
like: objectives with the same target and window, counted over the series that have the value. Characters of values that
are no letters, digits, ` + "`-`, `_` or `.`" + ` are written as ` + "`%XX`" + ` in names; series without the label are the group ` + "`region=`" + `.

Which values there are is asked of the backend at the start, over the window, and then every minute. A new group is
there within a minute or two; what it was before is filled in. A group that is gone has no data, and leaves when its
last event has left the window. At most ` + "`setpoint.dev/groupLimit`" + ` groups are kept (100): those that were there first. That there
are more, that no series has the label, or that the backend does not answer is said on the page, in ` + "`setpoint status`" + ` and
in the log; what was known stays in force.

All groups together are, by ` + "`setpoint.dev/groupAggregate`" + `,

    weighted   all of their events, as if they were not grouped; or, with setpoint.dev/groupWeights,
               in each slice the average of their bad shares by weight
    anyDown    in each slice as bad as the worst group
    allDown    in each slice as bad as the best group

The latter are [composites](#composite-objectives) of the groups, and ` + "`" + componentNoDataNote + "`" + ` says what becomes of slices in which
one of them was not observed. It is ` + "`hold`" + ` unless it is said: a region that falls silent is not taken for well. A group
counts from the first slice on in which it was seen.

The gate judges a service by its objectives of all groups together. Alerts are those of each group, once there are any.
Control loops and policies name the objective of all groups.

## Queries

Setpoint does not let the backend compute ratios or rates: it reads the raw counters, series by series, and differences
them itself, so that resets, restarts and series that begin late are counted right. A query therefore has to mean the
total of some counters, and what stands around its selectors is taken as that:

| form | read as |
|---|---|
| ` + "`requests_total{job=\"shop\"}`" + ` | the sum of these counters |
| ` + "`sum(…)`, `sum by (…) (…)`, `sum without (…) (…)`" + ` | the same |
| ` + "`rate(…[5m])`, `irate(…[5m])`, `increase(…[5m])`" + ` of a selector | the same: the range plays no part |
| ` + "`a + b`" + ` | both; each selector only once, all in the same form |
| ` + "`… or vector(0)`" + ` | the left side: a series that is not there yet counts nothing |

Everything else is refused with its place in the query: ratios and differences (give ` + "`bad` and `total`" + `, or select the
good series by their labels), ` + "`histogram_quantile`" + ` (select the bucket of your threshold instead, as in
` + "`latency_seconds_bucket{le=\"0.3\"}`" + `), subqueries, ` + "`offset`, `@`, `topk`, `avg`" + ` and so on.

` + metricsManual + `
## Leniency

` + "`check --lenient` and `serve --lenient`" + ` take what deviates from OpenSLO in common ways, with a warning that says what is
assumed: names with capitals and other characters (read in lower case with ` + "`-`" + `), ` + "`op` and `value`" + ` beside a ratio metric
(passed over), no ` + "`budgetingMethod`" + ` (Occurrences), no ` + "`timeWindow`" + ` (30 days, rolling) and a window that does not say
whether it rolls (it does).

## Files that are refused

Files over 1 MiB, more than 100,000 brackets and commas in a file, more than 50 levels of nesting, aliases that
multiply, text that is not UTF-8, NUL characters. In folders, names that begin with a dot are left out, links to folders
are not followed, and what is not a regular file is refused.
`
