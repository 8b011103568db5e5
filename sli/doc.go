// Package sli counts what happened: the good and the bad events of an
// indicator in each slice of time, from the raw samples of its counters, or
// from samples that are good or bad by themselves.
//
//	samples of raw series ─► Cut.Increments: difference each series ─► sum per slice ─► []Slice
//	(package sli/promql)     series.go        increments.go             observed.go: coverage
//	                    ─► Cut.Samples: judge each sample ─► sum per slice ─► []Slice
//	                    ─► Cut.Fresh, Cut.Runs: ages of timestamps, runs of jobs
//	                       samples.go, fresh.go, runs.go, of indicators that are no counters
//	                    ─► Cut.Histograms: observations of native histograms; native.go, histogram.go
//
// Everything here is pure: the same samples give the same slices, on every
// machine, live, backfilled or after a restart. There is no state to lose,
// because nothing about a slice depends on what was asked about before.
//
// # Conventions
//
//   - The slice that starts at S holds the samples in (S, S+length]. A sample
//     exactly on a boundary belongs to the slice that ends there.
//   - What a counter grew by between two samples belongs to the slice of the
//     later sample. Nothing is extrapolated.
//   - A slice depends on samples up to its own end and on none after it, so
//     that a slice read live equals the same slice backfilled.
//   - Values of counters are rounded to thousandths, increments are not: over
//     any time the increments add up to last value − first value.
//
// # Rules
//
//   - Reset: a value below the one before counts from zero. Over a gap of the
//     series it is judged as a birth.
//   - Birth: a series without a sample before counts from zero if the
//     indicator was under observation: some series of it (good, bad or total)
//     was sampled without a gap for at least a gap limit before. It does too
//     when the indicator was seen earlier, within MaxGap at least, but not
//     continuously until the birth; then it is marked FlawGap.
//   - Baseline: otherwise the backend was attached late (the indicator's
//     targets show up one after the other during the first scrape interval),
//     and the first sample only says where to count from.
//   - Gap: two samples of a series further apart than the gap limit, 2.5
//     scrape intervals, have a gap between them. What the counter grew by is
//     known and counts where it was learned, in the slice of the later sample,
//     which is marked FlawGap. A series that is scraped less often than most of
//     its indicator has a limit of its own (pace.go), by its own distances.
//   - Coverage: instants of observation are the times of all samples of the
//     indicator. The time between two of them counts as covered if it is not
//     longer than the gap limit. From the last one in a slice on, the slice
//     counts as covered for 1.5 scrape intervals at most: nothing was due yet.
//     Slices inside a gap are therefore covered 0 (the first one up to 1.5
//     scrape intervals), and are never read as "no errors".
//   - NaN, infinite and negative values are
//     left out and their slice is marked FlawInvalid. A single NaN is left out
//     without a mark: VictoriaMetrics shows so that a series ended, where
//     Prometheus shows nothing.
//   - Values from 9.2e15 on, in thousandths, do not fit 63 bits: of such a
//     counter what it grows by is counted (outsized.go), as exactly as its
//     float64 tells it, in steps of 2 and more. A birth or a reset there, and
//     growth by so much at once, counts nothing and is marked FlawInvalid. Of
//     pairs of scrapers, and of native histograms, such values are left out.
//   - Samples that are judged one by one (Cut.Samples) are events of the slice
//     that they lie in. They cover time as samples of counters do. NaN,
//     infinity, a share that is none and a boolean that is neither 0 nor 1 are
//     neither events nor observations; their slice is marked FlawInvalid, but
//     for a single NaN. A share is rounded to a thousand-millionth.
//   - Native histograms (Cut.Histograms) are two counters: all observations,
//     and those at most the limit. Where the limit is a bound of buckets that is
//     exact; of a bucket around it the share counts that Prometheus'
//     histogram_fraction takes. Two samples are compared bucket by bucket, in the
//     buckets of the later one: they grow wider when a process has too many, and
//     an interpolated count may fall then without a reset. It is a reset when any
//     bucket counts fewer than before, or is narrower.
//   - Freshness (Cut.Fresh) counts covered time, a second as an event: it is
//     good while the newest timestamp is not too old. Between two samples the
//     later one tells what happened, and when; after the last one of a slice
//     nothing is assumed to have.
//   - A run (Cut.Runs) is one event, in the slice of the sample that shows what
//     became of it. What is counted depends on the look at a job before, which
//     is looked for as far back as the Horizon; a job that was not seen before
//     is judged as a birth.
//   - Pairs (Cut.Pairs): series of the same ID are copies of one counter by
//     several scrapers; every sample counts, and one that tells of an earlier
//     time than another copy's before it repeats the value before it. Of
//     samples that are judged, one a scrape counts (pairs.go).
//   - More good than total, or more bad than total: the total is raised and
//     the slice is marked FlawExcess.
//
// The scrape interval is the declared one, or else the median distance of
// samples in the slice and the five minutes before it. Declare it (the longest,
// where there are several) when series are scraped every two minutes or less often.
//
// # What nobody can know
//
// Events between a process's last scrape and its end were never stored.
// Counts.Unseen says how many there may have been (unseen.go); slices in which
// a process begins anew again and again are marked FlawRestarts (restless.go). A
// series that is added to the scrape configuration with a life behind it looks
// like a birth, and its whole life counts at once; so does one that comes back
// after longer than MaxGap while others were observed.
//
// # When the backend is down, slow or lying
//
// Then there is no slice but a ReadError, whose Reason says which of these it
// is and whose Curl repeats the request.
package sli
