package actuators

import (
	"context"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// What the external tests reach into the package for.
var (
	Choose       = choose
	MarksOf      = marksOf
	ReadStamp    = readStamp
	Milliseconds = milliseconds
	Seconds      = seconds
)

// A Class is a class of statements as a Reaper sees it.
type Class struct {
	ListFunc   func(high int) ([]Statement, error)
	CancelFunc func(Statement, *string) (bool, error)
}

func (c Class) list(_ context.Context, high int) ([]Statement, error) { return c.ListFunc(high) }
func (c Class) cancel(_ context.Context, s Statement, move *string) (bool, error) {
	return c.CancelFunc(s, move)
}

// ReaperOf returns a Reaper of a class that no database is behind.
func ReaperOf(a slo.Actuator, d Deps, c Class) *Reaper {
	r := newReaper(a, d, nil)
	r.class = c
	return r
}

// Confirm does what Read and Apply do.
func (r *Reaper) Confirm(setting float64) { r.confirm(setting, nil) }

// WatchedBy returns what the watch of a Reaper has seen.
func WatchedBy(r *Reaper) loop.Work { return (&QueryTimeout{reaper: r}).Watched() }

// Fingerprint is how the database computes one.
const Fingerprint = fingerprint
