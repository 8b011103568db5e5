package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/ledger"
)

func (a *app) verifyCmd() *cobra.Command {
	var s storage
	var k checks
	c := &cobra.Command{
		Use:     "verify",
		Short:   "Look for rows of the record that are not as they were written",
		GroupID: "ask",
		Long: `Walk the hash chains of the record. A row that was altered, deleted, inserted or
moved is named, and the exit code is 1.

Somebody with all rights in the database can make a chain anew, from a row that
he changed to its end. Checkpoints (see 'setpoint checkpoint') tell: what they
remember must be there still.

Answers of the gate that were pruned (see 'setpoint prune') are gone: with --key
the checkpoints that cover them are looked at too.

It reads the ledger itself: DATABASE_URL, or the private PostgreSQL.`,
		Example: `  setpoint verify
  setpoint verify --checkpoints checkpoints.jsonl --key checkpoint.pub`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return a.verify(c, s, k) },
	}
	s.flags(c)
	c.Flags().StringVar(&k.file, "checkpoints", "", "file of checkpoints, as 'setpoint checkpoint' prints them")
	c.Flags().StringVar(&k.key, "key", "", "file of the public key (PEM) that they were signed with")
	return c
}

// checks are where checkpoints and their key are.
type checks struct{ file, key string }

// verified is what verify found.
type verified struct {
	Rows        int64          `json:"rows"`
	Checkpoints int            `json:"checkpoints"`
	Prunings    []pruned       `json:"prunings"`
	Faults      []ledger.Fault `json:"faults"`
}

// pruned is a pruning in short.
type pruned struct {
	Through int64     `json:"through"`
	By      string    `json:"by"`
	Why     string    `json:"why"`
	At      time.Time `json:"at"`
}

func (a *app) verify(c *cobra.Command, s storage, k checks) error {
	if k.file != "" && k.key == "" {
		return exit{usage, "--checkpoints needs --key, the public key that they were signed with"}
	}
	remembered, err := k.read()
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	records, err := s.existing(c.Context(), quiet)
	if err != nil {
		return err
	}
	defer records.close(quiet)
	v, err := k.verify(c.Context(), records.Postgres, remembered)
	if err != nil {
		return err
	}
	if err := a.show(c, v, func(w io.Writer) { printVerified(w, v) }); err != nil {
		return err
	}
	if len(v.Faults) > 0 {
		return exit{code: 1}
	}
	return nil
}

// verify walks the chains.
func (k checks) verify(ctx context.Context, records *ledger.Postgres, remembered []ledger.Checkpoint) (verified, error) {
	v := verified{Checkpoints: len(remembered), Prunings: []pruned{}, Faults: []ledger.Fault{}}
	heads, err := records.Heads(ctx)
	if err != nil {
		return v, err
	}
	faults, err := records.VerifyFrom(ctx, ledger.Remembered(remembered))
	if err != nil {
		return v, err
	}
	prunings, err := records.Prunings(ctx)
	if err != nil {
		return v, err
	}
	if k.key != "" && len(prunings) > 0 {
		key, err := readPublicKey(k.key)
		if err != nil {
			return v, err
		}
		faults = append(faults, ledger.Unsigned(prunings, key)...)
	}
	v.Faults = append(v.Faults, faults...)
	for _, h := range heads {
		v.Rows += h.Seq
	}
	for _, p := range prunings {
		v.Prunings = append(v.Prunings, pruned{p.Through, p.By, p.Why, p.At})
	}
	if n := len(prunings); n > 0 {
		v.Rows -= prunings[n-1].Through
	}
	return v, nil
}

// read reads checkpoints, if any are named.
func (k checks) read() ([]ledger.Checkpoint, error) {
	if k.file == "" {
		return nil, nil
	}
	key, err := readPublicKey(k.key)
	if err != nil {
		return nil, err
	}
	return readCheckpoints(k.file, key)
}

func readCheckpoints(path string, key ed25519.PublicKey) ([]ledger.Checkpoint, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	defer f.Close()
	all, err := ledger.ReadCheckpoints(f, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

func printVerified(w io.Writer, v verified) {
	for _, f := range v.Faults {
		fmt.Fprintf(w, "record: %s\n", f)
	}
	for _, p := range v.Prunings {
		fmt.Fprintf(w, "answers of the gate up to row %d were dropped at %s by %s: %s\n", p.Through, p.At.Format(time.RFC3339), p.By, p.Why)
	}
	against := "no checkpoints to hold it against"
	if v.Checkpoints > 0 {
		against = fmt.Sprintf("held against %d checkpoints", v.Checkpoints)
	}
	fmt.Fprintf(w, "%d rows: %d faults; %s\n", v.Rows, len(v.Faults), against)
}
