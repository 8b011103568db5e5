package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

func (a *app) gateCmd() *cobra.Command {
	var q client.Question
	var timeout time.Duration
	c := &cobra.Command{
		Use:     "gate SERVICE",
		Short:   "Ask whether a release of a service may go",
		GroupID: "ask",
		Long: `Ask whether a release of a service may go.

The exit code is the answer:

  0  allow    the release may go
  2  deny     it may not, and the reasons say why
  3  hold     not now: ask again later
  4  unknown  no trustworthy answer came; your pipeline decides what that means`,
		Example: `  setpoint gate checkout
  setpoint gate checkout --change rollback
  setpoint gate checkout --output json`,
		Args: args(1, 1, "one service"),
		RunE: func(c *cobra.Command, args []string) error {
			q.Service = args[0]
			return a.gate(c, q, timeout)
		},
	}
	c.Flags().StringVar(&q.Environment, "environment", "", "where the release goes, such as production")
	c.Flags().StringVar(&q.Change, "change", "", "class of the change: feature, fix, security, rollback, …")
	c.Flags().StringVar(&q.Release, "release", "", "the release's own name: a version or a commit")
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "how long to wait for an answer")
	return c
}

func (a *app) gate(c *cobra.Command, q client.Question, timeout time.Duration) error {
	if q.Service == "" {
		return exit{usage, "gate takes the name of a service, which is not empty"}
	}
	ctx, cancel := context.WithTimeout(c.Context(), timeout)
	defer cancel()
	answer, err := client.Client{URL: a.server}.Gate(ctx, q)
	if problem := (&client.Problem{}); errors.As(err, &problem) {
		return exit{usage, problem.Error()}
	}
	if err != nil {
		return exit{4, fmt.Sprintf("unknown: %v", err)}
	}
	if err := a.show(c, answer, func(w io.Writer) { printAnswer(w, answer) }); err != nil {
		return err
	}
	return exit{verdictCode(answer.Verdict), ""}.orNil()
}

func (e exit) orNil() error {
	if e.code == 0 {
		return nil
	}
	return e
}

// verdictCode maps verdicts to the exit codes that the help text promises.
func verdictCode(v client.Verdict) int {
	switch v {
	case client.Allow:
		return 0
	case client.Deny:
		return 2
	case client.Hold:
		return 3
	}
	return 4
}

func printAnswer(w io.Writer, a client.Answer) {
	fmt.Fprintln(w, a.Words)
	for _, r := range a.Reasons {
		fmt.Fprintf(w, "  %-5s  %s\n", r.Verdict, r.Message)
	}
	if !a.MayChangeAt.IsZero() {
		fmt.Fprintf(w, "may change at %s\n", clock(a.MayChangeAt))
	}
	if a.Degraded {
		fmt.Fprintf(w, "degraded: %v\n", a.DegradedBy)
	}
	if a.DataAge >= 0 {
		fmt.Fprintf(w, "data of %s (%.0f s old), policy %s\n", clock(a.DataAsOf), a.DataAge, a.Policy)
	}
	if a.Decision != "" {
		fmt.Fprintf(w, "decision %s: setpoint why %s\n", a.Decision, a.Decision)
	}
}
