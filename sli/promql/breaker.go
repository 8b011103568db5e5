package promql

import (
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A breaker leaves a backend alone that is down or overloaded. It opens after
// a few questions in a row that the backend itself failed (not the query), or
// at once when the backend asks to be left alone. While it is open questions
// end at once, with the reason for which it opened. Then one question is let
// through: if it is answered, the breaker is closed.
type breaker struct {
	mu     sync.Mutex
	failed int       // questions in a row
	until  time.Time // it is open; zero: it is closed
	trying bool      // the question that was let through is under way
	last   *sli.ReadError

	answered time.Time // the newest question that was
	since    time.Time // of the first of the questions in a row that failed
	asked    int64     // questions that were asked
	missed   int64     // of them, those that the backend failed
}

const (
	trips        = 3 // failures in a row
	firstPause   = 5 * time.Second
	longestPause = time.Minute
)

// enter reports whether a question may be asked; the error is why not.
func (b *breaker) enter(now time.Time) *sli.ReadError {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return nil
	}
	if wait := b.until.Sub(now); wait > 0 {
		return b.leftAlone(wait)
	}
	if b.trying {
		return b.refusal(time.Second, "being tried again")
	}
	b.trying = true
	return nil
}

// refuses is why no question may be asked just now, without asking one: nil
// when one may be.
func (b *breaker) refuses(now time.Time) *sli.ReadError {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wait := b.until.Sub(now); wait > 0 {
		return b.leftAlone(wait)
	}
	return nil
}

func (b *breaker) leftAlone(wait time.Duration) *sli.ReadError {
	return b.refusal(wait, fmt.Sprintf("left alone until %s", b.until.UTC().Format(time.TimeOnly)))
}

// refusal is the newest error, with what was done about it. b is locked.
func (b *breaker) refusal(wait time.Duration, words string) *sli.ReadError {
	e := *b.last
	e.RetryAfter = wait
	e.Err = fmt.Errorf("%s after %d failed in a row: %w", words, b.failed, b.last.Err)
	return &e
}

// leave notes how a question ended, nil for an answer.
func (b *breaker) leave(source string, err *sli.ReadError, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
	b.asked++
	switch {
	case err != nil && err.Reason == sli.ReasonCanceled: // says nothing
	case err == nil || !ofBackend(err.Reason):
		b.failed, b.until, b.last, b.answered = 0, time.Time{}, nil, now
	default:
		if b.missed++; b.failed == 0 {
			b.since = now
		}
		b.failed, b.last = b.failed+1, err
		if b.failed >= trips || err.RetryAfter > 0 {
			b.until = now.Add(pause(source, b.failed, err.RetryAfter))
		}
	}
}

// ofBackend reports whether a reason is the backend's and not the query's.
func ofBackend(r sli.Reason) bool {
	switch r {
	case sli.ReasonUnreachable, sli.ReasonTimeout, sli.ReasonOverloaded, sli.ReasonStatus, sli.ReasonUnauthorized, sli.ReasonRedirected, sli.ReasonNotJSON:
		return true
	}
	return false
}

// pause is how long a backend is left alone: twice as long each time, up to a
// minute, or as long as it asks for. Sources of one name and number of
// failures pause alike, others up to a quarter longer, so that those who fail
// together do not come back together.
func pause(source string, failed int, asked time.Duration) time.Duration {
	d := firstPause
	for n := trips; n < failed && d < longestPause; n++ {
		d *= 2
	}
	h := fnv.New32a()
	fmt.Fprint(h, source, failed)
	d = min(d, longestPause)
	return max(asked, d+d/4*time.Duration(h.Sum32()%1000)/1000)
}
