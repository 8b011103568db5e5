package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
)

func (a *app) whyCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "why ID",
		Short:   "Explain one decision, or one answer of the gate, with its evidence",
		GroupID: "ask",
		Long: `Explain one decision: what each rule asked for and on which counts, what each
guard made of it, under which policy version, and how it ended. The beginning
of an ID is enough where it is unambiguous. The ID of a verdict, as the gate's
answers carry it, explains that answer.`,
		Args: args(1, 1, "the ID of one decision, as 'setpoint log' prints it"),
		RunE: func(c *cobra.Command, args []string) error {
			ask := a.client()
			r, err := ask.Decision(c.Context(), args[0])
			if problem := (*client.Problem)(nil); errors.As(err, &problem) && problem.Status == http.StatusNotFound {
				return a.whyVerdict(c, ask, args[0], err)
			}
			if err != nil {
				return err
			}
			return a.show(c, r, func(w io.Writer) {
				printWhy(w, r)
				printDeploys(w, deploysOf(c.Context(), ask, r.Decision))
			})
		},
	}
}

// whyVerdict explains an answer of the gate, if id is that of one; else the
// error about the decision stands.
func (a *app) whyVerdict(c *cobra.Command, ask client.Client, id string, otherwise error) error {
	v, err := ask.Verdict(c.Context(), id)
	if err != nil {
		return otherwise
	}
	return a.show(c, v, func(w io.Writer) {
		printVerdict(w, v)
		printDeploys(w, deploysBefore(c.Context(), ask, v.Answer.Service, v.Answer.At))
	})
}

func printVerdict(w io.Writer, v client.RecordedVerdict) {
	g := v.Answer
	fmt.Fprintf(w, "%s\n\n", g.Words)
	rows := [][]string{{"verdict", g.ID}, {"at", clock(g.At)}, {"service", g.Service}, {"asked by", v.Tool}, {"policy", g.Policy}}
	for _, row := range [][]string{{"release", g.Release}, {"environment", g.Environment}, {"change", g.Change}, {"degraded", strings.Join(g.DegradedBy, ", ")}, {"decision", g.Decision}} {
		if row[1] != "" {
			rows = append(rows, row)
		}
	}
	table(w, rows)
	fmt.Fprintln(w, "\nreasons")
	for _, r := range g.Reasons {
		fmt.Fprintf(w, "  %s (%s): %s\n", r.Code, r.Verdict, r.Message)
	}
}

func printWhy(w io.Writer, r client.Record) {
	d := r.Decision
	fmt.Fprintf(w, "%s\n\n", d.Words)
	table(w, [][]string{
		{"decision", d.ID},
		{"at", clock(d.Input.At)},
		{"loop", fmt.Sprintf("%s, mode %s, policy %s, epoch %d", d.Loop, d.Mode, d.Input.Policy, d.Input.Epoch)},
		{"actuator", fmt.Sprintf("%s: from %g, wanted %g, to %g", d.Actuator, d.From, d.Wanted, d.To)},
		{"verb", d.Verb + ", reason " + d.Reason},
		{"stage", cmp.Or(r.Stage, "none: nothing was wanted")},
		{"outcome", outcomeWords(r)},
	})
	fmt.Fprintln(w, "\nrules")
	for _, p := range d.Pulls {
		fmt.Fprintf(w, "  %s asks for %g: %s\n", p.Rule, p.Wanted, p.Why)
	}
	if len(d.Checks) > 0 {
		fmt.Fprintln(w, "\nguards")
	}
	for _, k := range d.Checks {
		fmt.Fprintf(w, "  %s: %g became %g, %s\n", k.Guard, k.In, k.Out, k.Why)
	}
	printEvidence(w, d.Input.Evidence)
}

func outcomeWords(r client.Record) string {
	o := outcome(r)
	switch {
	case o == nil:
		return outcomeText(r)
	case o.Error != "":
		return o.Error
	case o.Effect != nil:
		return fmt.Sprintf("applied, judged at %s: %s, %s", clock(o.At), o.Effect.Judgement, o.Effect.Words)
	case r.Decision.Verb == "hold":
		return fmt.Sprintf("held until %s, %d ticks", clock(o.Until), o.Ticks)
	}
	return fmt.Sprintf("%s, read back %g", outcomeText(r), o.ReadBack)
}

// printEvidence shows the counts that the rules looked at.
func printEvidence(w io.Writer, raw json.RawMessage) {
	var states []budget.State
	if json.Unmarshal(raw, &states) != nil {
		fmt.Fprintf(w, "\nevidence\n  %s\n", raw)
		return
	}
	rows := [][]string{{"\nEVIDENCE", "WINDOW", "GOOD", "BAD", "BURN", "SEEN"}}
	for _, s := range states {
		rows = append(rows, windowRow(s, s.Objective+" ("+string(s.Status)+", "+s.Noun()+")", s.Budget))
		for _, win := range s.Windows {
			rows = append(rows, windowRow(s, "", win))
		}
	}
	table(w, rows)
	for _, s := range states {
		for _, c := range s.Components {
			fmt.Fprintf(w, "%s of the budget of %s was used up by %s\n", percent(c.Burnt), s.Objective, c.Objective)
		}
		if s.Bound > 0 {
			fmt.Fprintf(w, "what was left of the budget of %s is known to ± %.2f %%: processes ended or began anew between scrapes\n", s.Objective, 100*s.Bound)
		}
		if !s.Provisional.IsZero() {
			fmt.Fprintf(w, "slices of %s from %s on were provisional\n", s.Objective, clock(s.Provisional))
		}
	}
}

func windowRow(s budget.State, name string, b budget.Window) []string {
	seen := percent(b.Covered.Seconds() / b.Length.Seconds())
	if !b.Known {
		seen += ", not enough"
	}
	return []string{name, slo.Span(b.Length), fmt.Sprintf("%g", s.Events(b.Good)), fmt.Sprintf("%g", s.Events(b.Bad)), fmt.Sprintf("%.2f", b.Burn), seen}
}
