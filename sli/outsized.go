package sli

import (
	"math"
	"slices"
)

// A counter from largest on does not fit a Count, but what it grows by does:
// that is found in the values as they are, whose difference is exact. What
// such a value alone would tell, at a birth or after a reset, is not counted and
// marked FlawInvalid. One that is higher by largest or more than the one before
// is left out, and marked so too.

func isOutsized(s Sample) bool { return s.Value >= largest && !math.IsInf(s.Value, 1) }

// outsizedTrack makes a track of a series of which some values are outsized;
// they are points of value 0.
func outsizedTrack(s Series, near int64) (t track, invalid []int64) {
	small, steps := slices.Clone(inOrder(s.Samples)), map[int64]step{} // :: instant → step
	before, kept := math.Inf(1), 0.0                                   // the values before: of all samples, and of those that are kept
	for i, one := range small {
		v := one.Value
		switch {
		case i+1 < len(small) && small[i+1].Milli == one.Milli: // the higher one follows
			small[i].Value = math.NaN()
		case isOutsized(one) && v-before >= largest:
			small[i].Value, before = math.Inf(1), v
		case isOutsized(one):
			steps[one.Milli] = step{grown: quantise(max(0, v-before)), reset: v < before, outsized: true}
			small[i].Value, before, kept = 0, v, v
		case valid(v):
			steps[one.Milli] = step{grown: quantise(max(0, v-kept)), reset: v < kept}
			before, kept = v, v
		}
	}
	t.id = s.ID
	t.points, invalid = appendPoints(nil, small, near)
	for _, p := range t.points {
		t.steps = append(t.steps, steps[p.at])
	}
	return t, invalid
}
