package main

import (
	"cmp"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

func (a *app) logCmd() *cobra.Command {
	var f client.Filter
	var v client.VerdictFilter
	gate, glass := false, false
	c := &cobra.Command{
		Use:     "log",
		Short:   "List decisions, the newest first",
		GroupID: "ask",
		Long: `List decisions, the newest first. A run of equal holds is one line that says
how long it lasted.`,
		Example: `  setpoint log --moves
  setpoint log --actuator reports-timeout --limit 5
  setpoint log --gate --service checkout
  setpoint log --glass`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if gate {
				v.Limit = f.Limit
				return a.logVerdicts(c, v)
			}
			if glass {
				return a.logGlass(c)
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
	c.Flags().BoolVar(&glass, "glass", false, "who broke the glass in the last 30 days, instead of decisions: overrides, and pins that loosen")
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

// logGlass lists orders by which people went past what protects others.
func (a *app) logGlass(c *cobra.Command) error {
	found, err := a.client().BrokenGlass(c.Context())
	if err != nil {
		return err
	}
	return a.show(c, found, func(w io.Writer) { printGlass(w, found) })
}

func printGlass(w io.Writer, all []client.Order) {
	if len(all) == 0 {
		fmt.Fprintln(w, "nobody broke the glass in the last 30 days")
		return
	}
	rows := [][]string{{"AT", "ORDER", "TEAM", "TIME", "UNTIL", "BY", "TICKET", "AGAINST", "WHY"}}
	for _, o := range all {
		g := o.Glass
		nth := fmt.Sprint(g.Nth)
		switch {
		case g.With != "":
			nth = "seconds one"
		case g.Most > 0:
			nth += fmt.Sprintf(" of %d", g.Most)
		}
		rows = append(rows, []string{clock(o.At), string(o.Kind) + " " + o.Target, cmp.Or(g.Team, "–"), nth, clock(o.Until), o.By, cmp.Or(o.Ticket, "–"), g.Against, o.Why})
	}
	table(w, rows)
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
