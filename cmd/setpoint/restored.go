package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"setpoint.dev/setpoint/ledger"
)

// check refuses a record that lacks what the newest checkpoint remembers: an
// old backup was restored, say, and targets may have been moved since. A person
// has to look at that. While the ledger is away it cannot be told.
func (w *witness) check(ctx context.Context, records *ledger.Postgres) error {
	if w == nil {
		return nil
	}
	last, err := w.remembered()
	if err != nil {
		return err
	}
	faults, err := records.Lacks(ctx, last.Heads)
	switch {
	case errors.Is(err, ledger.ErrDown):
		return nil
	case err == nil && len(faults) > 0:
		err = fmt.Errorf("the record is not the one of which %s remembers the end at %s: %s; was an old backup restored? What was set since is not in it: look at what is in force, then move the file away",
			w.file, last.At.Format(time.RFC3339), faults[0])
	}
	return err
}

// remembered is the last checkpoint in the file that was signed with the key;
// a line that was cut off while it was written does not count.
func (w *witness) remembered() (ledger.Checkpoint, error) {
	text, err := os.ReadFile(w.file)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("read checkpoints: %w", err)
	}
	for _, line := range slices.Backward(bytes.Split(text, []byte("\n"))) {
		var c ledger.Checkpoint
		if json.Unmarshal(line, &c) == nil && c.Genuine(w.key.Public().(ed25519.PublicKey)) == nil {
			return c, nil
		}
	}
	return ledger.Checkpoint{}, nil
}
