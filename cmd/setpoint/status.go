package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

func (a *app) statusCmd() *cobra.Command {
	var shadow bool
	c := &cobra.Command{
		Use:     "status",
		Short:   "Show budgets, settings and orders",
		GroupID: "ask",
		Args:    args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if shadow {
				return a.shadows(c)
			}
			s, err := a.client().Status(c.Context())
			if err != nil {
				return err
			}
			return a.show(c, s, func(w io.Writer) { printStatus(w, s) })
		},
	}
	c.Flags().BoolVar(&shadow, "shadow", false, "show what each loop would have done while it was not free to act, and whether people did the same")
	return c
}

func printStatus(w io.Writer, s client.Status) {
	fmt.Fprintln(w, s.Words)
	rows := [][]string{{"\nOBJECTIVE", "SERVICE", "STATUS", "BUDGET LEFT", "WINDOW", "BURN"}}
	for _, o := range s.Objectives {
		rows = append(rows, []string{o.Name, o.Service, o.Status, left(o), over(o), burns(o.Windows)})
	}
	table(w, rows)
	for _, a := range s.Alerts {
		fmt.Fprintf(w, "\nalert %s: %s %s since %s: %s", a.State, a.Severity, a.Name, clock(alertSince(a)), a.Words)
	}
	rows = [][]string{{"\nACTUATOR", "SETTING", "REST", "TIGHT", "LOOP"}}
	for _, t := range s.Settings {
		rows = append(rows, []string{t.Actuator, settingText(t), number(t.Rest, t.Unit), number(t.Tight, t.Unit), t.Loop})
	}
	table(w, rows)
	for _, g := range s.Gates {
		fmt.Fprintf(w, "\ngate %s: %s", g.Service, g.Words)
	}
	for _, o := range s.Orders {
		fmt.Fprintf(w, "\norder: %s %s by %s since %s (%s)", o.Kind, o.Target, o.By, clock(o.At), o.Why)
	}
	if d := s.Definitions; !d.OK && !d.Tried.IsZero() {
		fmt.Fprintf(w, "\ndefinitions: those read last are refused, those of %s stay in force: %s", clock(d.Since), strings.Join(d.Problems, "; "))
	}
	for _, p := range s.Problems {
		fmt.Fprintf(w, "\nproblem: %s", p)
	}
	fmt.Fprintln(w)
}

// alertSince is when an alert came to stand as it does.
func alertSince(a client.Alert) time.Time {
	switch {
	case !a.Ended.IsZero():
		return a.Ended
	case !a.Fired.IsZero():
		return a.Fired
	}
	return a.Since
}

// over is what the budget is kept over.
func over(o client.Objective) string {
	if o.PeriodEnd.IsZero() {
		return seconds(o.Budget.Seconds)
	}
	return "until " + o.PeriodEnd.Format("2006-01-02 15:04 -07:00")
}

// left is the share of the budget that is left. Of a budget that was never
// seen nothing is known.
func left(o client.Objective) string {
	if o.Newest.IsZero() {
		return "–"
	}
	return percent(o.Remaining)
}

// burns shows the shortest window that can be judged.
func burns(windows []client.Window) string {
	for _, b := range windows {
		if b.Known {
			return fmt.Sprintf("%.1f over %s", b.Burn, seconds(b.Seconds))
		}
	}
	return "–"
}

func settingText(s client.Setting) string {
	if s.Error != "" {
		return "unreadable: " + s.Error
	}
	return s.Shown
}

func number(x float64, unit string) string {
	if unit == "" {
		return fmt.Sprintf("%g", x)
	}
	return fmt.Sprintf("%g %s", x, unit)
}
