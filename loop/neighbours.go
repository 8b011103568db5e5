package loop

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A Neighbour is an actuator that shares its plant or its fleet with the one
// that is decided about.
type Neighbour struct {
	Actuator string `json:"actuator"`
	Loop     string `json:"loop"`
	Plant    bool   `json:"plant,omitempty"`  // it acts on the same plant
	Fleet    bool   `json:"fleet,omitempty"`  // it is of the same fleet
	Canary   bool   `json:"canary,omitempty"` // of the fleet, and nobody has to consent to its moves
	Wants    Verb   `json:"wants,omitempty"`  // what its rules wanted last; "" = not known since the start
	Last     *Past  `json:"last,omitempty"`   // its newest move that was carried out
}

// neighbours are the actuators beside the one of a loop, in the order in which
// their loops have their turn.
func (l *Loop) neighbours(ctx context.Context, c *control, now time.Time) (out []Neighbour, err error) {
	for _, other := range l.controls {
		n := Neighbour{
			Actuator: other.actuator.Name, Loop: other.loop.Name,
			Plant: c.loop.Plant.Name != "" && c.loop.Plant.Name == other.loop.Plant.Name,
			Fleet: c.loop.Fleet.Name != "" && c.loop.Fleet.Name == other.loop.Fleet.Name,
		}
		if other == c || !n.Plant && !n.Fleet {
			continue
		}
		asks := other.last.Reason == ReasonUnapproved || other.last.Reason == ReasonObserving
		n.Canary = n.Fleet && other.loop.Fleet.Canary && !asks
		if other.last.Verb != "" {
			n.Wants = verb(other.actuator, other.last.From, other.last.Wanted)
		}
		if n.Last, err = l.lastMove(ctx, other, now); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// lastMove is the newest move of an actuator. The ledger is asked once a tick
// for each, and again after a move.
func (l *Loop) lastMove(ctx context.Context, c *control, now time.Time) (*Past, error) {
	if p, known := l.newest[c.actuator.Name]; known {
		return p, nil
	}
	conditions, err := l.cfg.Records.Conditions(ctx, ConditionsQuery{Actuator: c.actuator.Name, Service: c.actuator.Service, Now: now, Moves: 1})
	if err != nil {
		l.ledgerFailed(fmt.Errorf("read moves of %s: %w", c.actuator.Name, err))
		return nil, err
	}
	var last *Past
	if n := len(conditions.Moves); n > 0 {
		last = &conditions.Moves[n-1]
	}
	l.newest[c.actuator.Name] = last
	return last, nil
}

// canariesFirst has canaries decide before the others of their fleet.
func canariesFirst(controls []*control) {
	slices.SortStableFunc(controls, func(a, b *control) int {
		switch {
		case a.loop.Fleet.Canary == b.loop.Fleet.Canary:
			return 0
		case a.loop.Fleet.Canary:
			return -1
		}
		return 1
	})
}
