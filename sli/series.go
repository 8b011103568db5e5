package sli

import (
	"cmp"
	"math"
	"slices"
)

// A Sample is the value of a counter at an instant.
type Sample struct {
	Milli int64   // ms since the Unix epoch
	Value float64 // as the backend told it
}

// A Series is one raw counter. Its samples may be in any order.
type Series struct {
	ID      string // the same ID is the same series, wherever it occurs
	Samples []Sample
}

// A track is a series made ready for counting: valid points only, in order,
// at most one for each instant.
type track struct {
	id     string
	points []point
}

type point struct {
	at    int64 // ms since the Unix epoch
	value Count
}

// largest is where values begin that do not fit a Count.
const largest = 9.2e15

// clean makes tracks of series, and lists the instants at which something was
// left out.
func clean(all []Series) (tracks []track, invalid []int64) {
	size := 0
	for _, s := range all {
		size += len(s.Samples)
	}
	points := make([]point, 0, size)
	for _, s := range all {
		start := len(points)
		for _, m := range s.Samples {
			if !valid(m.Value) {
				invalid = append(invalid, m.Milli)
				continue
			}
			points = append(points, point{m.Milli, quantise(m.Value)})
		}
		t := track{id: s.ID, points: points[start:len(points):len(points)]}
		invalid = append(invalid, t.order()...)
		tracks = append(tracks, t)
	}
	return tracks, invalid
}

// valid reports whether v can be the value of a counter. NaN fails every
// comparison.
func valid(v float64) bool { return v >= 0 && v < largest }

func quantise(v float64) Count { return Count(math.RoundToEven(v * float64(Event))) }

// order sorts the points by time and keeps the highest of those at the same
// instant. It returns the instants that had contradicting values.
func (t *track) order() (contradicting []int64) {
	if ascending(t.points) {
		return nil
	}
	slices.SortFunc(t.points, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.value, a.value))
	})
	kept := t.points[:0]
	for _, p := range t.points {
		switch n := len(kept); {
		case n == 0 || kept[n-1].at != p.at:
			kept = append(kept, p)
		case kept[n-1].value != p.value:
			contradicting = append(contradicting, p.at)
		}
	}
	t.points = kept
	return contradicting
}

func ascending(p []point) bool {
	for i := 1; i < len(p); i++ {
		if p[i].at <= p[i-1].at {
			return false
		}
	}
	return true
}
