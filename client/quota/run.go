package quota

import (
	"context"
	"time"

	"setpoint.dev/setpoint/client"
)

// Run follows Setpoint until ctx ends, with its error: the watermark of an
// actuator and, where several gates share the capacity, a lease that is
// renewed three times while it is good. name is this gate's own among all
// gates. heard is told of each setting too; it may be nil.
func (g *Gate) Run(ctx context.Context, c client.Client, actuator, name string, heard func(client.Setting)) error {
	renewed := make(chan error, 1)
	go func() { renewed <- g.renew(ctx, c, actuator, name) }()
	err := c.Watch(ctx, actuator, func(s client.Setting) {
		g.Follow(s)
		if heard != nil {
			heard(s)
		}
	})
	<-renewed
	return err
}

// shortest and first are pauses between two asks: the least, and the one
// before a lease says how long it is good.
const (
	shortest = time.Second
	first    = 5 * time.Second
)

// renew asks for leases until ctx ends.
func (g *Gate) renew(ctx context.Context, c client.Client, actuator, name string) error {
	pause := first
	for {
		if g.shared() {
			asked := time.Now()
			if l, err := c.Lease(ctx, actuator, g.Ask(name, asked)); err == nil {
				g.Granted(l, asked)
				pause = max(time.Duration(l.Seconds*float64(time.Second))/3, shortest)
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// shared reports whether there are several gates.
func (g *Gate) shared() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.quota.Gates > 1
}
