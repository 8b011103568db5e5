package actuators

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// A Statement is a running statement of the class. Its text stays in the database: it may hold secrets.
type Statement struct {
	PID         int32
	Started     time.Time     // by the database's clock, to the microsecond
	Age         time.Duration // by the database's clock
	QueryID     int64         // of pg_stat_statements; 0 when the database does not compute it
	Application string        // application_name of the session
	Protected   bool          // counts as running, is never cancelled (see package doc)
}

// marks are the watermarks in workers. While more than high run, statements are cancelled down to low.
type marks struct {
	high, low int
}

// marksOf turns shares of workers into whole workers: n > share*workers is n > floor(share*workers) for a
// whole n. The small addend keeps 0.29*100 = 28.999999999999996 from becoming 28.
func marksOf(workers int, high, low float64) marks {
	whole := func(share float64) int { return int(math.Floor(float64(share*float64(workers)) + 1e-9)) }
	return marks{high: whole(high), low: whole(low)}
}

// choose returns which of the running statements are to be cancelled, oldest first: none while at most m.high run;
// else as many as it takes to come down to m.low, but no more than budget, and none that is protected or
// not older than floor. The law is the watermark reaper: by need, not by age.
func choose(running []Statement, floor time.Duration, m marks, budget int) []Statement {
	if len(running) <= m.high {
		return nil
	}
	var due []Statement
	for _, s := range running {
		if s.Age > floor && !s.Protected {
			due = append(due, s)
		}
	}
	slices.SortFunc(due, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(b.Age, a.Age), cmp.Compare(a.PID, b.PID))
	})
	return due[:max(0, min(len(due), len(running)-m.low, budget))]
}

// spending remembers when statements were cancelled, for the limits per tick and per minute.
type spending struct {
	perTick, perMin int
	last            []time.Time // in the last minute, oldest first
}

// left returns how many statements may be cancelled at now.
func (s *spending) left(now time.Time) int {
	s.last = slices.DeleteFunc(s.last, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	return max(0, min(s.perTick, s.perMin-len(s.last)))
}

func (s *spending) spend(now time.Time) { s.last = append(s.last, now) }
