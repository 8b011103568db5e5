// Package promql counts events by asking any backend that speaks the
// Prometheus HTTP API: Prometheus, VictoriaMetrics, Mimir, Thanos.
//
//	CountsAll ─► asks about the same slices of one source ─► chunks of at most 2 h
//	            ─► plan: selectors fused into few queries
//	            ─► fetch: selector[range] at the chunk's end, raw samples ─► who gets which series
//	            ─► anchor: what was there before the range, where that matters
//	            ─► sli.Cut.Increments ─► slices of each ask
//
// Read sources.go and count.go for the flow, fuse.go and plan.go for what is
// asked together, fetch.go and anchor.go for the questions, decode.go and
// scan.go and scan_histogram.go for what is accepted as an answer, exchange.go and transport.go for
// what guards the connection, fault.go for how errors are told.
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
// says how long a step is. Of jobs that were not seen of late, what was seen of
// them up to the horizon is asked for too. See sampled.go and grid.go.
//
// Of a classic histogram one bucket and the count are asked about as any
// counters are. Series that differ in how the bound is written are one. Counts
// without that bucket, or of the time before it came, are left out and their
// slices marked; where it is not there at all, one more question finds the
// bounds that are: histogram.go.
//
// Native histograms are asked about as raw samples are; an answer holds all of
// their buckets. Where none is found, two questions more find out whether
// there is a classic one of the name, or a backend that keeps none: native.go.
//
// # Fusion
//
// Queries of many objectives are asked together. A selector that has another's
// matchers and more needs no question: its series are among the other's.
// Selectors of one metric and the same labels become one, in which values that
// differ are the alternatives of a regular expression:
//
//	x_total{service="a",code=~"5.."}, x_total{service="a"}, x_total{service="b"}  ─►  x_total{service=~"a|b"}
//
// Negative matchers, and those that match a missing label, are asked as they
// are. Which selectors a series belongs to is decided by evaluating their own
// matchers on its labels, by Prometheus's rules: a missing label is empty, a
// regular expression matches the whole value, and . matches a line break too,
// as in Prometheus 3. So fusion changes no result. A query is at most 15 KiB
// long, which VictoriaMetrics takes by default, and its answer is expected to
// be at most half of MaxBytes. Where several labels differ, a query may find
// series that nobody wants; when these are most of the answer, it is asked in
// narrower ones from then on.
//
// A fused query that fails for a reason which may lie in one of its selectors
// is asked in halves, up to 64 questions more at a time, until the others have
// their answers; then it stays in parts for ten minutes.
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
// Chunks end where a stretch of MaxGap ends (sli.Cut.Horizon), and where about
// twice MaxBytes would be held in memory. A query whose answer is too long for
// MaxBytes, or which the backend refuses to evaluate (too many samples), is
// asked about fewer objectives, and then about half of the time, down to one
// slice. How a time is chunked does not change its slices.
//
// # When the backend is down, slow or lying
//
// An ask is answered by a *sli.ReadError and no slices. Every question has the
// source's timeout as its deadline, counted from when it gets one of the
// source's slots (Concurrency); a source that hangs holds its own slots and no
// others. Answers are read as they come; they are bounded in bytes after
// decompression, which is not asked for: it would cost the backend more than
// all else. Redirects are followed within scheme and host and only if they
// keep the method. Answers that are not JSON, not a matrix, list a series twice, or that the backend
// itself calls incomplete (warnings, isPartial) are errors; so is an answer by
// a backend whose clock (the Date header) has not reached the end of the time
// asked about, since samples would still be missing, or is more than a minute
// ahead of ours. Counts retries nothing: the
// next tick asks again, for everything since the last slice that was kept.
//
// A backend that failed three questions in a row (down, too slow, overloaded,
// no JSON, no entry) is left alone for 5 s, then twice as long each time up to
// a minute, or as long as its Retry-After says, up to ten minutes. Questions
// end at once then, with the reason; one is let through when the time is over.
// Errors that may be of the query, such as 400 and 422, are none of these.
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
//     samples, each question carries one more matcher,
//     setpoint_slice!="1767225660", which
//     matches everything and was not seen before. That a series ended it shows
//     as one NaN sample (package sli). With -dedup.minScrapeInterval one
//     sample an interval is left: set it to the scrape interval or leave it
//     unset. -search.maxSamplesPerQuery counts blocks of samples as
//     wholes (of some hours, at usual intervals), whatever part of them is asked for: what is asked together is asked
//     apart then, but one selector whose series are too many stays refused, and the error says so.
//   - Thanos and VictoriaMetrics clusters are asked for whole answers
//     (partial_response=false, deny_partial_response=1) unless AllowPartial.
//     Thanos must not answer from downsampled blocks: leave
//     --query.auto-downsampling off.
//   - Pairs of scrapers of the same targets, where the backend does not merge
//     what they store, differ by a label: prometheus_replica or __replica__, or
//     one that the source declares. It is left out of the IDs of series, so
//     that series of the same ID are copies, and package sli counts them once
//     (Cut.Pairs); each question then reaches half a lookback further back.
//     Without such labels nothing of this costs anything (pairs.go). Plan tells
//     of series that seem to be copies.
package promql
