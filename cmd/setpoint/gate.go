package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

// gateFlags are the question and what the caller makes of the answer.
type gateFlags struct {
	q           client.Question
	timeout     time.Duration // of one question
	wait        time.Duration // how long to go on asking; 0 = ask once
	unavailable bool          // no trustworthy answer fails
	noData      bool          // an allow that rests on no data fails
	last        last          // what stands in for a server that is away
}

func (a *app) gateCmd() *cobra.Command {
	var f gateFlags
	var size int64
	c := &cobra.Command{
		Use:         "gate SERVICE",
		Short:       "Ask whether a release of a service may go",
		GroupID:     "ask",
		Long:        gateHelp,
		Annotations: map[string]string{moreOutputs: "github gitlab junit"},
		Example: `  setpoint gate checkout
  setpoint gate checkout --change rollback
  setpoint gate checkout --wait 30m --output github
  setpoint gate checkout --output gitlab > gate.env`,
		Args: args(1, 1, "one service"),
		RunE: func(c *cobra.Command, args []string) error {
			f.q.Service = args[0]
			if size >= 0 {
				f.q.Size = &size
			}
			return a.gate(c, f)
		},
	}
	c.Flags().StringVar(&f.q.Environment, "environment", "", "where the release goes, such as production")
	c.Flags().StringVar(&f.q.Change, "change", "", "class of the change: feature, fix, security, rollback, …")
	c.Flags().StringVar(&f.q.Release, "release", "", "the release's own name: a version or a commit")
	c.Flags().StringVar(&f.q.Region, "region", "", "where it goes there, such as eu-west")
	c.Flags().Int64Var(&size, "size", -1, "how large the change is, in what the release policy counts: lines, commits; -1 = not said")
	c.Flags().DurationVar(&f.timeout, "timeout", 10*time.Second, "how long one question may take")
	c.Flags().DurationVar(&f.wait, "wait", 0, "how long to go on asking until the answer is allow or deny; 0 asks once")
	c.Flags().BoolVar(&f.unavailable, "fail-if-unavailable", true, "without a trustworthy answer exit 4; with =false exit 0 and warn")
	c.Flags().DurationVar(&f.last.lasts, "last-for", 0, "how long the last signed answer stands in when the server is away; 0 = not at all")
	c.Flags().StringSliceVar(&f.last.pins, "pin", nil, "public key of the server, which signs its answers (SETPOINT_GATE_KEYS)")
	c.Flags().BoolVar(&f.noData, "fail-on-no-data", false, "exit 4 instead of 0 where the policy allows a release without fresh data")
	return c
}

const gateHelp = `Ask whether a release of a service may go.

The exit code is the answer:

  0  allow    the release may go
  2  deny     it may not, and the reasons say why
  3  hold     not now: ask again later
  4  unknown  no trustworthy answer came; your pipeline decides what that means

With --wait it asks again while the answer is hold, or while none comes; the
server answers as soon as a hold ends. What holds at the end exits 3.

With --last-for the last answer that the server signed stands in while it is
away, for so long: 'setpoint serve' says at its start which key it signs with,
and --pin names that key here. What stands in is marked as degraded.

Two kinds of ignorance have a switch each:

  --fail-if-unavailable  is on: no server, no trustworthy answer, exit 4. With
                         =false the release goes on, and a warning says so.
  --fail-on-no-data      is off: what the release policy says about missing and
                         stale data stands. When on, an allow that rests on
                         them is exit 4; a change that always passes still does.

--output is text, json, or a form for pipelines:

  github  an annotation; appends to the files GITHUB_OUTPUT (verdict, allowed,
          words, link, …) and GITHUB_STEP_SUMMARY where these are set
  gitlab  lines of a dotenv report: SETPOINT_VERDICT=allow and more
  junit   a JUnit report of one test case

With gitlab and junit, standard error shows the answer for people.`

func (a *app) gate(c *cobra.Command, f gateFlags) error {
	if f.q.Service == "" {
		return exit{usage, "gate takes the name of a service, which is not empty"}
	}
	if f.wait < 0 || f.timeout <= 0 {
		return exit{usage, "--wait and --timeout are lengths of time: 30m, 10s"}
	}
	if err := f.last.check(); err != nil {
		return err
	}
	answer, err := f.await(c.Context(), a.client(), c.ErrOrStderr())
	if refused(err) {
		return exit{usage, err.Error()}
	}
	if err != nil && f.last.lasts > 0 && c.Context().Err() == nil {
		answer, err = f.standIn(a.server, err)
	}
	v := f.judge(c.Context(), answer, err)
	if err := a.tellGate(c, v); err != nil {
		return err
	}
	if a.output == "github" {
		v.complaint = "" // the annotation says it
	}
	return exit{v.code, v.complaint}.orNil()
}

// standIn is the last answer of a server that is away.
func (f gateFlags) standIn(server string, away error) (client.Answer, error) {
	answer, err := f.last.recall(server, f.q, time.Now())
	if err != nil {
		return client.Answer{}, fmt.Errorf("%w; nor does the last answer stand in: %w", away, err)
	}
	return answer, nil
}

// A judgement is an answer, or its absence, with what the caller's switches
// make of it.
type judgement struct {
	client.Answer        // when there is none, only what was asked about
	word          string // the verdict, or unknown
	code          int
	complaint     string // for standard error; may be empty
}

// unknown is the word where there is no verdict.
const unknown = "unknown"

// says is the judgement in a sentence.
func (v judgement) says() string { return cmp.Or(v.complaint, v.Words) }

// judge applies the switches. A program that was told to end never passes.
func (f gateFlags) judge(ctx context.Context, a client.Answer, err error) judgement {
	v := judgement{Answer: a, word: string(a.Verdict), code: verdictCode(a.Verdict)}
	switch {
	case err != nil:
		v.word, v.code, v.complaint = unknown, 4, fmt.Sprintf("unknown: %v", err)
		v.Answer = client.Answer{Verdict: unknown, Service: f.q.Service, Environment: f.q.Environment, Change: f.q.Change, Release: f.q.Release, Words: v.complaint, DataAge: -1}
		if !f.unavailable && ctx.Err() == nil {
			v.code, v.complaint = 0, v.complaint+"; going on, because of --fail-if-unavailable=false"
		}
	case f.noData && a.Verdict == client.Allow && blind(a):
		v.word, v.code, v.complaint = unknown, 4, "unknown: allowed without fresh data, which --fail-on-no-data refuses"
	}
	return v
}

// blind reports whether an answer rests on missing or stale data. An exempt
// change rests on none.
func blind(a client.Answer) bool {
	if slices.ContainsFunc(a.Reasons, func(r client.Reason) bool { return r.Code == "exempt-change" }) {
		return false
	}
	return slices.ContainsFunc([]string{"no-data", "stale", client.LastAnswer}, func(code string) bool { return slices.Contains(a.DegradedBy, code) })
}

// refused reports whether the server refused the question itself: to ask
// again would not help. A server in trouble is another matter.
func refused(err error) bool {
	problem := &client.Problem{}
	return errors.As(err, &problem) && problem.Status < http.StatusInternalServerError
}

func (e exit) orNil() error {
	if e.code == 0 && e.msg == "" {
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
	if !a.BoundUntil.IsZero() {
		fmt.Fprintf(w, "stands for %s until %s, as answered at %s\n", a.Release, clock(a.BoundUntil), clock(a.At))
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
