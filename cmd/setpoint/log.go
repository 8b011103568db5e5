package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

func (a *app) logCmd() *cobra.Command {
	var f client.Filter
	c := &cobra.Command{
		Use:     "log",
		Short:   "List decisions, the newest first",
		GroupID: "ask",
		Long: `List decisions, the newest first. A run of equal holds is one line that says
how long it lasted.`,
		Example: `  setpoint log --moves
  setpoint log --actuator reports-timeout --limit 5`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			records, err := client.Client{URL: a.server}.Decisions(c.Context(), f)
			if err != nil {
				return err
			}
			return a.show(c, records, func(w io.Writer) { printLog(w, records) })
		},
	}
	c.Flags().StringVar(&f.Actuator, "actuator", "", "of this actuator only")
	c.Flags().BoolVar(&f.Moves, "moves", false, "moves only, no holds")
	c.Flags().IntVar(&f.Limit, "limit", 50, "how many at most")
	return c
}

func printLog(w io.Writer, records []client.Record) {
	if len(records) == 0 {
		fmt.Fprintln(w, "no decisions on record")
		return
	}
	rows := [][]string{{"AT", "ID", "REASON", "OUTCOME", "DECISION"}}
	for _, r := range records {
		d := r.Decision
		rows = append(rows, []string{clock(d.Input.At), d.ID, d.Reason, outcomeText(r), d.Words})
	}
	table(w, rows)
}

// outcome is the newest outcome: of a hold it tells the whole span.
func outcome(r client.Record) *client.Outcome {
	if n := len(r.Outcomes); n > 0 {
		return &r.Outcomes[n-1]
	}
	return nil
}

// outcomeText says in a word or two how a decision ended.
func outcomeText(r client.Record) string {
	switch o := outcome(r); {
	case o == nil && r.Decision.Verb == "hold":
		return "goes on"
	case o == nil:
		return "open"
	case r.Decision.Verb == "hold":
		return fmt.Sprintf("%d ticks", o.Ticks)
	case o.Applied:
		return "applied"
	}
	return "not applied"
}
