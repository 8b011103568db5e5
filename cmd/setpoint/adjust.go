package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

// An at is a flag that is a time: now, an age or an instant.
type at struct{ is *time.Time }

func (a at) String() string { return "" }
func (a at) Type() string   { return "time" }

// Set reads the flag.
func (a at) Set(text string) (err error) {
	*a.is, err = instant(text, time.Now())
	*a.is = a.is.Truncate(time.Second)
	return err
}

func adjustFlags(c *cobra.Command, o *client.Order, _ *time.Duration) {
	o.Adjust = &client.Adjusted{Counts: &client.Counts{Good: -1, Bad: -1}}
	f := c.Flags()
	f.StringVar(&o.Adjust.Objective, "objective", "", "whose counts (required)")
	f.Var(at{&o.Adjust.From}, "from", "begin: an age as in -2h, or a time as in 2026-03-02T12:00:00Z (required)")
	f.Var(at{&o.Adjust.To}, "to", "end: now, an age or a time (required)")
	f.StringVar(&o.Adjust.Effect, "effect", "", "exclude, countAsGood, correct or annotate (required)")
	f.StringVar(&o.Adjust.Category, "category", "other", "maintenance, deployment, outside-hours, dependency, measurement or other")
	f.Int64Var(&o.Adjust.Counts.Good, "good", -1, "good events that there were, of correct")
	f.Int64Var(&o.Adjust.Counts.Bad, "bad", -1, "bad events that there were, of correct")
}

func noteFlags(c *cobra.Command, o *client.Order, _ *time.Duration) {
	o.Note = &client.Noted{}
	c.Flags().Var(at{&o.Note.From}, "from", "begin: an age as in -2h, or a time as in 2026-03-02T12:00:00Z")
	c.Flags().Var(at{&o.Note.To}, "to", "end, unless it is about an instant: now, an age or a time")
}

// fillAdjust names the adjustment, and leaves counts away that were not given.
func fillAdjust(o *client.Order, args []string) error {
	switch c := o.Adjust.Counts; {
	case c.Good < 0 && c.Bad < 0:
		o.Adjust.Counts = nil
	case c.Good < 0 || c.Bad < 0:
		return exit{usage, fmt.Sprintf("%s needs both --good and --bad, or none of them", o.Kind)}
	}
	return fillTarget(o, args)
}
