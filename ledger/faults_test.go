package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// A database that refuses a write for want of room, or for the sake of another
// transaction, is an outage: nothing of the write is on record, what the gate
// answers is spooled, and afterwards all of it is there once.
func TestRefusedByTheDatabase(t *testing.T) {
	dsn := fresh(t)
	p, conn := open(t, dsn), connect(t, dsn)
	term := takeOver(t, p)
	must(t, second(conn.Exec(t.Context(), `create table setpoint.fault (code text);
		create function setpoint.fail() returns trigger language plpgsql security definer as $$
		declare fault text; begin
			select code into fault from setpoint.fault;
			if found then raise exception 'a drill' using errcode = fault; end if;
			return null;
		end $$;
		create trigger fails after insert on setpoint.decisions for each statement execute function setpoint.fail();
		create trigger fails after insert on setpoint.verdicts for each statement execute function setpoint.fail()`)))
	c, _ := clerk(t, p, ledger.ClerkConfig{Spool: t.TempDir(), Patience: time.Minute, Again: 5 * time.Millisecond})
	for i, code := range []string{"53100", "53200", "53300", "40001", "40P01", "55P03", "58030"} {
		must(t, second(conn.Exec(t.Context(), `insert into setpoint.fault values ($1)`, code)))
		d := ledgertest.Hold(code, noon())
		d.Input.Term = term
		wantErr(t, code, p.Begin(t.Context(), d), ledger.ErrDown)
		kept, err := c.Record(t.Context(), ledgertest.Verdict("shop", code, noon()))
		if err != nil || !kept.Spooled {
			t.Errorf("%s: a verdict is kept as %+v, %v; want it spooled", code, kept, err)
		}
		must(t, second(conn.Exec(t.Context(), `delete from setpoint.fault`)))
		must(t, p.Begin(t.Context(), d))
		await(t, "delivery", func(ctx context.Context) error { return second(p.Verdict(ctx, kept.ID)) })
		found, err := p.Verdicts(t.Context(), ledger.VerdictFilter{})
		all, err2 := p.Decisions(t.Context(), ledger.DecisionFilter{})
		if must(t, errors.Join(err, err2)); len(found) != i+1 || len(all) != i+1 {
			t.Errorf("%s: %d verdicts and %d decisions on record, want %d of each", code, len(found), len(all), i+1)
		}
	}
}

// A database that became read-only, as after a failover, is an outage too; it
// is over when it may be written to, without a restart.
func TestReadOnlyDatabase(t *testing.T) {
	dsn := fresh(t)
	p, conn := open(t, dsn), connect(t, dsn)
	takeOver(t, p)
	turn := func(how string) {
		t.Helper()
		must(t, second(conn.Exec(t.Context(), `set default_transaction_read_only = off`)))
		must(t, second(conn.Exec(t.Context(), `do $$ begin execute format('alter database %I set default_transaction_read_only = `+how+`', current_database()); end $$`)))
		must(t, second(conn.Exec(t.Context(), `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)))
	}
	turn("on")
	wantErr(t, "Begin", p.Begin(t.Context(), hold("d1")), ledger.ErrDown)
	wantErr(t, "Lead", second(p.Lead(t.Context())), ledger.ErrDown)
	wantErr(t, "Judge", p.Judge(t.Context(), verdictsOf("v1")), ledger.ErrDown)
	turn("off")
	d := hold("d1")
	d.Input.Term = takeOver(t, p)
	must(t, p.Begin(t.Context(), d))
	must(t, p.Judge(t.Context(), verdictsOf("v1")))
}

// Connections that are used up are an outage that ends by itself.
func TestConnectionsExhausted(t *testing.T) {
	dsn, address := asWriter(t)
	owner := connect(t, address)
	p := open(t, dsn)
	limit := func(n int) {
		t.Helper()
		must(t, second(owner.Exec(t.Context(), fmt.Sprintf(`do $$ begin execute format('alter role %%I connection limit %d', 'writer of ' || current_database()); end $$`, n))))
	}
	limit(0)
	wantErr(t, "Lead", second(p.Lead(t.Context())), ledger.ErrDown)
	wantErr(t, "Orders", second(p.Orders(t.Context(), noon())), ledger.ErrDown)
	limit(-1)
	takeOver(t, p)
	must(t, second(p.Orders(t.Context(), noon())))
}

// However many begin at once, one leads.
func TestStartAtOnce(t *testing.T) {
	dsn := fresh(t)
	var all []*ledger.Postgres
	for range 6 {
		all = append(all, open(t, dsn))
	}
	for range 10 {
		var mu sync.Mutex
		var lead []*ledger.Postgres
		var work sync.WaitGroup
		for _, p := range all {
			work.Go(func() {
				_, err := p.Lead(t.Context())
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					lead = append(lead, p)
				} else if !errors.Is(err, loop.ErrNotLeader) {
					t.Errorf("Lead: %v", err)
				}
			})
		}
		work.Wait()
		if len(lead) > 1 {
			t.Fatalf("%d lead", len(lead))
		}
		for _, p := range lead {
			p.Resign()
		}
	}
}
