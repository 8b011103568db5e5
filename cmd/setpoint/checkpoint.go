package main

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/web"
)

func (a *app) checkpointCmd() *cobra.Command {
	var s storage
	var key, made string
	c := &cobra.Command{
		Use:     "checkpoint",
		Short:   "Print a signed line that says where the record ends",
		GroupID: "ask",
		Long: `Print where the hash chains of the record end now, signed: a line of JSON. Keep
such lines where who can write to the database cannot; 'setpoint verify
--checkpoints' holds the record against them.

'setpoint serve --checkpoints FILE --checkpoint-key KEY' adds a line every hour
and when it ends. It does not start with a record that lacks what the newest
line remembers: an old backup that was restored.`,
		Example: `  setpoint checkpoint --make-key checkpoint.key > checkpoint.pub
  setpoint checkpoint --key checkpoint.key >> checkpoints.jsonl`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if made != "" {
				return makeKey(c.OutOrStdout(), made)
			}
			return checkpoint(c, s, key)
		},
	}
	s.flags(c)
	c.Flags().StringVar(&key, "key", "", "file of the private key (PEM) to sign with")
	c.Flags().StringVar(&made, "make-key", "", "make a private key in this new file, and print its public key")
	c.MarkFlagsOneRequired("key", "make-key")
	c.MarkFlagsMutuallyExclusive("key", "make-key")
	return c
}

// makeKey writes a private key where no file is yet.
func makeKey(out io.Writer, path string) error {
	private, public, err := newKey()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	_, err = f.Write(private)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	_, err = out.Write(public)
	return err
}

func checkpoint(c *cobra.Command, s storage, key string) error {
	private, err := readPrivateKey(key)
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	records, err := s.existing(c.Context(), quiet)
	if err != nil {
		return err
	}
	defer records.close(quiet)
	line, err := signedLine(c.Context(), records.Postgres, private)
	if err != nil {
		return err
	}
	_, err = c.OutOrStdout().Write(line)
	return err
}

// signedLine is a checkpoint of the record as it is now.
func signedLine(ctx context.Context, records *ledger.Postgres, key ed25519.PrivateKey) ([]byte, error) {
	heads, err := records.Heads(ctx)
	if err != nil {
		return nil, err
	}
	c, err := ledger.Sign(heads, time.Now(), key)
	if err != nil {
		return nil, err
	}
	line, err := json.Marshal(c)
	return append(line, '\n'), err
}

func (k *checks) flags(c *cobra.Command) {
	c.Flags().StringVar(&k.file, "checkpoints", "", "file to which a signed checkpoint of the record is added every hour and at the end (see 'setpoint checkpoint')")
	c.Flags().StringVar(&k.key, "checkpoint-key", "", "file of the private key (PEM) to sign them with")
	c.MarkFlagsRequiredTogether("checkpoints", "checkpoint-key")
}

// A witness adds checkpoints to a file.
type witness struct {
	file string
	key  ed25519.PrivateKey
	last atomic.Pointer[web.Checkpoint]
}

// checkpointEvery is how much of the record a checkpoint leaves without one.
const checkpointEvery = time.Hour

// newWitness is nil when none was asked for. What it cannot write it says
// before anything runs.
func newWitness(k checks) (*witness, error) {
	if k.file == "" {
		return nil, nil
	}
	key, err := readPrivateKey(k.key)
	if err != nil {
		return nil, err
	}
	w := &witness{file: k.file, key: key}
	return w, w.add(nil)
}

// watch adds a checkpoint every hour.
func (w *witness) watch(ctx context.Context, records *ledger.Postgres, log *slog.Logger) error {
	if w == nil {
		return nil
	}
	return repeat(ctx, checkpointEvery, func(ctx context.Context) { w.sign(ctx, records, log) })
}

// end adds a checkpoint when all else has ended.
func (w *witness) end(ctx context.Context, records *ledger.Postgres, log *slog.Logger) {
	if w == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	w.sign(ctx, records, log)
}

func (w *witness) sign(ctx context.Context, records *ledger.Postgres, log *slog.Logger) {
	err := w.check(ctx, records)
	var line []byte
	if err == nil {
		line, err = signedLine(ctx, records, w.key)
	}
	if err == nil {
		err = w.add(line)
	}
	next := web.Checkpoint{At: time.Now(), File: w.file}
	if err != nil {
		log.Error("checkpoint", "error", err)
		next = *w.newest()
		next.Error = err.Error()
	}
	w.last.Store(&next)
}

// newest is the checkpoint that was added last; nil when none are kept.
func (w *witness) newest() *web.Checkpoint {
	if w == nil {
		return nil
	}
	if c := w.last.Load(); c != nil {
		return c
	}
	return &web.Checkpoint{File: w.file}
}

// add appends a line that is on the disk when it returns.
func (w *witness) add(line []byte) error {
	f, err := os.OpenFile(w.file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("add checkpoint: %w", err)
	}
	_, err = f.Write(line)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("add checkpoint: %w", err)
	}
	return nil
}
