package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// ordersBetween are the orders on record that people gave from an instant on up
// to another, the oldest first.
func ordersBetween(ctx context.Context, record interface {
	OrderHistory(ctx context.Context, before string, limit int) ([]loop.Order, error)
}, from, to time.Time) (out []loop.Order, err error) {
	const page = 1000
	for before := ""; ; {
		found, err := record.OrderHistory(ctx, before, page)
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			if !o.At.Before(from) && !o.At.After(to) {
				out = append(out, o)
			}
		}
		if len(found) < page || found[page-1].At.Before(from) {
			slices.Reverse(out)
			return out, nil
		}
		before = found[page-1].ID
	}
}

// shadowed scores what the loops of a version wished, in a mode in which they
// are not free to act, by what people ordered.
func shadowed(ctx context.Context, set *slo.Set, tried *ledger.Memory, people []loop.Order) (out []loop.Shadow, err error) {
	entries := map[string][]loop.Entry{} // :: loop →
	err = tried.Each(ctx, func(r ledger.Record) error {
		entries[r.Decision.Loop] = append(entries[r.Decision.Loop], loop.Entry{Decision: r.Decision, Outcomes: r.Outcomes})
		return nil
	})
	for _, c := range set.Loops {
		i := slices.IndexFunc(set.Actuators, func(a slo.Actuator) bool { return a.Name == c.Actuator })
		out = append(out, loop.ShadowOf(c, set.Actuators[i], entries[c.Name], people))
	}
	return out, err
}

// printTried tells how the loops of each version did against people.
func printTried(w io.Writer, versions []versionResult) {
	if len(versions[0].Shadows) == 0 {
		return
	}
	rows := [][]string{heading(versions, "AGAINST PEOPLE", "SCORE", "SAME", "NEEDED", "NEEDLESS", "OPPOSED", "DISPUTED", "MISSED", "OPEN", "SOONER")}
	for _, l := range loopsOf(versions) {
		for _, v := range versions {
			for _, s := range v.Shadows {
				if s.Loop == l {
					rows = append(rows, append(named(versions, l, v), scoreText(s.Score), fmt.Sprint(s.Same), fmt.Sprint(s.Needed), fmt.Sprint(s.Needless),
						fmt.Sprint(s.Opposed), fmt.Sprint(s.Disputed), fmt.Sprint(s.Missed), fmt.Sprint(s.Open), rounded(s.Sooner.Seconds())))
				}
			}
		}
	}
	table(w, rows)
	fmt.Fprintf(w, "\n%s.\n", shadowWords)
}

// loopsOf are the loops of all versions, each once.
func loopsOf(versions []versionResult) (out []string) {
	for _, v := range versions {
		for _, s := range v.Shadows {
			if !slices.Contains(out, s.Loop) {
				out = append(out, s.Loop)
			}
		}
	}
	return out
}
