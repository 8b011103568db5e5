package main

import (
	"fmt"
	"io"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

func printBacktested(w io.Writer, r backtested) {
	t := r.Versions[0].Trial
	fmt.Fprintf(w, "%s to %s: %d looks, one every %s; asked for history %d times\n", clock(t.From), clock(t.To), t.Ticks, slo.Span(t.Every), r.Asked)
	if !r.Complete {
		fmt.Fprintf(w, "NOT COMPLETE: it was to end at %s\n", clock(r.To))
	}
	printLoops(w, r.Versions)
	printMoves(w, r.Versions, clock)
	printTried(w, r.Versions)
	printReleases(w, r.Versions)
	printAlerts(w, r.Versions)
	printBudgets(w, r.Versions)
	fmt.Fprintf(w, "\n%s\nA reversal is a move the other way within 3 cooldowns, or 3 looks, of the move before it.\n", r.Note)
}

// each gathers the rows of things that both versions have beside each other:
// in the order of the first version, and what only the second has after it.
func each[T any](versions []versionResult, things func(loop.Trial) []T, name func(T) string, row func(loop.Trial, T) []string) (rows [][]string) {
	done := map[string]bool{}
	for _, from := range versions {
		for _, one := range things(from.Trial) {
			if done[name(one)] {
				continue
			}
			done[name(one)] = true
			for _, v := range versions {
				for _, same := range things(v.Trial) {
					if name(same) == name(one) {
						rows = append(rows, append(named(versions, name(one), v), row(v.Trial, same)...))
					}
				}
			}
		}
	}
	return rows
}

// named begins a row: with the version, where there are two.
func named(versions []versionResult, name string, v versionResult) []string {
	if len(versions) < 2 {
		return []string{name}
	}
	return []string{name, v.Version}
}

// heading is the first row of a table, with room for the version.
func heading(versions []versionResult, what string, columns ...string) []string {
	if len(versions) < 2 {
		return append([]string{"\n" + what}, columns...)
	}
	return append([]string{"\n" + what, "VERSION"}, columns...)
}

func printLoops(w io.Writer, versions []versionResult) {
	rows := [][]string{heading(versions, "LOOP", "MODE", "MOVES", "TIGHTENED", "REVERSALS", "OFF REST", "AT TIGHT", "HELD BACK", "BLIND", "AT THE END")}
	rows = append(rows, each(versions, func(t loop.Trial) []loop.LoopScore { return t.Loops }, func(l loop.LoopScore) string { return l.Loop },
		func(t loop.Trial, l loop.LoopScore) []string {
			return []string{string(l.Mode), fmt.Sprint(l.Moves), fmt.Sprint(l.Tightened), fmt.Sprint(l.Reversals),
				portion(t, l.OffRest), portion(t, l.AtTight), portion(t, l.Wished), portion(t, l.Blind), l.Shown}
		})...)
	table(w, rows)
}

// printMoves tells the first moves of each loop and its last.
func printMoves(w io.Writer, versions []versionResult, clock func(time.Time) string) {
	for _, v := range versions {
		for _, l := range v.Loops {
			if l.Moves == 0 {
				continue
			}
			of := ""
			if len(versions) > 1 {
				of = " of " + v.Version
			}
			fmt.Fprintf(w, "\n%s%s, %d moves\n", l.Loop, of, l.Moves)
			for _, n := range l.First {
				fmt.Fprintf(w, "  %s  %s\n", clock(n.At), n.Words)
			}
			if left := l.Moves - len(l.First) - len(l.Last); left > 0 {
				fmt.Fprintf(w, "  … %d more\n", left)
			}
			for _, n := range l.Last {
				fmt.Fprintf(w, "  %s  %s\n", clock(n.At), n.Words)
			}
		}
	}
}

func printReleases(w io.Writer, versions []versionResult) {
	rows := [][]string{heading(versions, "RELEASES OF", "DENIED", "HELD", "TIMES", "LONGEST", "FIRST", "WHY")}
	rows = append(rows, each(versions, func(t loop.Trial) []loop.ReleaseScore { return t.Releases }, func(r loop.ReleaseScore) string { return r.Service },
		func(t loop.Trial, r loop.ReleaseScore) []string {
			return []string{portion(t, r.Denied), portion(t, r.Held), fmt.Sprint(r.Stretches), slo.Span(r.Longest), clock(r.FirstAt), r.First}
		})...)
	if len(rows) > 1 {
		table(w, rows)
	}
}

// printAlerts tells the alerts that would have fired.
func printAlerts(w io.Writer, versions []versionResult) {
	rows := [][]string{heading(versions, "ALERT", "SEVERITY", "FIRED", "TOLD", "IN ALL", "LONGEST", "FIRST", "WHY")}
	rows = append(rows, each(versions, func(t loop.Trial) []loop.AlertScore { return t.Alerts }, func(a loop.AlertScore) string { return a.Alert },
		func(t loop.Trial, a loop.AlertScore) []string {
			return []string{a.Severity, count(a.Times, "time"), count(a.Told, "time"), portion(t, a.Firing), slo.Span(a.Longest), clock(a.FirstAt), a.First}
		})...)
	if len(rows) > 1 {
		table(w, rows)
	}
}

func printBudgets(w io.Writer, versions []versionResult) {
	rows := [][]string{heading(versions, "OBJECTIVE", "WINDOW", "LEFT", "WORST", "AT", "EXHAUSTED", "UNSEEN", "STATUS")}
	rows = append(rows, each(versions, func(t loop.Trial) []loop.ObjectiveScore { return t.Objectives }, func(o loop.ObjectiveScore) string { return o.Objective },
		func(t loop.Trial, o loop.ObjectiveScore) []string {
			return []string{o.Window.String(), percent(o.Remaining), percent(o.Worst), clock(o.WorstAt), portion(t, o.Exhausted), portion(t, o.Unseen), string(o.Status)}
		})...)
	table(w, rows)
}

// portion is a length of time, and its share of the trial.
func portion(t loop.Trial, d time.Duration) string {
	if d == 0 {
		return "0"
	}
	return fmt.Sprintf("%s (%s)", slo.Span(d), percent(float64(d)/float64(t.To.Sub(t.From))))
}
