package web

import (
	"fmt"
	"net"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// What follows is for tests only.
var (
	OutIn   = outIn
	About   = about
	Percent = percent
	Count   = count
	Redact  = redact
	Window  = window
)

// BoundConns is a listener that hands out so many connections at once.
func BoundConns(l net.Listener, most int) net.Listener { return boundConns(l, most) }

// TrailOf is how many points the charts keep of so many objectives after looks
// a minute apart, and which instants those of one of them begin and end at.
func TrailOf(objectives, looks int, begin time.Time) (points int, first, last time.Time) {
	t, r := newTrail(), loop.Report{States: make([]budget.State, objectives)}
	for k := range r.States {
		r.States[k] = budget.State{Objective: fmt.Sprint(k), Status: budget.OK}
	}
	for i := range looks {
		for k := range r.States {
			r.States[k].At = begin.Add(time.Duration(i) * time.Minute)
		}
		t.add(&slo.Set{}, r)
	}
	for _, ps := range t.points[leftTrack] {
		points += 2 * len(ps)
		first, last = ps[0].at, ps[len(ps)-1].at
	}
	return points, first, last
}
