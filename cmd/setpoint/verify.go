package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"

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

It reads the ledger itself: DATABASE_URL, or the private PostgreSQL.`,
		Example: `  setpoint verify
  setpoint verify --checkpoints checkpoints.jsonl --key checkpoint.pub`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return a.verify(c, s, k) },
	}
	s.flags(c)
	c.Flags().StringVar(&k.file, "checkpoints", "", "file of checkpoints, as 'setpoint checkpoint' prints them")
	c.Flags().StringVar(&k.key, "key", "", "file of the public key (PEM) that they were signed with")
	c.MarkFlagsRequiredTogether("checkpoints", "key")
	return c
}

// checks are where checkpoints and their key are.
type checks struct{ file, key string }

// verified is what verify found.
type verified struct {
	Rows        int64          `json:"rows"`
	Checkpoints int            `json:"checkpoints"`
	Faults      []ledger.Fault `json:"faults"`
}

func (a *app) verify(c *cobra.Command, s storage, k checks) error {
	n, remembered, err := k.read()
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	records, err := s.existing(c.Context(), quiet)
	if err != nil {
		return err
	}
	defer records.close(quiet)
	heads, err := records.Heads(c.Context())
	if err != nil {
		return err
	}
	faults, err := records.VerifyFrom(c.Context(), remembered)
	if err != nil {
		return err
	}
	v := verified{Checkpoints: n, Faults: append([]ledger.Fault{}, faults...)}
	for _, h := range heads {
		v.Rows += h.Seq
	}
	if err := a.show(c, v, func(w io.Writer) { printVerified(w, v) }); err != nil {
		return err
	}
	if len(v.Faults) > 0 {
		return exit{code: 1}
	}
	return nil
}

// read reads checkpoints, if any are named.
func (k checks) read() (n int, remembered []ledger.Head, err error) {
	if k.file == "" {
		return 0, nil, nil
	}
	key, err := readPublicKey(k.key)
	if err != nil {
		return 0, nil, err
	}
	f, err := os.Open(k.file)
	if err != nil {
		return 0, nil, fmt.Errorf("read checkpoints: %w", err)
	}
	defer f.Close()
	n, remembered, err = ledger.ReadCheckpoints(f, key)
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", k.file, err)
	}
	return n, remembered, nil
}

func printVerified(w io.Writer, v verified) {
	for _, f := range v.Faults {
		fmt.Fprintf(w, "record: %s\n", f)
	}
	against := "no checkpoints to hold it against"
	if v.Checkpoints > 0 {
		against = fmt.Sprintf("held against %d checkpoints", v.Checkpoints)
	}
	fmt.Fprintf(w, "%d rows: %d faults; %s\n", v.Rows, len(v.Faults), against)
}
