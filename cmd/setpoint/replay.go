package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
)

func (a *app) replayCmd() *cobra.Command {
	var s storage
	c := &cobra.Command{
		Use:     "replay",
		Short:   "Make every past decision again and look for differences",
		GroupID: "ask",
		Long: `Make every decision on record again, from its own evidence and under the
policy version it names, and verify the hash chains of the record. A decision
that does not come out the same, and a row that was altered, deleted, inserted
or moved, is named, and the exit code is 1.

It reads the ledger itself: DATABASE_URL, or the private PostgreSQL.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return a.replay(c, s) },
	}
	s.flags(c)
	return c
}

// replayed is what replay found.
type replayed struct {
	Decisions   int            `json:"decisions"`
	Differences []difference   `json:"differences"`
	Faults      []ledger.Fault `json:"faults"` // of the record itself
}

// A difference is a decision that does not come out as recorded.
type difference struct {
	ID       string   `json:"id"`
	Recorded string   `json:"recorded"`
	Again    string   `json:"again"`
	In       []string `json:"in"` // fields of the decision that are not the same
}

func (a *app) replay(c *cobra.Command, s storage) error {
	quiet := slog.New(slog.DiscardHandler)
	records, err := s.existing(c.Context(), quiet)
	if err != nil {
		return err
	}
	defer records.close(quiet)
	r, err := replayAll(c.Context(), records.Postgres)
	if err != nil {
		return err
	}
	if err := a.show(c, r, func(w io.Writer) { printReplayed(w, r) }); err != nil {
		return err
	}
	if len(r.Differences)+len(r.Faults) > 0 {
		return exit{code: 1}
	}
	return nil
}

func replayAll(ctx context.Context, p *ledger.Postgres) (replayed, error) {
	r := replayed{Differences: []difference{}, Faults: []ledger.Fault{}}
	definitions := map[string][]byte{} // :: policy → text
	faults, err := p.Verify(ctx)
	if err != nil {
		return r, err
	}
	r.Faults = append(r.Faults, faults...)
	err = p.Each(ctx, func(rec ledger.Record) error {
		r.Decisions++
		for _, o := range rec.Outcomes {
			if again, same := loop.Rejudge(o); !same {
				r.Differences = append(r.Differences, difference{o.Decision, o.Effect.Words, again.Words, []string{"effect"}})
			}
		}
		d := rec.Decision
		text, ok := definitions[d.Input.Policy]
		if !ok {
			var err error
			if text, err = p.Definition(ctx, d.Input.Policy); err != nil {
				return fmt.Errorf("read the policy of %s: %w", d.ID, err)
			}
			definitions[d.Input.Policy] = text
		}
		again, same, err := loop.Redecide(d, text)
		switch {
		case err != nil:
			r.Differences = append(r.Differences, difference{d.ID, d.Words, err.Error(), []string{}})
		case !same:
			r.Differences = append(r.Differences, difference{d.ID, d.Words, again.Words, loop.Differing(d, again)})
		}
		return nil
	})
	if err != nil && len(r.Faults) > 0 { // an altered row need not even be readable; it is named above
		err = nil
	}
	return r, err
}

func printReplayed(w io.Writer, r replayed) {
	for _, d := range r.Differences {
		fmt.Fprintf(w, "decision %s differs in: %s\n  recorded  %s\n  again     %s\n", d.ID, strings.Join(d.In, ", "), d.Recorded, d.Again)
	}
	for _, f := range r.Faults {
		fmt.Fprintf(w, "record: %s\n", f)
	}
	fmt.Fprintf(w, "%d decisions made again: %d differences; the record has %d faults\n", r.Decisions, len(r.Differences), len(r.Faults))
}
