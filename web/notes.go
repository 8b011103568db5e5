package web

import (
	"context"
	"net/url"
	"slices"
	"time"

	"setpoint.dev/setpoint/loop"
)

// What happened stands on the charts: releases that were asked about and
// deployed, what people ordered, and what they noted.

// releaseNotes are the releases that the gate was asked about.
func (s *Server) releaseNotes(ctx context.Context, service string) (out []noteRow) {
	found, _ := s.verdictHistory(ctx, VerdictFilter{Service: service, Limit: 200})
	for _, g := range found {
		if g.Answer.Release == "" {
			continue
		}
		badge := verdictBadge(g.Answer.Verdict)
		out = append(out, noteRow{What: "release " + g.Answer.Release + ": " + badge.Word, Link: "/verdicts/" + url.PathEscape(g.ID), Style: "release", instant: g.Answer.At})
	}
	return out
}

// deployNotes are the releases that tools told of.
func (s *Server) deployNotes(ctx context.Context, service string, f frame) (out []noteRow) {
	if s.cfg.Deploys == nil {
		return nil
	}
	found, _ := patient(ctx, s, func(ctx context.Context) ([]loop.Deploy, error) {
		return s.cfg.Deploys.Deploys(ctx, DeployFilter{Service: service, To: f.to, Limit: mostDeploys})
	})
	for _, d := range found {
		what := "deployed " + d.Release
		if d.Environment != "" {
			what += " to " + d.Environment
		}
		if d.By != "" {
			what += " by " + d.By
		}
		out = append(out, noteRow{What: what, Link: d.Link, Style: "deploy", instant: d.At})
	}
	return out
}

// ordersSince lists orders that were given from an instant on, the newest
// first, at most 50,000.
func (s *Server) ordersSince(ctx context.Context, from time.Time) (out []loop.Order, _ error) {
	const page = 1000
	before := ""
	for range 50 {
		found, err := ledger(ctx, s, func(ctx context.Context, r Reader) ([]loop.Order, error) { return r.OrderHistory(ctx, before, page) })
		out = append(out, found...)
		if err != nil || len(found) < page || found[len(found)-1].At.Before(from) {
			return out, err
		}
		before = found[len(found)-1].ID
	}
	return out, nil
}

// concerns reports whether an order is about a service, what belongs to it, or
// everything.
func concerns(l look, g loop.Order, service, objective string) bool {
	if g.Target == "*" || g.Target == objective || service != "" && g.Target == service {
		return true
	}
	a, isActuator := l.actuator(g.Target)
	return isActuator && a.Service == service && service != "" || g.Adjust != nil && g.Adjust.Objective == objective
}

func orderNote(l look, g loop.Order) noteRow {
	row := orderRowOf(l, g)
	if n := g.Note; n != nil {
		return noteRow{What: g.Why + " (" + g.By + ")", Link: "/control#h-orders", Style: "note", instant: n.From, until: n.To}
	}
	return noteRow{What: row.Kind + " of " + row.Target + " by " + row.By + ": " + row.Why, Link: "/control#h-orders", Style: "order", instant: g.At}
}

// noted has those notes of a frame, the newest first, ready to be shown.
func noted(l look, f frame, all []noteRow) []noteRow {
	all = slices.DeleteFunc(all, func(n noteRow) bool {
		return n.instant.After(f.to) || n.instant.Before(f.from) && !n.until.After(f.from)
	})
	slices.SortStableFunc(all, func(a, b noteRow) int { return b.instant.Compare(a.instant) })
	for i := range all {
		n := &all[i]
		n.At, n.Stamp = clock(n.instant, l.now), stamp(n.instant)
		if !n.until.IsZero() {
			n.At += " to " + clock(n.until, l.now)
		}
	}
	return all
}

func marksOf(notes []noteRow, f frame) (out []mark) {
	for _, n := range notes {
		if !n.instant.Before(f.from) {
			out = append(out, mark{f.x(n.instant), n.Style, n.At + " " + n.What})
		}
	}
	return out
}

// noteBands are the stretches of time that notes are about.
func noteBands(notes []noteRow, f frame) (out []band) {
	for _, n := range notes {
		if !n.until.IsZero() {
			x := f.x(n.instant)
			out = append(out, band{X: x, W: max(f.x(n.until)-x, 0.2), Style: "note", Title: n.At + " " + n.What})
		}
	}
	return out
}

// annotate puts what people noted, and deploys, on the charts of actuators.
// While the ledger is away the charts go without; so do those of the overview,
// which never asks it.
func (s *Server) annotate(ctx context.Context, l look, cards []actuatorCard) {
	if l.report.LedgerErr != nil || len(cards) == 0 {
		return
	}
	f := s.frame(l.now)
	orders, err := s.ordersSince(ctx, f.from)
	if err != nil {
		return
	}
	deploys := map[string][]noteRow{}
	for i := range cards {
		c := &cards[i]
		if _, known := deploys[c.Service]; !known && c.Service != "" {
			deploys[c.Service] = s.deployNotes(ctx, c.Service, f)
		}
		notes := slices.Clone(deploys[c.Service])
		for _, g := range orders {
			if g.Note != nil && (g.Target == c.Name || concerns(l, g, c.Service, "")) {
				notes = append(notes, orderNote(l, g))
			}
		}
		notes = noted(l, f, notes)
		for k := range c.Charts {
			c.Charts[k].Marks = append(c.Charts[k].Marks, marksOf(notes, f)...)
			c.Charts[k].Bands = append(c.Charts[k].Bands, noteBands(notes, f)...)
		}
	}
}
