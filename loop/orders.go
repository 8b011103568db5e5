package loop

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"
)

// stopPatience is how long a stop waits for the ledger before it is
// acknowledged as in force and not yet recorded.
const stopPatience = 700 * time.Millisecond

// Order carries out what a person commands: it is recorded, and the next
// tick respects it.
//
// A stop is in force when Order returns, whether or not the ledger could be
// reached: recorded tells which. A stop that is not on record yet is
// recorded as soon as the ledger is back. One whose ID another order has is
// recorded under that ID with an ending of its own.
func (l *Loop) Order(ctx context.Context, o Order) (recorded bool, err error) {
	if o.Kind == OrderStop {
		l.brake.Engage(o)
		short, cancel := context.WithTimeout(ctx, stopPatience)
		defer cancel()
		return l.give(short, o) == nil, nil
	}
	if err := l.give(ctx, o); err != nil {
		return false, fmt.Errorf("record order %s: %w", o.Kind, err)
	}
	return true, nil
}

// Heed brings the brake in line with the orders on record, between two ticks:
// a stop that another instance took is obeyed as soon as it is read. It returns
// what read found, and the stops that are not on record yet.
func (l *Loop) Heed(ctx context.Context, now time.Time, read func(context.Context, time.Time) ([]Order, error)) ([]Order, error) {
	select {
	case l.ordering <- struct{}{}:
		defer func() { <-l.ordering }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	orders, err := read(ctx, now)
	if err != nil {
		return nil, fmt.Errorf("heed orders: %w", err)
	}
	l.heed(orders)
	return slices.Concat(orders, l.brake.Unrecorded()), nil
}

// heed puts those stops in force that are among the orders on record.
func (l *Loop) heed(orders []Order) {
	l.brake.Set(slices.DeleteFunc(slices.Clone(orders), func(o Order) bool { return o.Kind != OrderStop }))
}

// HoldLocal puts stops of this machine in force, or ends them where there are
// none: they need no ledger. OnRecord tells whether one of a target is on
// record too, where other instances see it.
func (l *Loop) HoldLocal(stops []Order) { l.brake.Hold(stops) }

// Unrecorded reports whether a stop waits to be put on record.
func (l *Loop) Unrecorded(id string) bool {
	return slices.ContainsFunc(l.brake.Unrecorded(), func(o Order) bool { return o.ID == id })
}

// OnRecord reports whether a stop of exactly this target is on record, as last
// read.
func (l *Loop) OnRecord(target string) bool { return l.brake.OnRecord(target) }

// Stopped reports whether an emergency stop covers an actuator. Local
// enforcement asks it before each action.
func (l *Loop) Stopped(actuator, service string) bool { return l.brake.Stop(actuator, service) != nil }

// give records an order. Orders and the reading of them take turns, so that
// a stop cannot slip between what was read and what is put in force.
func (l *Loop) give(ctx context.Context, o Order) error {
	select {
	case l.ordering <- struct{}{}:
		defer func() { <-l.ordering }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return l.record(ctx, o)
}

// record gives a stop whose ID is taken by another order under an ID of its
// own: it is in force already, so that it can neither be refused nor left out.
func (l *Loop) record(ctx context.Context, o Order) error {
	err := l.cfg.Records.Give(ctx, o)
	if o.Kind != OrderStop {
		return err
	}
	if errors.Is(err, ErrTaken) {
		own := o
		own.ID = ownID(o)
		err = l.cfg.Records.Give(ctx, own)
	}
	if err == nil {
		l.brake.Recorded(o)
	}
	return err
}

// ownID is the ID of a stop with what makes it another one than the order that
// has its ID: the same each time, so that it is recorded once.
func ownID(o Order) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %t", o.Target, o.By, o.Why, o.Revert))
	return fmt.Sprintf("%.180s-%x", o.ID, sum[:8])
}

// command brings the stops that wait onto the record and the brake in line
// with it. It returns the orders in force.
func (l *Loop) command(ctx context.Context, now time.Time) []Order {
	if again(l.ledgerErr) {
		return slices.Concat(l.known, l.brake.Unrecorded())
	}
	l.ordering <- struct{}{}
	defer func() { <-l.ordering }()
	for _, o := range l.brake.Unrecorded() {
		if err := l.record(ctx, o); err != nil {
			l.ledgerFailed(fmt.Errorf("record stop %s: %w", o.ID, err))
			break
		}
	}
	orders, err := l.cfg.Records.Orders(ctx, now)
	if err != nil {
		l.ledgerFailed(fmt.Errorf("read orders: %w", err))
		return slices.Concat(l.known, l.brake.Unrecorded())
	}
	l.known = orders
	l.heed(orders)
	return slices.Concat(orders, l.brake.Unrecorded())
}
