package main

import (
	"fmt"
	"strings"
)

// comparison is what the demo ends with: the same load on two shops, one left alone.
type comparison struct {
	Observing, Acting result
	Replay            string // what `setpoint replay` found wrong; empty: no difference
}

// result is how one shop came through.
type result struct {
	Truth  summary
	Budget *budgetFigures // nil: Setpoint could not be asked
}

// budgetFigures are Setpoint's, from the metrics, to be held against the truth.
type budgetFigures struct {
	Burned float64 // share of the objective's budget; 1 is all of it
	Bad    float64 // checkouts
	Total  float64
}

// What the loop must reach, as told in the README.
const (
	badSecondsAtMost  = 0.25 // of those of the observing shop
	usefulWorkAtLeast = 0.60 // of that of the observing shop
	incidentAtLeast   = 10   // bad seconds of the observing shop; with fewer there was no incident to help in
)

// faults says in which ways the loop did not help; none means that it did.
func (c comparison) faults() []string {
	var faults []string
	observing, acting := c.Observing.Truth, c.Acting.Truth
	if observing.BadSeconds < incidentAtLeast {
		faults = append(faults, fmt.Sprintf("there was no incident: the observing shop had %d bad seconds, at least %d were expected", observing.BadSeconds, incidentAtLeast))
	}
	if limit := badSecondsAtMost * float64(observing.BadSeconds); float64(acting.BadSeconds) > limit {
		faults = append(faults, fmt.Sprintf("bad seconds: acting had %d, more than a quarter of observing's %d", acting.BadSeconds, observing.BadSeconds))
	}
	if limit := usefulWorkAtLeast * observing.UsefulSeconds; acting.UsefulSeconds < limit {
		faults = append(faults, fmt.Sprintf("useful report work: acting did %.0f s, less than 60 %% of observing's %.0f s", acting.UsefulSeconds, observing.UsefulSeconds))
	}
	if c.Replay != "" {
		faults = append(faults, "replay: "+c.Replay)
	}
	return faults
}

// String is the closing table with its verdict.
func (c comparison) String() string {
	var b strings.Builder
	row := func(name, observing, acting string) {
		fmt.Fprintf(&b, "%-36s %20s %20s\n", name, observing, acting)
	}
	row("", "loop observing", "loop acting")
	for _, r := range c.rows() {
		row(r.name, r.show(c.Observing), r.show(c.Acting))
	}
	b.WriteString("\n" + c.verdict())
	return b.String()
}

func (c comparison) verdict() string {
	faults := c.faults()
	if len(faults) == 0 {
		return "The loop helped: at most a quarter of the bad seconds, at least 60 % of the useful report work,\nand every decision on record comes out the same when it is made again.\n"
	}
	return "The loop did not help:\n  - " + strings.Join(faults, "\n  - ") + "\n"
}

type tableRow struct {
	name string
	show func(result) string
}

func (c comparison) rows() []tableRow {
	return []tableRow{
		{"error budget burned", func(r result) string { return r.Budget.burned() }},
		{"bad checkouts, as Setpoint counted", func(r result) string { return r.Budget.bad() }},
		{"bad checkouts, as customers saw", func(r result) string { return fmt.Sprintf("%d (%.1f %%)", r.Truth.BadCheckouts, r.Truth.BadPercent) }},
		{"bad seconds (over 10 % bad)", func(r result) string { return fmt.Sprint(r.Truth.BadSeconds) }},
		{"useful report work (within 10 s)", func(r result) string { return r.Truth.reports(reportFinished) }},
		{"reports finished too late for use", func(r result) string { return r.Truth.reports(reportLate) }},
		{"reports cancelled", func(r result) string { return r.Truth.reports(reportCancelled) }},
		{"reports that got no worker", func(r result) string { return fmt.Sprint(r.Truth.Reports[reportNoWorker]) }},
	}
}

// reports shows the work of one outcome, and how many reports it was.
func (s summary) reports(outcome string) string {
	return fmt.Sprintf("%.0f s in %d", s.ReportSeconds[outcome], s.Reports[outcome])
}

func (b *budgetFigures) burned() string {
	if b == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f %%", 100*b.Burned)
}

func (b *budgetFigures) bad() string {
	if b == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f of %.0f", b.Bad, b.Total)
}
