package plant

import "time"

// safeShare is the bad share up to which a limit counts as safe.
const safeShare = 0.01

// Static is how a model does under one report timeout and nothing else; 0 is
// none.
func Static(cfg Config, timeout time.Duration) Truth {
	cfg.Limits = Limits{Timeout: timeout}
	return NewWorkers(cfg).Finish()
}

// BestStatic is the timeout of a ladder that somebody would choose who knew
// what is coming; see Best.
func BestStatic(cfg Config, ladder []time.Duration) time.Duration {
	var all []Truth
	for _, timeout := range ladder {
		all = append(all, Static(cfg, timeout))
	}
	return ladder[Best(all)]
}

// Best is the index of the best of some truths: of those in which at most 1 %
// of customers are served badly, the one with most useful work done; if there
// is none, the one with the fewest served badly.
func Best(all []Truth) (best int) {
	for i, t := range all {
		if better(t, all[best]) {
			best = i
		}
	}
	return best
}

func better(a, b Truth) bool {
	switch safe, other := a.BadShare() <= safeShare, b.BadShare() <= safeShare; {
	case safe && other:
		return a.UsefulSeconds > b.UsefulSeconds
	case safe || other:
		return safe
	}
	return a.BadShare() < b.BadShare()
}
