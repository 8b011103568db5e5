package slo

// metricsManual is what is said of MetricsQL.
const metricsManual = `### MetricsQL

A data source of ` + "`type: VictoriaMetrics`" + ` reads more than PromQL. What is valid PromQL is read as that; of what is MetricsQL
alone, these are totals of counters too:

| form | read as |
|---|---|
| ` + "`rate(a)`, `irate(a)`, `increase(a)`" + ` without a range, or with one in steps (` + "`[5i]`, `[$__interval]`" + `) | the counters: the range plays no part |
| ` + "`increase_pure(…)`, `increase_prometheus(…)`, `rate_prometheus(…)`" + ` | the same |
| ` + "`sum(a, b)`" + ` | both, as ` + "`sum(a) + sum(b)`" + ` |
| ` + "`… default 0`, `… or 0`" + ` | the left side: a series that is not there yet counts nothing |

Any other expression can be that of [samples](#samples), as in ` + "`histogram_share(0.3, …)`" + `, if its value at an instant does not depend on
which instants are asked for: functions over samples need a range in units of time, subqueries a step, and ` + "`range_…`, `running_…`, `topk_…`, `step()`" + `
and their like are refused. So are ` + "`WITH`" + ` templates (and ` + "`ru` and `ttf`" + `, which are such): write what they stand for; ` + "`or`" + ` in a
selector of counters: add selectors that have no series in common; more than 64 brackets in each other, and more than 400 words and signs, and more than 400 kB of such queries in a file.

With a data source of another type such a query is refused as the PromQL that it is not. Where no file declares a data source, as with documents
of other tools, it is taken with a warning. Rules that are exported keep it as it is, for vmalert, and say so.
`
