package sli

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A Cut says which slices to make of samples, and how.
type Cut struct {
	From, To time.Time     // the slices that start in [From, To); both are slice boundaries
	Slice    time.Duration // length of a slice; 0 = 1 min
	Good     bool          // the part counts good events; otherwise bad ones
	Scrape   time.Duration // scrape interval; 0 = learned from the samples
	MaxGap   time.Duration // counters are differenced over gaps up to this long at least; 0 = 24 h
	Pairs    bool          // series of the same ID are copies of one, each stored by another scraper
}

const (
	learnOver     = 5 * time.Minute // before a slice, to learn the scrape interval from
	leastLookback = time.Minute
	unlearned     = time.Minute // Prometheus's default scrape interval
	learnFrom     = 1024        // distances are enough for a median
)

// Lookback is how long before From the samples must reach.
func (c Cut) Lookback() time.Duration {
	if c.Scrape <= 0 {
		return learnOver
	}
	return max(5*c.Scrape, leastLookback)
}

// Horizon is the instant after which a sample must lie to be the one before a
// sample in the slice that starts at start. It lies between one and two MaxGap,
// and a Lookback, before start and is the same for all slices of a stretch of
// MaxGap, counted from the Unix epoch, so that no slice depends on what else is
// asked for. The Lookback is for the scrapes around a gap: samples on both
// sides of a backend that was down for MaxGap are further apart than that.
func (c Cut) Horizon(start time.Time) time.Time {
	return time.UnixMilli(c.horizon(start.UnixMilli()))
}

// Readable is when the slice that ends at end can first be read: the last
// scrape inside it has arrived by then. Targets that take longer to answer
// than the source's delay need a longer one.
func Readable(src slo.Source, end time.Time) time.Time { return end.Add(delay(src)) }

// Newest is the end of the newest slice that can be read at now; slice is the
// length of slices, 0 = 1 min.
func Newest(src slo.Source, slice time.Duration, now time.Time) time.Time {
	step := Cut{Slice: slice}.slice()
	now = now.Round(0).Add(-delay(src)) // by the wall clock alone
	return now.Add(-time.Duration(now.UnixNano()) % step)
}

// Settling is for how long after its first reading a slice is provisional: it
// is read again, because samples may arrive late. 0 = slices are read once.
func Settling(src slo.Source) time.Duration {
	if src.Settle == 0 {
		return 2 * time.Minute
	}
	return max(src.Settle, 0)
}

func delay(src slo.Source) time.Duration {
	if src.Delay > 0 {
		return src.Delay
	}
	return 5 * time.Second
}

func (c Cut) slice() time.Duration {
	if c.Slice > 0 {
		return c.Slice
	}
	return time.Minute
}

func (c Cut) maxGap() time.Duration {
	if c.MaxGap > 0 {
		return c.MaxGap
	}
	return 24 * time.Hour
}

func (c Cut) horizon(start int64) int64 {
	cell := c.maxGap().Milliseconds()
	return (start/cell-1)*cell - c.Lookback().Milliseconds()
}

// after is the index of the first point after an instant.
func (t track) after(at int64) int {
	i, _ := slices.BinarySearchFunc(t.points, at+1, func(p point, at int64) int { return cmp.Compare(p.at, at) })
	return i
}

func byID(a, b track) int { return strings.Compare(a.id, b.id) }
