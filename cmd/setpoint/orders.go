package main

import (
	"fmt"
	"io"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

// order is one command that a person gives: which kind, and what its
// arguments are.
type order struct {
	kind    client.Kind
	use     string
	short   string
	long    string
	least   int
	most    int
	expects string
	flags   func(*cobra.Command, *client.Order, *time.Duration)
	fill    func(*client.Order, []string) error
}

// orders are the commands of people, from the most urgent on.
func orders() []order {
	return []order{
		{kind: client.Stop, use: "stop [ACTUATOR|SERVICE]", short: "Emergency stop: actuate nothing any more", most: 1, expects: "one actuator or service, or nothing for all",
			long:  "Stop all actuation, or that of one actuator or service. It is in force when this\ncommand returns; settings stay as they are, or walk back to rest with --revert.",
			flags: revertFlag, fill: fillTarget},
		{kind: client.Resume, use: "resume [ACTUATOR|SERVICE]", short: "End an emergency stop", most: 1, expects: "what was stopped, or nothing for all", fill: fillTarget},
		{kind: client.Freeze, use: "freeze SERVICE", short: "Freeze the releases of a service", least: 1, most: 1, expects: "one service", flags: untilFlag, fill: fillTarget},
		{kind: client.Thaw, use: "thaw SERVICE", short: "End a freeze that a person ordered", least: 1, most: 1, expects: "one service", fill: fillTarget},
		{kind: client.Pin, use: "pin ACTUATOR SETTING", short: "Keep an actuator at a setting", least: 2, most: 2, expects: "an actuator and a setting in its unit",
			long:  "Keep an actuator at a setting for a while, whatever its rules say. A setting that is\nlooser than the one in force breaks the glass: that is counted for the team whose it\nis, and the release policies of the service may set a limit (breakGlass).",
			flags: pinFlags, fill: fillSetting},
		{kind: client.Unpin, use: "unpin ACTUATOR", short: "Give an actuator back to its loop", least: 1, most: 1, expects: "one actuator", fill: fillTarget},
		{kind: client.Approve, use: "approve ACTUATOR SETTING", short: "Let a loop in mode ask move as far as a setting", least: 2, most: 2, expects: "an actuator and a setting in its unit", flags: untilFlag, fill: fillSetting},
		{kind: client.Promote, use: "promote ACTUATOR", short: "Trust the loop of an actuator to act by itself", least: 1, most: 1, expects: "one actuator",
			long:  "Trust the loop of an actuator to act by itself, as far as its declared mode lets it.\nIt ends a demotion, by a person or for moves that did not help. A loop whose\ndefinition declares a promotion is refused while it lacks days of looking on, score\nor owner; --anyway promotes it all the same, and the record keeps what it lacked.",
			flags: anywayFlag, fill: fillTarget},
		{kind: client.Demote, use: "demote ACTUATOR", short: "Make the loop of an actuator ask before it moves", least: 1, most: 1, expects: "one actuator", fill: fillTarget},
		{kind: client.Override, use: "override SERVICE", short: "Let the releases of a service go, whatever the gate says", least: 1, most: 1, expects: "one service",
			long:  "Let the releases of a service go for a while, or one release, whatever the gate\nwould say. It is on record, shown and counted for the team whose service it is,\nand lapses by itself. A policy with secondPerson asks for the same command from\nsomebody else; one with breakGlass for a ticket, or allows so many in so long.",
			flags: overrideFlags, fill: fillTarget},
		{kind: client.Adjust, use: "adjust NAME --objective O --from T --to T --effect E", short: "Say how the counts of a stretch of time are to be judged", least: 1, most: 1, expects: "a name for the adjustment",
			long:  "Say that the counts of an objective in a stretch of time, past or to come, are not\nto be held against it (exclude), are good (countAsGood), were others (correct, with\n--good and --bad) or are to be noted (annotate). It does what an Adjustment among\nthe definitions does. What was measured is kept and shown beside, and unadjust NAME\nrestores every figure.",
			flags: adjustFlags, fill: fillAdjust},
		{kind: client.Unadjust, use: "unadjust NAME", short: "Take an adjustment back that was ordered", least: 1, most: 1, expects: "the name of the adjustment", fill: fillTarget},
		{kind: client.Annotate, use: "annotate [SERVICE|OBJECTIVE|ACTUATOR]", short: "Note something about a time on the charts", most: 1, expects: "a service, an objective or an actuator, or nothing for all",
			long:  "Note what --why says about a time: it stands on the charts, and does nothing else.\nWithout --from it is about now.",
			flags: noteFlags, fill: fillTarget},
		{kind: client.Revoke, use: "revoke SERVICE", short: "End the overrides of a service's gate", least: 1, most: 1, expects: "one service", fill: fillTarget},
	}
}

func (a *app) orderCmds() []*cobra.Command {
	var out []*cobra.Command
	for _, o := range orders() {
		out = append(out, a.orderCmd(o))
	}
	return out
}

func (a *app) orderCmd(o order) *cobra.Command {
	given := client.Order{Kind: o.kind}
	var lasts time.Duration
	c := &cobra.Command{
		Use: o.use, Short: o.short, Long: o.long, GroupID: "command",
		Args: args(o.least, o.most, o.expects),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.fill(&given, args); err != nil {
				return err
			}
			if lasts > 0 {
				given.Until = time.Now().Add(lasts)
			}
			return a.give(c, given)
		},
	}
	c.Flags().StringVar(&given.Why, "why", "", "the reason, for the record (required)")
	c.Flags().StringVar(&given.By, "by", whoami(), "who gives the order, for the record")
	if o.flags != nil {
		o.flags(c, &given, &lasts)
	}
	return c
}

