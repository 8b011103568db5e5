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
// what is coming: of those under which at most 1 % of customers are served
// badly, the one that gets most useful work done; if there is none, the one
// with the fewest served badly.
func BestStatic(cfg Config, ladder []time.Duration) (best time.Duration) {
	var won Truth
	for i, timeout := range ladder {
		t := Static(cfg, timeout)
		if i == 0 || better(t, won) {
			best, won = timeout, t
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
