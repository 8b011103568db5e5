package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// hearFor bounds the reading of news, so that a session that hangs is given up.
const hearFor = time.Second

// A feed is what instances have put on record as it was read last: it brings
// the pages and the gate of each in line with what the others did, between two
// ticks. Nil is one that knows of nothing.
type feed struct {
	at        time.Time // before it was read
	orders    []loop.Order
	decisions []loop.Decision // the newest of each loop
	kept      []loop.Decision // by which actuators that live in the ledger were set last
}

// heard takes in news: stops are obeyed at once, orders and the leader's
// decisions shown and answered by.
func (h *house) heard(ctx context.Context, n ledger.News) error {
	ask, cancel := context.WithTimeout(ctx, hearFor)
	defer cancel()
	was, is := h.feed.Load(), feed{at: time.Now()}
	var err error
	if is.orders, err = h.loop.Heed(ask, is.at, n.Orders); err != nil {
		return err
	}
	if was != nil {
		is.decisions, is.kept = was.decisions, was.kept
	}
	if n.Decided {
		err = is.read(ctx, h)
	}
	if n.Keys && h.keyring != nil {
		err = errors.Join(err, h.keyring.Refresh(ctx))
	}
	h.feed.Store(&is)
	if n.Decided || !slices.EqualFunc(was.orders, is.orders, func(a, b loop.Order) bool { return a.ID == b.ID }) {
		h.web.News()
	}
	return err
}

// read reads what was decided.
func (f *feed) read(ctx context.Context, h *house) error {
	set := h.set.Load()
	var names []string
	for _, c := range set.Loops {
		names = append(names, c.Actuator)
	}
	decisions, err := h.records.Newest(ctx, names...)
	if err != nil {
		return err
	}
	kept, err := h.records.Kept(ctx)
	if err != nil {
		return err
	}
	f.decisions, f.kept = decisions, kept
	return nil
}

// into brings a report in line. The leader's own says what it decided.
func (f *feed) into(r loop.Report) loop.Report {
	if f == nil {
		return r
	}
	newer := f.at.After(r.At)
	if newer {
		r.Orders, r.OrdersAt = f.orders, f.at
	}
	if r.Leader {
		return r
	}
	r.Decisions = f.decisions
	r.Settings = slices.Clone(r.Settings)
	for i := range r.Settings {
		s := &r.Settings[i]
		if d, found := of(f.decisions, s.Actuator); found {
			s.Decision = d.ID
		}
		if d, found := of(f.kept, s.Actuator); found && newer {
			s.Value, s.At, s.Error = d.To, f.at, ""
			s.Shown = shown(r.Set, *s)
		}
	}
	return r
}

// shown is a setting in the words of its actuator.
func shown(set *slo.Set, s loop.Setting) string {
	for _, a := range set.Actuators {
		if a.Name == s.Actuator {
			return a.Show(s.Value)
		}
	}
	return s.Shown
}

// of finds the decision about an actuator.
func of(decisions []loop.Decision, actuator string) (loop.Decision, bool) {
	i := slices.IndexFunc(decisions, func(d loop.Decision) bool { return d.Actuator == actuator })
	if i < 0 {
		return loop.Decision{}, false
	}
	return decisions[i], true
}
