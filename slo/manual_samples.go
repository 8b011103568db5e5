package slo

const manualSamples = `
## Samples

Not everything is counted by counters. Each sample of the query of a ` + "`thresholdMetric`" + `, or of a ` + "`raw`" + ` ratio, is judged
by itself, in the slice that it lies in:

| indicator | a sample is | counts as |
|---|---|---|
| ` + "`thresholdMetric`" + `, with ` + "`op` and `value`" + ` in each objective | good when ` + "`sample op value`" + `, otherwise bad | one event |
| ` + "`thresholdMetric`" + ` with the annotation ` + "`setpoint.dev/gauge: boolean`" + ` | good when 1, bad when 0 | one event |
| ` + "`ratioMetric`" + ` with ` + "`raw` and `rawType`" + ` | good by the share that it is (` + "`success`" + `), or bad by it (` + "`failure`" + `) | one event, divided to a thousand-millionth |

- **Which samples.** Where the query is nothing but a selector, as in ` + "`latency_seconds{job=\"shop\"}`" + `, they are the raw samples of
  all of its series, as they were scraped: a series that ends has no samples from then on. Any other expression is evaluated
  on a grid: every scrape interval (` + "`scrapeInterval`" + ` of the data source), or a quarter of a slice and at most every minute where none
  is declared, a little less often where that does not divide the slice. The grid counts from 1 January 1970 UTC, so that it is the same
  live, after an outage and in a backtest. Each series of the answer is a sample at each instant. What the backend takes for
  the value at an instant may be up to five minutes old.
- **Weight.** Samples weigh the same, busy hour or not: a share cannot be weighted by traffic. Prefer counters where there are any.
- **What cannot be judged** is left out and never good: NaN, infinity, a share below 0 or above 1, a boolean that is neither 0 nor 1.
  Left out, it is as if nothing had been seen at that instant. The slice is marked as doubtful, but for a
  single NaN, by which some backends tell that a series ended. So a latency that is NaN while there is no traffic is
  out of sight then.
- **Comparisons** in a query leave out what they do not hold for, so that ` + "`latency < 0.3`" + ` has no bad samples: it is refused. Compare by ` + "`op` and `value`" + `, or
  with ` + "`bool`" + `.
- What is compared with ` + "`value`" + ` is compared as PromQL does, in the nearest binary fraction.
`
