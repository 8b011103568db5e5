package web

import (
	"context"
	"slices"
	"sync"
	"time"

	"setpoint.dev/setpoint/loop"
)

// While a freeze thaws, releases go one after the other. What counts is which
// went before, of which the ledger knows from the verdicts on record. They are
// read again when that was a while ago, for another server may have let some
// go; what this one has let go it knows at once. Two servers that are asked
// within that while may each let one go.

const (
	recountAfter    = 2 * time.Second
	recountVerdicts = 500
)

// A turnstile lets one question through at a time while a freeze thaws. The
// zero turnstile is ready.
type turnstile struct {
	mu      sync.Mutex
	passing chan struct{} // of capacity 1: full while a question is answered
	went    map[string]*crowd
}

// A crowd is who went through for one service.
type crowd struct {
	lets []loop.Let
	read time.Time // when the ledger was asked last
}

// enter waits for the turn of a question about a service that thaws, and
// returns what ends it, with who went through by then in the view; it returns
// at once for others. Its error is ctx's.
func (s *Server) enter(ctx context.Context, now time.Time, v *loop.GateView, q loop.GateQuestion) (leave func(), err error) {
	per := v.Paces(q)
	if per == 0 {
		return func() {}, nil
	}
	line := s.turnstile.line()
	select {
	case line <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.turnstile.due(q.Service, now) {
		verdicts, err := s.verdictHistory(ctx, VerdictFilter{Service: q.Service, Limit: recountVerdicts})
		if err == nil { // else what this server knows
			s.turnstile.recount(q.Service, loop.LetGo(verdicts), now.Add(-per))
		}
	}
	v.Let = s.turnstile.let(q.Service)
	return func() { <-line }, nil
}

func (t *turnstile) line() chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.passing == nil {
		t.passing = make(chan struct{}, 1)
	}
	return t.passing
}

// due reports whether the ledger is to be asked again, and takes it for asked.
func (t *turnstile) due(service string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.of(service)
	if now.Sub(c.read) < recountAfter {
		return false
	}
	c.read = now
	return true
}

// of is the crowd of a service.
func (t *turnstile) of(service string) *crowd {
	if t.went == nil {
		t.went = map[string]*crowd{}
	}
	if t.went[service] == nil {
		t.went[service] = &crowd{}
	}
	return t.went[service]
}

// recount adds those on record to what is known, and forgets who went before
// since.
func (t *turnstile) recount(service string, lets []loop.Let, since time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.of(service)
	for _, l := range lets {
		if !slices.ContainsFunc(c.lets, func(k loop.Let) bool { return k.Release == l.Release && k.At.Equal(l.At) }) {
			c.lets = append(c.lets, l)
		}
	}
	c.lets = slices.DeleteFunc(c.lets, func(l loop.Let) bool { return l.At.Before(since) })
}

// passed notes an answer that was given.
func (t *turnstile) passed(a loop.GateAnswer) {
	if !loop.LetByPace(a) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.of(a.Service)
	c.lets = append(c.lets, loop.Let{Release: a.Release, At: a.At})
}

// let is who went through for a service of late, as far as it is known.
func (t *turnstile) let(service string) []loop.Let {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.went[service]; c != nil {
		return slices.Clone(c.lets)
	}
	return nil
}
