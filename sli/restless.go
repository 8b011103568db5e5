package sli

// restless marks the slices in which a process seems to begin anew between any
// two scrapes, and perhaps more than once. Then most of what it counts no
// sample holds, and a restart does not show where the next value is higher by
// chance: about every other one is. It seems so when two of five steps of a
// counter were resets, and two at least, over the lookback up to some sample.
func (k *counting) restless(tracks []track) {
	lookback := k.Lookback().Milliseconds()
	for _, t := range tracks {
		first := t.after(k.from - lookback)
		for i := t.nextReset(first + 1); i < len(t.points) && t.points[i].at <= k.to; i++ {
			if at := t.points[i].at; at > k.from && t.beganAnewOften(i, at-lookback) {
				n := k.index(at)
				k.flaws[n] = worse(k.flaws[n], FlawRestarts)
			}
		}
	}
}

// nextReset is the first point from the i-th on that began anew.
func (t track) nextReset(i int) int {
	for i < len(t.points) && !t.step(i).reset {
		i++
	}
	return i
}

// beganAnewOften judges the steps between points after an instant up to the
// i-th one.
func (t track) beganAnewOften(i int, after int64) bool {
	resets, steps := 0, 0
	for ; i > 0 && t.points[i-1].at > after; i-- {
		if steps++; t.step(i).reset {
			resets++
		}
	}
	return resets >= 2 && 5*resets >= 2*steps
}
