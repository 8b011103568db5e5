package web

import (
	"sync"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// An index finds objectives and their states by name: a page may ask for each
// of 20,000. It is made once for each tick. What it says is looked at again,
// so that an old one is slow and not wrong.
type index struct {
	set               *slo.Set
	first             *budget.State
	objectives, state map[string]int
	of                map[string][]int // :: service → its objectives
}

// A shelf keeps the newest index. The zero shelf is ready.
type shelf struct {
	mu  sync.Mutex
	now *index
}

func (s *shelf) of(set *slo.Set, r loop.Report) *index {
	var first *budget.State
	if len(r.States) > 0 {
		first = &r.States[0]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil || s.now.set != set || s.now.first != first || len(s.now.state) != len(r.States) {
		s.now = newIndex(set, first, r.States)
	}
	return s.now
}

func newIndex(set *slo.Set, first *budget.State, states []budget.State) *index {
	x := &index{set: set, first: first, objectives: make(map[string]int, len(set.Objectives)), state: make(map[string]int, len(states)), of: map[string][]int{}}
	for i, o := range set.Objectives {
		x.objectives[o.Name] = i
		x.of[o.Service] = append(x.of[o.Service], i)
	}
	for i, st := range states {
		x.state[st.Objective] = i
	}
	return x
}
