package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

func hold(id string) loop.Decision { return ledgertest.Hold(id, noon()) }

func orderOf(id string) loop.Order { return ledgertest.Order(id, noon(), loop.OrderStop, "*") }

// takeOver waits until p leads.
func takeOver(t *testing.T, p *ledger.Postgres) loop.Term {
	t.Helper()
	var term loop.Term
	await(t, "the lead", func(ctx context.Context) (err error) {
		term, err = p.Lead(ctx)
		return err
	})
	return term
}

// await tries until there is no error, for at most 20 s.
func await(t *testing.T, what string, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func rivals(t *testing.T) (dsn string, a, b *ledger.Postgres) {
	t.Helper()
	dsn = fresh(t)
	return dsn, open(t, dsn), open(t, dsn)
}

func TestOneLeads(t *testing.T) {
	_, a, b := rivals(t)
	first := takeOver(t, a)
	if _, err := b.Lead(t.Context()); !errors.Is(err, loop.ErrNotLeader) {
		t.Errorf("Lead of the second: %v, want %v", err, loop.ErrNotLeader)
	}
	a.Resign()
	next, err := b.Lead(t.Context())
	must(t, err)
	if next.Compare(first) <= 0 {
		t.Errorf("%s after %s, want a newer term", next.Show(), first.Show())
	}
	if _, err := a.Lead(t.Context()); !errors.Is(err, loop.ErrNotLeader) {
		t.Errorf("Lead of the first: %v, want %v", err, loop.ErrNotLeader)
	}
	b.Close()
	if again := takeOver(t, a); again.Compare(next) <= 0 {
		t.Errorf("%s after %s, want a newer term", again.Show(), next.Show())
	}
}

// A leader whose session ended does not know. What it still writes is
// refused as soon as another leads.
func TestDeposedLeaderIsRefused(t *testing.T) {
	dsn, a, b := rivals(t)
	conn := connect(t, dsn)
	old := takeOver(t, a)
	move := ledgertest.Move("d1", noon(), 1)
	move.Input.Term = old
	must(t, a.Begin(t.Context(), move))
	if tag, err := conn.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'setpoint lead'`); err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("terminate the lead's session: %v, %v", tag, err)
	}
	if next := takeOver(t, b); next.Compare(old) <= 0 {
		t.Errorf("%s after %s, want a newer term", next.Show(), old.Show())
	}
	late := hold("d2")
	late.Input.Term = old
	wantErr(t, "Begin", a.Begin(t.Context(), late), loop.ErrDeposed)
	wantErr(t, "Begin of what is on record", a.Begin(t.Context(), move), loop.ErrDeposed)
	put := loop.Move{Actuator: move.Actuator, Setting: move.To, Term: old, Decision: "d1", At: noon()}
	wantErr(t, "PutSetting", a.PutSetting(t.Context(), put), loop.ErrDeposed)
	must(t, a.Finish(t.Context(), loop.Outcome{Decision: "d1", At: noon(), Error: "deposed"})) // what happened may be told
	if _, err := a.Lead(t.Context()); !errors.Is(err, loop.ErrNotLeader) {
		t.Errorf("Lead: %v, want %v", err, loop.ErrNotLeader)
	}
}

// A leader that hears nothing loses its session, and then has a new epoch.
func TestLeaderComesBackWithHigherEpoch(t *testing.T) {
	dsn, a, _ := rivals(t)
	conn := connect(t, dsn)
	old := takeOver(t, a)
	must(t, second(conn.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'setpoint lead'`)))
	if again := takeOver(t, a); again.Compare(old) <= 0 {
		t.Errorf("%s after %s, want a newer term", again.Show(), old.Show())
	}
}

// The lead is kept without calls, by a leader that is alive.
func TestLeadIsRenewed(t *testing.T) {
	dsn := fresh(t)
	p, err := ledger.Open(ledger.Config{DSN: dsn, Lease: 900 * time.Millisecond})
	must(t, err)
	t.Cleanup(p.Close)
	term := takeOver(t, p)
	conn := connect(t, dsn)
	must(t, second(conn.Exec(t.Context(), `select pg_sleep(2.7)`))) // the server's clock runs the lease
	if again, err := p.Lead(t.Context()); err != nil || again != term {
		t.Errorf("Lead after three leases: %s, %v, want %s", again.Show(), err, term.Show())
	}
}

// A hold that was recorded, and whose answer was lost while the lead changed,
// is not a conflict.
func TestHoldIsTheSameUnderTheNextEpoch(t *testing.T) {
	_, a, b := rivals(t)
	d := hold("d1")
	d.Input.Term = takeOver(t, a)
	must(t, a.Begin(t.Context(), d))
	a.Resign()
	d.Input.Term = takeOver(t, b)
	must(t, b.Begin(t.Context(), d))
	d.Words = "something else"
	wantErr(t, "Begin of another hold", b.Begin(t.Context(), d), ledger.ErrConflict)
}

func TestMemoryIsDeposed(t *testing.T) {
	m := ledger.NewMemory()
	d := hold("d1")
	must(t, second(m.Lead(t.Context())))
	must(t, m.Depose())
	wantErr(t, "Begin", m.Begin(t.Context(), d), loop.ErrDeposed)
	term, err := m.Lead(t.Context())
	must(t, err)
	d.Input.Term = term
	must(t, m.Begin(t.Context(), d))
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}
