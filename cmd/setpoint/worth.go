package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

func (a *app) worthCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "worth",
		Short:   "Tell whether each loop is worth having",
		GroupID: "ask",
		Long: `Tell whether each loop is worth having: what is on record of it is weighed
against people who do its work by hand. What one time takes them, what goes wrong
by hand and what a needless move costs is said by byHand of the ControlLoop.

A loop that only looks on or asks is weighed by what it would have done.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := a.client().Worth(c.Context())
			if err != nil {
				return err
			}
			return a.show(c, map[string][]client.Worth{"worth": all}, func(w io.Writer) { printWorth(w, all) })
		},
	}
}

func printWorth(w io.Writer, all []client.Worth) {
	rows := [][]string{{"LOOP", "MODE", "LOOKED", "TIMES", "RIGHT", "MISSED", "FALSE", "OPEN", "SAVED", "COST", "IN 30 DAYS"}}
	for _, x := range all {
		rows = append(rows, []string{x.Loop, x.Mode, rounded(x.Looked), fmt.Sprint(x.Times), fmt.Sprint(x.Right), fmt.Sprint(x.Missed),
			fmt.Sprint(x.False), fmt.Sprint(x.Open), minutes(x.Saved), minutes(x.Cost), fmt.Sprintf("%+.0f min", x.PerMonth)})
	}
	table(w, rows)
	for _, x := range all {
		fmt.Fprintf(w, "\n%s: %s", x.Loop, x.Words)
	}
	fmt.Fprintln(w)
}

func minutes(x float64) string { return fmt.Sprintf("%.0f min", x) }
