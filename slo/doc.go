// Package slo reads what was promised: definitions in YAML become typed,
// validated, resolved values. It is pure: no clock, no network, no files but
// those that the caller hands it.
//
//	ReadFiles ─► Load: parse ─► check ─► read ─► resolve ─► Set | Problems
//
// Two sorts of documents are read, any number of them in a file: OpenSLO v1,
// all kinds, for promises, and our own kinds for what OpenSLO has no words for:
// acting (Actuator, ControlLoop, ReleasePolicy), times that are not judged as
// others (Calendar), promises about promises (CompositeSLO), and what is sent when a period has ended (Report). OpenSLO's other versions (openslo_older.go) are
// rewritten as v1 first, and so are the formats of other tools that the caller
// hands an Importer for.
//
// # Where to read
//
//	slo.go, window.go, loop.go, …  the types that all other rooms speak of
//	decimal.go, duration.go        exact targets, exact lengths of time
//	schema.go, kinds_*.go          the tables of all keys: check.go compares documents with
//	                               them, manual.go writes docs/definitions.md from them, jsonschema.go
//	                               docs/definitions.schema.json
//	source.go, value.go            one file as YAML, within bounds, with the place of everything
//	foreign*.go, convert.go        other formats, rewritten as OpenSLO with their places kept; the
//	                               formats are sloth/, pyrra/, slogenerator/ and nobl9/
//	read_*.go                      one kind after another into its type, with the checks of one document
//	resolve.go                     references, and the checks that take more than one document;
//	                               apart.go: of files that are checked without the others
//	systems.go                     metrics in systems that are not asked
//	habits.go                      what people write in OpenSLO's place
//	composite.go, read_composite*.go  objectives that are made of others
//	grouping.go, read_grouping.go  one objective for each value of a label
//	condition.go                   expressions that rules depend on, and what they look at
//	selectors.go                   which PromQL can be read as a sum of raw counters
//	samples.go                     which PromQL has samples that can be judged
//	metricsql.go, metricsql_read.go, dialect.go  the same of what VictoriaMetrics alone reads
//	calendar.go, recurrence.go     which times a calendar covers; exemption.go: of one objective
//	environment.go                 ${NAME}
//	files.go, nearest.go           folders; the nearest name
//	source_page.go                 where people look at a query
//	json.go, kubernetes.go         the forms that definitions come in beside YAML documents
//	problem.go, render.go          what is wrong, where, and what was probably meant
//
// # What holds
//
//   - Definitions are accepted whole or refused whole. Load returns every
//     problem that it can find at once, each with file, line, column and path,
//     what was expected, and the nearest valid key or name.
//   - Nothing is dropped silently: a key that is not read is an error, or a
//     warning where the format lets anything stand.
//   - Targets and burn rates are decimals, so that 99.9 % leaves 1/1000.
//   - What can never happen is refused: a burn rate beyond 1/(1 − target), a
//     window that is not made of slices, an actuator with two loops, two
//     actuators that set the same thing.
//   - Secrets (addresses of data sources and databases) come from ${NAME} in
//     the environment. They are in no message, no String, no JSON.
//   - The JSON of loops, actuators and policies is what a decision is judged
//     by. It has neither places nor words for people, so that moving a
//     definition to another line leaves its record as it was.
//   - Hostile input costs bounded memory and time: files of 1 MiB, 50 levels,
//     200,000 values with aliases followed, 100 problems a file.
//
// # When something is down
//
// Nothing here can be down. A file that cannot be read is a problem; a caller
// that reloads keeps the last good set in force.
package slo
