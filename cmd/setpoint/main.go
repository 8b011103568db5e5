// Command setpoint keeps error budgets and acts on them. One file is one
// subcommand; serve.go wires the rooms together, and nothing here decides.
//
// # Exit codes
//
//	0   done; of gate: the release may go (allow)
//	1   something went wrong; of check: a file was refused; of replay: a difference; of verify: a fault
//	2   of gate: deny
//	3   of gate: hold
//	4   of gate: unknown, no trustworthy answer came
//	64  the command line was wrong
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:]))
}

// endBySignal has the first signal end the program, as the second one ends
// others: for commands that look at no context and leave nothing behind.
func endBySignal() { signal.Reset(os.Interrupt, syscall.SIGTERM) }

// exit is an error that carries an exit code; an empty message prints
// nothing.
type exit struct {
	code int
	msg  string
}

func (e exit) Error() string { return e.msg }

// usage is the exit code of a wrong command line (sysexits.h, EX_USAGE).
const usage = 64

// run executes the command line and returns the exit code.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	code := 1
	if e := (exit{}); errors.As(err, &e) {
		code = e.code
	}
	if err.Error() != "" {
		fmt.Fprintln(os.Stderr, "setpoint:", err)
	}
	return code
}

// app is what the subcommands share: the flags of all of them.
type app struct {
	server string // of the commands that ask a running server
	output string // text or json; of some commands more
}

func newRoot() *cobra.Command {
	a := &app{}
	root := &cobra.Command{
		Use:   "setpoint",
		Short: "Error budgets that act",
		Long: `Setpoint keeps error budgets and acts on them.

It reads SLO definitions, measures them through any Prometheus-compatible API,
keeps exact error budgets, and tightens and relaxes actuators as budgets burn
and recover. Every decision is on record before it is carried out.

Start with:  setpoint check PATH…   then   setpoint serve PATH…

Exit codes:

  0   done; of gate: the release may go (allow)
  1   something went wrong; of check: a file was refused; of replay: a difference; of verify: a fault
  2   of gate: deny
  3   of gate: hold
  4   of gate: unknown, no trustworthy answer came
  64  the command line was wrong`,
		SilenceErrors:         true,
		SilenceUsage:          true,
		CompletionOptions:     cobra.CompletionOptions{HiddenDefaultCmd: true},
		DisableFlagsInUseLine: true,
		PersistentPreRunE:     func(c *cobra.Command, _ []string) error { return a.checkOutput(c) },
		Args:                  noCommand,
		RunE:                  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return exit{usage, fmt.Sprintf("%v; see '%s --help'", err, c.CommandPath())}
	})
	root.PersistentFlags().StringVar(&a.server, "server", defaultServer(), "address of the server to ask (SETPOINT_URL)")
	root.PersistentFlags().StringVarP(&a.output, "output", "o", "text", "text or json")
	root.AddGroup(&cobra.Group{ID: "run", Title: "Run:"}, &cobra.Group{ID: "ask", Title: "Ask:"}, &cobra.Group{ID: "command", Title: "Command:"})
	root.AddCommand(a.serveCmd(), a.agentCmd(), a.migrateCmd(), a.checkCmd(), a.planCmd(), a.convertCmd(), a.gateCmd(), a.statusCmd(), a.worthCmd(), a.logCmd(), a.whyCmd(), a.replayCmd(), a.verifyCmd(), a.checkpointCmd(), a.pruneCmd(), a.exportCmd(), a.backtestCmd(), a.simulateCmd(), a.schemaCmd(), a.versionCmd(), a.tokensCmd())
	root.AddCommand(a.orderCmds()...)
	return root
}

// client asks the server, with the token of SETPOINT_TOKEN.
func (a *app) client() client.Client {
	return client.Client{URL: a.server, Token: client.Secret(os.Getenv("SETPOINT_TOKEN"))}
}

// moreOutputs is the annotation of a command that knows more forms than text
// and json: their names, with spaces between them.
const moreOutputs = "outputs"

func (a *app) checkOutput(c *cobra.Command) error {
	more := strings.Fields(c.Annotations[moreOutputs])
	if a.output == "text" || a.output == "json" || slices.Contains(more, a.output) {
		return nil
	}
	known := "text or json"
	if len(more) > 0 {
		known = "text, json, " + strings.Join(more, ", ")
	}
	return exit{usage, fmt.Sprintf("--output is %s, not %q", known, a.output)}
}

func defaultServer() string {
	if url := os.Getenv("SETPOINT_URL"); url != "" {
		return url
	}
	return "http://" + defaultListen
}

// noCommand refuses what stands where a command should and is none.
func noCommand(root *cobra.Command, got []string) error {
	if len(got) == 0 {
		return nil
	}
	maybe := "see 'setpoint --help'"
	root.SuggestionsMinimumDistance = 2 // letters that are wrong
	if near := root.SuggestionsFor(got[0]); got[0] != "" && len(near) > 0 {
		maybe = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return exit{usage, fmt.Sprintf("there is no command %q; %s", got[0], maybe)}
}

// args checks the number of arguments and says what is expected.
func args(least, most int, expected string) cobra.PositionalArgs {
	return func(c *cobra.Command, got []string) error {
		if len(got) < least || most >= 0 && len(got) > most {
			return exit{usage, fmt.Sprintf("%s takes %s; see 'setpoint %s --help'", c.Name(), expected, c.Name())}
		}
		return nil
	}
}
