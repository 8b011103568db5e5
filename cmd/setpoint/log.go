package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

func (a *app) logCmd() *cobra.Command {
	var f client.Filter
	var v client.VerdictFilter
	gate := false
	c := &cobra.Command{
		Use:     "log",
		Short:   "List decisions, the newest first",
		GroupID: "ask",
		Long: `List decisions, the newest first. A run of equal holds is one line that says
how long it lasted.`,
		Example: `  setpoint log --moves
  setpoint log --actuator reports-timeout --limit 5
  setpoint log --gate --service checkout`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if gate {
				v.Limit = f.Limit
				return a.logVerdicts(c, v)
			}
			records, err := a.client().Decisions(c.Context(), f)
			if err != nil {
				return err
			}
			return a.show(c, records, func(w io.Writer) { printLog(w, records) })
		},
	}
	c.Flags().StringVar(&f.Actuator, "actuator", "", "of this actuator only")
	c.Flags().BoolVar(&f.Moves, "moves", false, "moves only, no holds")
	c.Flags().BoolVar(&gate, "gate", false, "what the gate answered, instead of decisions")
	c.Flags().StringVar(&v.Service, "service", "", "with --gate: about this service only")
	c.Flags().StringVar(&v.Release, "release", "", "with --gate and --service: about this release only")
	c.Flags().IntVar(&f.Limit, "limit", 50, "how many at most")
	return c
}

// logVerdicts lists what the gate answered.
func (a *app) logVerdicts(c *cobra.Command, f client.VerdictFilter) error {
	found, err := a.client().Verdicts(c.Context(), f)
	if err != nil {
		return err
	}
	return a.show(c, found, func(w io.Writer) { printVerdicts(w, found) })
}

func printVerdicts(w io.Writer, all []client.RecordedVerdict) {
	if len(all) == 0 {
		fmt.Fprintln(w, "the gate has answered nobody yet")
		return
	}
	rows := [][]string{{"AT", "ID", "SERVICE", "RELEASE", "TOOL", "ANSWER"}}
	for _, v := range all {
		rows = append(rows, []string{clock(v.Answer.At), v.Answer.ID, v.Answer.Service, v.Answer.Release, v.Tool, v.Answer.Words})
	}
	table(w, rows)
}

func printLog(w io.Writer, records []client.Record) {
	if len(records) == 0 {
		fmt.Fprintln(w, "no decisions on record")
		return
	}
	rows := [][]string{{"AT", "ID", "REASON", "STAGE", "OUTCOME", "DECISION"}}
	for _, r := range records {
		d := r.Decision
		rows = append(rows, []string{clock(d.Input.At), d.ID, d.Reason, r.Stage, outcomeText(r), d.Words})
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
