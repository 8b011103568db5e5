// Package promql counts events by asking any backend that speaks the
// Prometheus HTTP API: Prometheus, VictoriaMetrics, Mimir, Thanos.
//
//	Counts ─► chunks of at most 2 h ─► fetch: selector[range] at the chunk's end, raw samples
//	            ─► anchor: what was there before the range, where that matters
//	            ─► sli.Cut.Increments ─► slices
//
// Read sources.go and source.go for the flow, fetch.go and anchor.go for the
// questions, decode.go for what is accepted as an answer, exchange.go and
// transport.go for what guards the connection, fault.go for how errors are told.
//
// # Questions
//
// An indicator's queries are sums of raw counters; slo.Selectors gives the
// selectors of them. Each is asked once per chunk as an instant query
// of a range selector, http_requests_total{job="shop"}[3660000ms] at the end of
// the chunk. Such a query returns the stored samples as they are: nothing is
// interpolated, aligned or extrapolated. The range begins a lookback before
// the chunk (5 scrape intervals, at least a minute; 5 minutes where the
// interval is to be learned), so that the sample before the first one of the
// chunk is seen. When a series begins inside a chunk, one more question,
// last_over_time(…[24 h to 48 h]) at the beginning of the lookback, tells a
// birth from a return after a long gap. It is asked for the series in question
// only, or for the whole indicator when nothing of it was observed of late.
//
// Of an indicator whose samples are judged, a bare selector is asked about in
// the same way, without the last question. Any other expression is evaluated
// by a range query at the multiples of a step since the Unix epoch; slo.Grid
// says how long a step is. See sampled.go and grid.go.
//
// How exact all of this is, on real backends, package accuracy measures; its
// figures are in docs/accuracy.md.
//
// # Boundaries
//
// Slices and ranges are left-open: (from, to], in ms. Prometheus 2 returns
// closed ranges, [from, to]; a sample exactly at from is dropped here, so that
// all backends give equal answers. Any other sample outside of the range makes
// the answer malformed.
//
// # Chunks
//
// Chunks end where a stretch of MaxGap ends (sli.Cut.Horizon). A chunk whose
// answer is too long for MaxBytes, or which the backend refuses to evaluate
// (too many samples), is halved, down to one slice. How a time is chunked does
// not change its slices.
//
// # When the backend is down, slow or lying
//
// Counts returns a *sli.ReadError and no slices. Every question has the
// source's timeout as its deadline, counted from when it gets one of the
// source's slots (Concurrency); a source that hangs holds its own slots and no
// others. Answers are bounded in bytes after decompression. Redirects are
// followed within scheme and host and only if they keep the method. Answers
// that are not JSON, not a matrix, list a series twice, or that the backend
// itself calls incomplete (warnings, isPartial) are errors; so is an answer by
// a backend whose clock (the Date header) has not reached the end of the time
// asked about: samples would still be missing. Counts retries nothing: the
// next tick asks again, for everything since the last slice that was kept.
//
// A slice should be read once the last scrape in it has arrived: see
// sli.Readable. Samples that come later are noticed when the slice is read
// again, which the loop does for a while (sli.Settling); slices depend on
// samples alone, so that they come out then as if all had been on time.
//
// # Backends
//
//   - VictoriaMetrics: range selectors return raw samples whatever
//     -search.latencyOffset says; the offset (30 s by default) shifts
//     last_over_time only near the present, and it is asked about a minute ago
//     and earlier. Samples can be queried up to three seconds after they were
//     scraped; the default Delay of 5 s covers it. For about ten seconds it
//     remembers which series a selector has, so that births would be missing:
//     once it is recognised, by a header or the content type of its raw
//     samples, each question carries one more matcher, setpoint_slice!="1767225660", which
//     matches everything and was not seen before. That a series ended it shows
//     as one NaN sample (package sli). With -dedup.minScrapeInterval one
//     sample an interval is left: set it to the scrape interval or leave it
//     unset. -search.maxSamplesPerQuery refuses chunks that are too large; they
//     are halved.
//   - Thanos and VictoriaMetrics clusters are asked for whole answers
//     (partial_response=false, deny_partial_response=1) unless AllowPartial.
//     Thanos must not answer from downsampled blocks: leave
//     --query.auto-downsampling off.
//   - Pairs of replicas that scrape the same targets under different labels
//     count double unless the backend merges them.
package promql
