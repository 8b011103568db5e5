package retry

import (
	"math/rand/v2"
	"sync"
	"time"

	"setpoint.dev/setpoint/client"
)

// Terms are the contract in force, and what is left of its budget. They are
// shared by all who call one service, or by all who serve. The zero Terms
// allow no retries. They may be used by many goroutines.
type Terms struct {
	mu       sync.Mutex
	contract client.Retry
	tokens   float64 // retries that may be made now
}

// most is how many retries can be saved up, so that a quiet hour does not pay
// for a storm.
const most = 10

// NewTerms are the terms until Setpoint was heard.
func NewTerms(start client.Retry) *Terms {
	t := &Terms{}
	t.put(start)
	return t
}

// Follow takes in a setting; it is for Client.WatchRetry and Client.Watch. A
// setting without a contract changes nothing.
func (t *Terms) Follow(s client.Setting) {
	if s.Retry != nil {
		t.put(*s.Retry)
	}
}

// Contract is the contract in force.
func (t *Terms) Contract() client.Retry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.contract
}

// put begins a budget with one retry, so that somebody who calls rarely may
// repeat a call. A smaller budget does not wait for the larger one to be used
// up.
func (t *Terms) put(c client.Retry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case c.Budget <= 0:
		t.tokens = 0
	case t.contract.Budget <= 0 || c.Budget < t.contract.Budget:
		t.tokens = 1
	}
	t.contract = c
}

// called notes a first attempt. It is noted before the call: calls that are
// under way for long count as well.
func (t *Terms) called() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tokens = min(t.tokens+t.contract.Budget, most)
}

// spend takes a retry from the budget, if there is one.
func (t *Terms) spend() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tokens < 1 {
		return false
	}
	t.tokens--
	return true
}

// pause is how long to wait before attempt n+1: random from 0 to a bound that
// doubles ("full jitter", AWS Architecture Blog, 2015). Of a service that
// cannot be reached the bound is the spread, if that is longer: all its
// callers have lost it at the same time.
func pause(c client.Retry, n int, away bool, random func() float64) time.Duration {
	bound := min(c.Cap, c.Base*float64(int64(1)<<min(n-1, 30)))
	if away {
		bound = max(bound, c.Spread)
	}
	return seconds(float64(bound * random()))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// randomly is random, or a random number of its own.
func randomly(random func() float64) func() float64 {
	if random == nil {
		return rand.Float64
	}
	return random
}
