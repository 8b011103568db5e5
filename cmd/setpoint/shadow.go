package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

func (a *app) shadows(c *cobra.Command) error {
	all, err := a.client().Shadows(c.Context())
	if err != nil {
		return err
	}
	return a.show(c, map[string][]client.Shadow{"shadows": all}, func(w io.Writer) { printShadows(w, all) })
}

// shadowWords say how wishes turn out.
const shadowWords = `same: people did the same, so much sooner or later; needed: nobody did, and what it rests on lasted; needless: it went by itself;
opposed, disputed: people did the opposite, or said that the counts were not so; missed: people did it, and the loop had not wished it.
The score is (same + needed) ÷ (all but open)`

// shownWishes is how many wishes of each loop are told.
const shownWishes = 5

func printShadows(w io.Writer, all []client.Shadow) {
	rows := [][]string{{"LOOP", "MODE", "LOOKED", "SCORE", "SAME", "NEEDED", "NEEDLESS", "OPPOSED", "DISPUTED", "MISSED", "OPEN", "SOONER", "SPENT"}}
	for _, s := range all {
		rows = append(rows, []string{s.Loop, s.Mode, rounded(s.Looked), scoreText(s.Score), fmt.Sprint(s.Same), fmt.Sprint(s.Needed), fmt.Sprint(s.Needless),
			fmt.Sprint(s.Opposed), fmt.Sprint(s.Disputed), fmt.Sprint(s.Missed), fmt.Sprint(s.Open), rounded(s.Sooner), percent(s.Spent)})
	}
	table(w, rows)
	for _, s := range all {
		printWishes(w, s)
	}
	fmt.Fprintf(w, "\n%s; spent is the budget that went while needed wishes to tighten lasted.\n", shadowWords)
}

func printWishes(w io.Writer, s client.Shadow) {
	if len(s.Wishes)+len(s.Lacks) > 0 {
		fmt.Fprintf(w, "\n%s\n", s.Loop)
	}
	for _, x := range s.Wishes[:min(len(s.Wishes), shownWishes)] {
		by := ""
		if x.Person != "" {
			by = " (" + x.Person + ")"
		}
		fmt.Fprintf(w, "  %s  %s%s: %s\n", clock(x.At), x.Turned, by, x.Words)
	}
	for _, lack := range s.Lacks {
		fmt.Fprintf(w, "  lacks for a promotion: %s\n", lack)
	}
}

func scoreText(score *float64) string {
	if score == nil {
		return "–"
	}
	return percent(*score)
}

// rounded is a length of time in seconds, to the minute.
func rounded(x float64) string {
	return seconds(time.Duration(x * float64(time.Second)).Round(time.Minute).Seconds())
}
