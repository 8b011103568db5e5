package plant

import (
	"container/heap"
	"time"
)

// A clockwork does things in the order of their time; of things due at one
// moment, in the order in which they were planned.
type clockwork struct {
	now     time.Duration // since the begin
	planned int
	due     agenda
}

type event struct {
	at    time.Duration
	order int
	do    func()
}

// plan has do done at a time, which is not past.
func (c *clockwork) plan(at time.Duration, do func()) {
	c.planned++
	heap.Push(&c.due, event{at, c.planned, do})
}

// advance does all that is due before to, and lets it be to.
func (c *clockwork) advance(to time.Duration) {
	for len(c.due) > 0 && c.due[0].at < to {
		e := heap.Pop(&c.due).(event)
		c.now = e.at
		e.do()
	}
	c.now = max(c.now, to)
}

// An agenda is a heap of events.
type agenda []event

func (a agenda) Len() int      { return len(a) }
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].order < a[j].order
}

// Push implements heap.Interface.
func (a *agenda) Push(x any) { *a = append(*a, x.(event)) }

// Pop implements heap.Interface.
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
