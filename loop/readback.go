package loop

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// mostRead bounds how many actuators are read at once.
const mostRead = 128

// A readBack is what an actuator was found at, in this tick.
type readBack struct {
	value float64
	err   error
}

// readable reports whether it was found anywhere: what somebody else has set
// is a setting as well.
func (r readBack) readable() bool { return r.err == nil || errors.Is(r.err, ErrForeign) }

// readAll reads back every actuator, many at once, so that one that hangs
// keeps the others waiting no longer than it takes to give it up, however many
// hang.
func (l *Loop) readAll(ctx context.Context) {
	found := make([]readBack, len(l.set.Actuators))
	var all errgroup.Group
	all.SetLimit(mostRead)
	for i, a := range l.set.Actuators {
		handle, _ := l.handle(a.Name)
		all.Go(func() error {
			found[i].value, found[i].err = handle.Read(ctx)
			return nil
		})
	}
	_ = all.Wait() // each has its own error
	l.found = make(map[string]readBack, len(found))
	for i, a := range l.set.Actuators {
		l.found[a.Name] = found[i]
	}
}
