package plant

import "time"

// A Truth is what customers and those who asked for reports saw, booked on
// the second in which they asked.
type Truth struct {
	Good          int      `json:"good"`
	Bad           int      `json:"bad"`
	Reports       int      `json:"reports"` // asked for, retries not counted
	Useful        int      `json:"useful"`  // answered within 10 s
	Late          int      `json:"late"`    // answered later, when nobody waited
	Cancelled     int      `json:"cancelled"`
	NoWorker      int      `json:"noWorker"`      // gave up in the queue
	UsefulSeconds float64  `json:"usefulSeconds"` // with a worker, of useful reports
	LateSeconds   float64  `json:"lateSeconds"`
	WastedSeconds float64  `json:"wastedSeconds"` // of cancelled ones
	PerSecond     []Second `json:"-"`
}

// A Second is what became of the customers who came in one second.
type Second struct{ Good, Bad int }

// badShare is the share of bad answers above which a whole second is bad.
const badShare = 0.10

// Share is the share of its answers that were bad; 0 when there were none.
func (s Second) Share() float64 {
	if s.Good+s.Bad == 0 {
		return 0
	}
	return float64(s.Bad) / float64(s.Good+s.Bad)
}

// BadShare is the share of all answers that were bad.
func (t Truth) BadShare() float64 { return Second{t.Good, t.Bad}.Share() }

// BadSeconds is the number of seconds of which more than a tenth was bad.
func (t Truth) BadSeconds() (n int) {
	for _, s := range t.PerSecond {
		if s.Share() > badShare {
			n++
		}
	}
	return n
}

// Recovered is when the last bad second after an instant ended, counted from
// that instant; 0 when there is none.
func (t Truth) Recovered(after time.Duration) (last time.Duration) {
	for i, s := range t.PerSecond {
		if end := time.Duration(i+1) * time.Second; end > after && s.Share() > badShare {
			last = end - after
		}
	}
	return last
}

func (t *Truth) customer(due time.Duration, good bool) {
	s := &t.PerSecond[due/time.Second]
	if good {
		s.Good++
		t.Good++
	} else {
		s.Bad++
		t.Bad++
	}
}