func (a *app) give(c *cobra.Command, o client.Order) error {
	if o.Why == "" {
		return exit{usage, fmt.Sprintf("%s needs --why: the record keeps the reason", o.Kind)}
	}
	receipt, err := a.client().Give(c.Context(), o)
	if err != nil {
		return err
	}
	return a.show(c, receipt, func(w io.Writer) { fmt.Fprintln(w, receipt.Words) })
}

func revertFlag(c *cobra.Command, o *client.Order, _ *time.Duration) {
	c.Flags().BoolVar(&o.Revert, "revert", false, "walk the settings back to rest instead of leaving them")
}

func anywayFlag(c *cobra.Command, o *client.Order, _ *time.Duration) {
	c.Flags().BoolVar(&o.Anyway, "anyway", false, "although the loop lacks what its definition asks for; --why is kept with what it lacked")
}

func untilFlag(c *cobra.Command, _ *client.Order, lasts *time.Duration) {
	c.Flags().DurationVar(lasts, "for", time.Hour, "how long it lasts, such as 30m")
}

func pinFlags(c *cobra.Command, o *client.Order, lasts *time.Duration) {
	untilFlag(c, o, lasts)
	ticketFlag(c, o)
}

func ticketFlag(c *cobra.Command, o *client.Order) {
	c.Flags().StringVar(&o.Ticket, "ticket", "", "where the case is told")
}

func overrideFlags(c *cobra.Command, o *client.Order, lasts *time.Duration) {
	untilFlag(c, o, lasts)
	c.Flags().StringVar(&o.Release, "release", "", "this release only")
	ticketFlag(c, o)
}

func fillTarget(o *client.Order, args []string) error {
	o.Target = "*"
	if len(args) == 1 {
		o.Target = args[0]
	}
	return nil
}

func fillSetting(o *client.Order, args []string) error {
	x, err := strconv.ParseFloat(args[1], 64)
	if err != nil {
		return exit{usage, fmt.Sprintf("the setting is a number in the actuator's unit, not %q", args[1])}
	}
	o.Target, o.Setting = args[0], &x
	return nil
}

// whoami names the person at the terminal.
func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}
