package sli

import (
	"math"
	"time"
)

// ahead is how far a timestamp may lie in the future of its sample: clocks of
// machines differ.
const ahead = time.Minute

// Fresh counts the time in each slice of the cut during which the newest of
// the timestamps was at most maxAge old, good, and during which it was older,
// bad, in seconds as events. What was not observed is neither. The package
// documentation states the rules.
//
// The series hold their samples in (From−Lookback, To]. Samples before that
// are welcome, samples after To are ignored.
func (c Cut) Fresh(maxAge time.Duration, all []Series) []Slice {
	tracks, invalid := cleanStamps(all, c.Lookback().Milliseconds())
	k := counting{Cut: c, from: c.From.UnixMilli(), to: c.To.UnixMilli(), step: c.slice().Milliseconds()}
	k.measure(tracks)
	k.mark(invalid, FlawInvalid)
	f := freshness{tracks: tracks, seen: k.seen, limit: maxAge.Milliseconds()}
	good, total := make([]Count, len(k.paces)), make([]Count, len(k.paces))
	for n := range k.paces {
		start := k.from + int64(n)*k.step
		total[n] = Count(k.seen.covered(start, start+k.step, k.paces[n]))
		good[n] = Count(f.in(start, start+k.step, k.paces[n]))
	}
	k.Good = true
	return k.slices(good, total)
}

// freshness is timestamps, in ms, and when they were seen.
type freshness struct {
	tracks []track
	seen   instants
	limit  int64 // maxAge
}

// in is for how many ms of what was observed of (start, end] the newest
// timestamp was not too old.
func (f freshness) in(start, end int64, p pace) (sum int64) {
	i := f.seen.after(start)
	for ; i < len(f.seen) && f.seen[i] <= end; i++ {
		if i > 0 && f.seen[i]-f.seen[i-1] <= p.limit {
			sum += f.between(max(f.seen[i-1], start), f.seen[i], f.newest(f.seen[i-1], p), f.newest(f.seen[i], p))
		}
	}
	if i == 0 {
		return sum
	}
	last := f.seen[i-1]
	newest := f.newest(last, p)
	return sum + f.between(max(last, start), max(last, start, min(end, last+p.tail)), newest, newest)
}

// between is for how many ms of (from, to] the newest timestamp was not too
// old, when before was known at from and after at to. What happened in between
// counts from when it happened, not from when it was seen.
func (f freshness) between(from, to, before, after int64) int64 {
	begin, end := max(from, before), min(to, before+f.limit)
	sum := max(0, end-begin)
	if after > before {
		begin = max(from, after)
		if sum > 0 {
			begin = max(begin, end) // not twice
		}
		sum += max(0, min(to, after+f.limit)-begin)
	}
	return sum
}

// newest is the newest of the timestamps that the series showed at an instant,
// in samples no further back than a gap.
func (f freshness) newest(at int64, p pace) int64 {
	newest := int64(math.MinInt64 / 2)
	for _, t := range f.tracks {
		if last, ok := t.at(at, p.limit); ok {
			newest = max(newest, int64(last.value))
		}
	}
	return newest
}

// cleanStamps makes tracks of series of Unix timestamps; the value of a point
// is in ms. What is none (NaN, infinite, negative, more than a minute in the
// future) is left out, and its instants are listed as by cleanSamples.
func cleanStamps(all []Series, near int64) (tracks []track, invalid []int64) {
	return cleanBy(all, near, func(s Sample) (Count, bool) {
		ms := math.RoundToEven(s.Value * 1000)
		if !(ms >= 0 && ms <= float64(s.Milli+ahead.Milliseconds())) {
			return 0, false
		}
		return Count(ms), true
	})
}
