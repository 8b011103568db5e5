package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
)

// A leader that runs while a newer program migrates its database notices,
// writes nothing any more, says why, and leaves the lead to others.
func TestRunningLedgerSeesANewerDatabase(t *testing.T) {
	dsn := fresh(t)
	p, err := ledger.Open(ledger.Config{DSN: dsn, Lease: 150 * time.Millisecond})
	must(t, err)
	defer p.Close()
	must(t, second(p.Lead(t.Context())))
	must(t, p.Begin(t.Context(), ledgertest.Hold("d1", noon())))
	must(t, p.Outdated())
	conn := connect(t, dsn)
	must(t, second(conn.Exec(t.Context(), `insert into setpoint.migrations values (9999, '9999_later.sql', '')`)))
	await(t, "a refusal", func(ctx context.Context) error {
		if _, err := p.Heads(ctx); !errors.Is(err, ledger.ErrSchema) {
			return fmt.Errorf("heads were read: %w", err)
		}
		return nil
	})
	err = p.Begin(t.Context(), ledgertest.Hold("d2", noon()))
	wantErr(t, "Begin", err, ledger.ErrSchema)
	if err == nil || !strings.Contains(err.Error(), "9999_later.sql while this program was running") {
		t.Errorf("Begin: %v, want what was run", err)
	}
	b, err := batchOf("b", ledgertest.Verdict("shop", "v1", noon()))
	must(t, err)
	wantErr(t, "Judge", p.Judge(t.Context(), b), ledger.ErrSchema)
	wantErr(t, "Lead", second(p.Lead(t.Context())), ledger.ErrSchema)
	wantErr(t, "Outdated", p.Outdated(), ledger.ErrSchema)
	await(t, "the lead", func(ctx context.Context) error {
		var free bool
		if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, int64(0x736574706f696e74)).Scan(&free); err != nil || !free {
			return fmt.Errorf("the lead is held: %w", err)
		}
		return nil
	})
}
