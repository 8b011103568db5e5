package loop

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A run is a stretch of equal holds. It is one row on record: the first
// decision, and when the run ends how long it lasted.
type run struct {
	first    Decision
	recorded bool // the first decision is on record
	ended    bool
	until    time.Time
	ticks    int
	told     int // ticks that an outcome on record speaks of
}

// heartbeat is how many ticks of an unbroken run may pass unrecorded: what a
// crash can take from the length of a run.
const heartbeat = 60

// maxRuns bounds the runs of one loop that wait for the ledger to come back.
const maxRuns = 1000

// hold adds a hold to the run that it continues, or begins a new one.
func (c *control) hold(d Decision) {
	if r := c.openRun(); r != nil && alike(r.first, d) {
		r.until, r.ticks = d.Input.At, r.ticks+1
		return
	}
	c.endRun()
	if len(c.runs) < maxRuns {
		c.runs = append(c.runs, &run{first: d, until: d.Input.At, ticks: 1})
	}
}

func (c *control) openRun() *run {
	if n := len(c.runs); n > 0 && !c.runs[n-1].ended {
		return c.runs[n-1]
	}
	return nil
}

func (c *control) endRun() {
	if r := c.openRun(); r != nil {
		r.ended = true
	}
}

// alike reports whether two holds say the same: then the second needs no row
// of its own.
func alike(a, b Decision) bool {
	return a.Reason == b.Reason && a.From == b.From && a.Wanted == b.Wanted &&
		a.Mode == b.Mode && a.Input.Policy == b.Input.Policy && a.Input.Epoch == b.Input.Epoch && a.since().Equal(b.since()) &&
		orderID(a.Input.Conditions.Stop) == orderID(b.Input.Conditions.Stop) &&
		orderID(a.Input.Conditions.Freeze) == orderID(b.Input.Conditions.Freeze) &&
		orderID(a.Input.Conditions.Pin) == orderID(b.Input.Conditions.Pin) &&
		orderID(a.Input.Conditions.Demotion) == orderID(b.Input.Conditions.Demotion)
}

func orderID(o *Order) string {
	if o == nil {
		return ""
	}
	return o.ID
}

// recordHolds writes the runs that the ledger does not know yet, oldest
// first, and stops at the first that it does not take.
func (l *Loop) recordHolds(ctx context.Context, c *control) {
	for len(c.runs) > 0 && !again(l.ledgerErr) {
		r := c.runs[0]
		err := l.recordRun(ctx, r)
		if err != nil {
			l.ledgerFailed(fmt.Errorf("record hold %s: %w", r.first.ID, err))
		}
		if again(err) || err == nil && !r.ended {
			return
		}
		c.runs = c.runs[1:]
	}
}

func (l *Loop) recordRun(ctx context.Context, r *run) error {
	if !r.recorded {
		if in := r.first.Input; in.Term != l.term { // who records it, which after an outage need not be who decided it
			in.Term = l.term
			r.first = Decide(in)
		}
		if err := l.cfg.Records.Begin(ctx, r.first); err != nil {
			return err
		}
		r.recorded = true
	}
	if !r.ended && r.ticks-r.told < heartbeat || r.ticks == r.told {
		return nil
	}
	o := Outcome{Decision: r.first.ID, At: r.until, ReadBack: r.first.From, Until: r.until, Ticks: r.ticks}
	if err := l.cfg.Records.Finish(ctx, o); err != nil {
		return err
	}
	r.told = r.ticks
	return nil
}

// again reports whether what the ledger did not take may be asked of it
// again: it is out of reach, or the time was up. A refusal would be repeated.
func again(err error) bool {
	return errors.Is(err, ErrUnreachable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
