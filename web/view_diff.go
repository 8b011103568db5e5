package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A diffView sets a decision beside the one before about the same actuator.
type diffView struct {
	Link, At, Stamp string // of the one before
	Rows            []diffRow
	Same            int // how many things are as they were
}

// A diffRow is a thing that is not as it was. An empty text says that there
// was no such thing.
type diffRow struct{ What, Before, Now string }

// diffView is nil for the first decision of an actuator, and while the ledger
// is away.
func (s *Server) diffView(ctx context.Context, l look, rec Record) *diffView {
	if rec.Seq == 0 {
		return nil
	}
	found, err := s.history(ctx, Filter{Actuator: rec.Decision.Actuator, Before: rec.Seq, Limit: 1})
	if err != nil || len(found) == 0 {
		return nil
	}
	was := found[0].Decision
	v := &diffView{Link: "/decisions/" + url.PathEscape(was.ID), At: clock(was.Input.At, l.now), Stamp: stamp(was.Input.At)}
	a, _ := l.actuator(was.Actuator)
	v.Rows, v.Same = diff(facts(a, was), facts(a, rec.Decision))
	return v
}

// A fact is something that a decision looked at or came to.
type fact struct{ what, is string }

func facts(a slo.Actuator, d loop.Decision) []fact {
	out := []fact{
		{"does", string(d.Verb)}, {"reason", string(d.Reason)}, {"setting that it found", a.Show(d.From)}, {"the rules want", a.Show(d.Wanted)},
		{"setting that it leaves", a.Show(d.To)}, {"mode", modeWords(d.Mode)}, {"definitions", d.Input.Policy}, {"leader epoch", fmt.Sprint(d.Input.Epoch)},
	}
	if u := d.Input.Unreadable; u != "" {
		out = append(out, fact{"setting", "unreadable: " + redact(u)})
	}
	for _, p := range d.Pulls {
		is := a.Show(p.Wanted)
		if p.Tier != "" {
			is += ", tier " + p.Tier
		}
		if p.Blind != "" {
			is += ", " + blindWords(p.Blind)
		}
		out = append(out, fact{"rule " + strings.TrimPrefix(p.Rule+" on "+p.Objective, " on "), is})
	}
	for _, c := range d.Checks {
		out = append(out, fact{"guard " + c.Guard, a.Show(c.In) + " → " + a.Show(c.Out) + ": " + reasonWords(c.Reason)})
	}
	return append(out, slices.Concat(evidenceFacts(d), orderFacts(d.Input.Conditions))...)
}

func evidenceFacts(d loop.Decision) (out []fact) {
	for _, st := range d.Input.Evidence {
		row := evidence(look{now: d.Input.At}, st)
		out = append(out, fact{row.Objective, row.Status.Word}, fact{row.Objective + ", budget left", row.Left})
		for _, w := range row.Windows {
			burn := "not known"
			if w.Known {
				burn = w.Burn
			}
			out = append(out, fact{row.Objective + ", burn over " + w.Window, burn})
		}
	}
	return out
}

func orderFacts(c loop.Conditions) (out []fact) {
	for _, o := range conditionOrders(c) {
		out = append(out, fact{"order " + string(o.Kind) + " of " + o.Target, "by " + o.By + ": " + o.Why})
	}
	return out
}

// diff pairs facts by what they are about, those that are no more at the end.
func diff(was, is []fact) (rows []diffRow, same int) {
	for _, f := range is {
		i := slices.IndexFunc(was, func(old fact) bool { return old.what == f.what })
		switch {
		case i < 0:
			rows = append(rows, diffRow{What: f.what, Now: f.is})
			continue
		case was[i].is == f.is:
			same++
		default:
			rows = append(rows, diffRow{f.what, was[i].is, f.is})
		}
		was = slices.Delete(slices.Clone(was), i, i+1)
	}
	for _, f := range was {
		rows = append(rows, diffRow{What: f.what, Before: f.is})
	}
	return rows, same
}
