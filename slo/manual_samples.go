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

## Histograms

Latencies are best kept as histograms: every request counts. A ` + "`thresholdMetric`" + ` with the annotation
` + "`setpoint.dev/histogram: classic`" + ` names the metric of a classic one, without ` + "`_bucket`" + `, and each objective its limit:

` + "```yaml\n" + `apiVersion: openslo/v1
kind: SLI
metadata:
  name: checkout-latency
  annotations: {setpoint.dev/histogram: classic}
spec:
  thresholdMetric:
    metricSource: {spec: {query: 'request_seconds{job="checkout"}'}}
` + "```" + `

With ` + "`op: lte` and `value: 0.3`" + ` good is ` + "`request_seconds_bucket{job=\"checkout\",le=\"0.3\"}`" + ` and total is
` + "`request_seconds_count{job=\"checkout\"}`" + `; they are counted as any other counters are. With ` + "`op: gt`" + ` what the bucket holds is bad.

- **The bound.** A bucket is found however its bound is written: 1, 1.0, 1e+00. Prometheus 3 rewrites ` + "`le=\"1\"`" + ` as ` + "`le=\"1.0\"`" + `: the series
  before and after are taken for one.
- **No such bucket.** ` + "`value`" + ` has to be a bound that the histogram has: nothing is interpolated. Series without that bucket are left out,
  good and bad, and so is the time before a series got it; the slices are marked. Where none has it, and none has it today, the objective has no data and says why:
  ` + "`no bucket le=0.3 of request_seconds_bucket{job=\"checkout\"}; nearest 0.25, 0.5`" + `; so does ` + "`setpoint plan`" + `.

Native histograms have no fixed buckets: they grow finer or wider with what they hold. With the annotation
` + "`setpoint.dev/histogram: native`" + ` the query selects one in the same way, and all of its buckets are read, sample by sample, as they
are stored:

    total  all observations, those that are NaN too, which are in no bucket
    good   those in buckets up to ` + "`value`" + ` (` + "`op: lte`" + `), or above it (` + "`op: gt`" + `)

- **Where ` + "`value`" + ` is a bound of buckets, that is exact.** Bounds are the powers of 2^(1/2^schema): 0.25, 0.5, 1, 2 are bounds of every schema
  from 0 on. Of a bucket on both sides of ` + "`value`" + ` the share counts that ` + "`histogram_fraction`" + ` of Prometheus 3 takes: as if observations were
  spread evenly over the logarithm, or, in the bucket around zero and where bounds are custom, over the value. At schema 3 a bucket is 9 % wide.
  Of a bucket without a bound on one side nothing is at most ` + "`value`" + `.
- **Wider buckets.** A process, or Prometheus, halves the resolution when there are too many buckets. Each two samples are compared in
  the buckets of the later one, so that counts which are interpolated differently from then on neither rise nor fall by that.
- **Resets** are told by a count or any bucket that fell, or that grew narrower, as Prometheus tells them where its storage
  gives no hint: such hints are not part of the answers of its API. Of gauge histograms every fall would be a reset; they cannot be counted.
  Histograms of floats are counted to the thousandth.
- **Which backends.** Prometheus from 2.40 on with ` + "`--enable-feature=native-histograms`" + `, from 3.8 on with
  ` + "`scrape_native_histograms: true`" + `, and what else answers with them as it does, such as Mimir and Thanos. VictoriaMetrics keeps none: an objective has no data there and says so. Where only classic buckets are scraped,
  it says that too.
- ` + "`setpoint plan`" + ` prints the mode ` + "`native`" + `.

## Time and runs

Two kinds of indicators read Unix timestamps, in seconds, as batch jobs and backups expose them. 0 means never. Queries are
read as those of [Samples](#samples) are: a bare selector as raw samples, anything else on the grid. A timestamp that is negative, not a number or more than a minute in the
future is left out, and its slice marked.

**Freshness**, a ` + "`thresholdMetric`" + ` with the annotation ` + "`setpoint.dev/maxAge`" + `, counts time in seconds:

    good   while the newest timestamp of all series is at most maxAge old
    bad    while it is older, or 0
    –      while no timestamp is seen

` + "```yaml\n" + `apiVersion: openslo/v1
kind: SLI
metadata:
  name: backup-age
  annotations: {setpoint.dev/maxAge: 26h}
spec:
  thresholdMetric:
    metricSource: {spec: {query: backup_last_success_timestamp_seconds}}
` + "```" + `

The instant at which the age passes the limit is known, so that slices are divided there, to the millisecond. Success counts from
when it happened, as far as the slice in which it is first seen reaches back: what an earlier slice was counted as is not changed,
so that at most the time from a success to the sample that shows it counts as bad and was not.

**Deadline**, a ` + "`ratioMetric`" + ` with the annotation ` + "`setpoint.dev/deadline`" + `, counts runs of jobs. ` + "`total`" + ` is when a job last
started, ` + "`good`" + ` when it last succeeded; series whose labels are equal but for the name are of one job:

    good      the job succeeded at most deadline after it started; counted when that is first seen
    bad       it did not; counted at the first sample after the deadline, or when the job is started anew before it succeeded
    pending   neither yet: shown, not counted

` + "```yaml\n" + `apiVersion: openslo/v1
kind: SLI
metadata:
  name: nightly
  annotations: {setpoint.dev/deadline: 4h, setpoint.dev/every: 24h}
spec:
  ratioMetric:
    counter: false
    good: {metricSource: {spec: {query: job_last_success_timestamp_seconds}}}
    total: {metricSource: {spec: {query: job_last_start_timestamp_seconds}}}
` + "```" + `

With ` + "`setpoint.dev/every`" + ` a start is due so long after the one before, and one bad run is counted for each that has not begun at
its deadline, every + deadline after the start before. A run that begins late is judged by itself.

Each run is counted once. A job that was never seen before counts from its first run on where other jobs of
the indicator are being watched; otherwise its present run may be an old one, and is not counted unless it is under way. What a run came to
while nothing could be seen is counted afterwards, and its slice marked. Of a run that ended between two samples in which the next one ended
too, nothing is known: jobs that run more often than they are scraped are better counted by counters.

## Missing evidence

Two annotations of an ` + "`SLO`" + ` or a ` + "`CompositeSLO`" + ` say when its budget can be judged.

**` + "`setpoint.dev/minEvents: \"100\"`" + `**: a window that holds fewer events (samples, runs, seconds, time slices: what the budget is
kept in) is too few to judge by. The budget's own window gives the status ` + "`too-few`" + `; no rule tightens or relaxes by a shorter one, no alert is
raised by it, and the gate does not deny for a budget that such a window has used up.

**` + "`setpoint.dev/noData`" + `**: what time that was not observed counts as, from the first slice on that ever was:

| word | time that was not observed | the objective |
|---|---|---|
| ` + "`hold`" + ` | counts as nothing | is ` + "`no-data`" + ` when nothing was observed of late, ` + "`partial`" + ` when less than half was; nothing is relaxed by what is not in sight. This is the default |
| ` + "`ignore`" + ` | is as if it had not been | is judged by what was seen, however long ago |
| ` + "`good`" + ` | counts as good | is judged, and better than what was seen |
| ` + "`bad`" + ` | counts as bad | is judged, and worse than what was seen |

How much of the good or the bad it is: with ` + "`Timeslices` and `RatioTimeslices`" + ` as many time slices as it is long; of anything else as many events (or
seconds) as the observed part of the same window has in so much time, and where nothing of the window was observed, enough to
judge by. Loops, alerts and the gate follow the rule. The truth stays in sight: the share observed of each window, how much was assumed, and
a ` + "`noData`" + ` alert, which tells of the silence whatever it counts as. What calendars exclude counts by the rule all the same where it was
not observed.
`
