package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// Many writers on two instances leave chains without gaps or forks.
func TestWritersTakeTurns(t *testing.T) {
	const writers, each = 6, 6
	_, a, b := rivals(t)
	takeOver(t, a)
	var g errgroup.Group
	for w := range writers {
		l := []*ledger.Postgres{a, b}[w%2]
		g.Go(func() error { return writeSome(context.Background(), l, w, each) })
	}
	must(t, g.Wait())
	wantRows(t, b, writers*each)
}

func writeSome(ctx context.Context, l *ledger.Postgres, writer, n int) error {
	for i := range n {
		if err := writeOne(ctx, l, fmt.Sprintf("%d-%d", writer, i)); err != nil {
			return err
		}
	}
	return nil
}

// writeOne adds one row to each chain that a leader writes.
func writeOne(ctx context.Context, l *ledger.Postgres, id string) error {
	for _, w := range writes() {
		if err := w.make(ctx, l, id); err != nil {
			return err
		}
	}
	return nil
}

// writes are all that a leader makes, under the first epoch.
func writes() []writing {
	move := func(id string) loop.Decision { return ledgertest.Move(id, noon(), 1) }
	begin := func(ctx context.Context, l *ledger.Postgres, id string) error { return l.Begin(ctx, move(id)) }
	return []writing{
		{"decisions", nil, begin},
		{"definitions", nil, func(ctx context.Context, l *ledger.Postgres, id string) error { return l.Define(ctx, id, []byte(id)) }},
		{"versions", nil, func(ctx context.Context, l *ledger.Postgres, id string) error {
			return l.Revise(ctx, []loop.Version{ledgertest.Version(id, id, -1)})
		}},
		{"orders", nil, func(ctx context.Context, l *ledger.Postgres, id string) error {
			return l.Give(ctx, ledgertest.Order(id, noon(), loop.OrderFreeze, id))
		}},
		{"settings", begin, func(ctx context.Context, l *ledger.Postgres, id string) error {
			d := move(id)
			return l.PutSetting(ctx, loop.Move{Actuator: d.Actuator, Setting: d.To, Term: loop.Term{Epoch: 1}, Decision: id, At: noon()})
		}},
		{"outcomes", begin, func(ctx context.Context, l *ledger.Postgres, id string) error {
			return l.Finish(ctx, loop.Outcome{Decision: id, At: noon(), Applied: true, ReadBack: move(id).To})
		}},
		{"verdicts", nil, func(ctx context.Context, l *ledger.Postgres, id string) error { return l.Judge(ctx, verdictsOf(id)) }},
		{"tokens", nil, func(ctx context.Context, l *ledger.Postgres, id string) error { return l.AddToken(ctx, tokenOf(id)) }},
		{"sendings", nil, func(ctx context.Context, l *ledger.Postgres, id string) error {
			return second(l.BeginSendings(ctx, ledgertest.Sending(id, noon())))
		}},
		{"deploys", nil, func(ctx context.Context, l *ledger.Postgres, id string) error {
			return second(l.AddDeploy(ctx, loop.Deploy{ID: id, Service: id, Release: "v1", At: noon(), Tool: "api"}))
		}},
	}
}

// tokenOf is a token whose ID is given.
func tokenOf(id string) ledger.Token {
	return ledger.Token{ID: id, Name: id, Sum: ledger.Hash{1}, Scopes: []string{"gate"}, By: "ann", At: noon(), Expires: noon().Add(time.Hour)}
}

// verdictsOf is a batch of one verdict.
func verdictsOf(id string) ledger.Batch {
	b, err := batchOf(id, ledgertest.Verdict("shop", id, noon()))
	if err != nil {
		panic(err) // the same for every ID
	}
	return b
}

func wantRows(t *testing.T, l *ledger.Postgres, n int64) {
	t.Helper()
	faults, err := l.Verify(t.Context())
	must(t, err)
	if len(faults) != 0 {
		t.Errorf("faults: %v", faults)
	}
	heads, err := l.Heads(t.Context())
	must(t, err)
	for _, h := range heads {
		if h.Chain != "leadership" && h.Chain != "prunings" && h.Seq != n {
			t.Errorf("%s has %d rows, want %d", h.Chain, h.Seq, n)
		}
	}
}

// Sessions that are killed at any moment, the one of COMMIT included, lose
// nothing and double nothing when the caller asks again.
func TestLostConnectionsLoseNothing(t *testing.T) {
	dsn := fresh(t)
	p := open(t, dsn)
	takeOver(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	var killed atomic.Int64
	var killer errgroup.Group
	conn := connect(t, dsn)
	killer.Go(func() error { return kill(ctx, conn, &killed) })
	n := 0
	for ; n < 10 || killed.Load() < 10; n++ {
		await(t, "write", func(ctx context.Context) error {
			err := writeOne(ctx, p, fmt.Sprint(n))
			if err != nil && !errors.Is(err, ledger.ErrDown) {
				t.Fatalf("a lost connection ended in a refusal: %v", err)
			}
			return err
		})
	}
	cancel()
	must(t, killer.Wait())
	wantRows(t, p, int64(n))
}

// kill ends the ledger's sessions, the lead's left out: first every 15 ms, then
// ever more seldom, so that a slow machine gets its writes through as well.
func kill(ctx context.Context, conn *pgx.Conn, killed *atomic.Int64) error {
	for pause := 0.015; ctx.Err() == nil; pause *= 1.1 {
		tag, err := conn.Exec(context.Background(), `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'setpoint' and datname = current_database()`)
		if err != nil {
			return err
		}
		killed.Add(tag.RowsAffected())
		if _, err := conn.Exec(context.Background(), `select pg_sleep($1)`, pause); err != nil {
			return err
		}
	}
	return nil
}

// A writer that freezes with the locks held keeps others no longer than
// their deadline, and is cut off by the server after the lease.
func TestHangingWriterIsCutOff(t *testing.T) {
	p, err := ledger.Open(ledger.Config{DSN: fresh(t), Timeout: 300 * time.Millisecond, Lease: time.Second})
	must(t, err)
	t.Cleanup(p.Close)
	takeOver(t, p)
	frozen, err := p.HangForTest(t.Context())
	must(t, err)
	defer frozen.Close(context.Background())
	wantErr(t, "Begin", p.Begin(t.Context(), hold("d1")), ledger.ErrDown)
	await(t, "Begin", func(ctx context.Context) error { return p.Begin(ctx, hold("d1")) })
}

// A takeover waits for a write under way, which has checked the old epoch:
// what the old leader records comes before the new one's reign or not at all.
func TestTakeoverWaitsForWrites(t *testing.T) {
	dsn, a, b := rivals(t)
	takeOver(t, a)
	conn := connect(t, dsn)
	must(t, second(conn.Exec(t.Context(), `begin; select from setpoint.heads where chain = 'decisions' for update`)))
	a.Resign()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	wantErr(t, "Lead during a write", second(b.Lead(ctx)), ledger.ErrDown)
	must(t, second(conn.Exec(t.Context(), `commit`)))
	takeOver(t, b)
}

// A call on a connection that broke is made again, on a new one, at once.
func TestBrokenConnectionIsNoOutage(t *testing.T) {
	dsn := fresh(t)
	p := open(t, dsn)
	takeOver(t, p)
	conn := connect(t, dsn)
	for i := range 5 {
		must(t, second(conn.Exec(t.Context(), `select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'setpoint' and datname = current_database()`)))
		must(t, p.Begin(t.Context(), hold(fmt.Sprint(i))))
	}
}

// What the caller has given up is an end of its own, not an outage.
func TestCancelledCallIsNotAnOutage(t *testing.T) {
	p := open(t, fresh(t))
	takeOver(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := p.Begin(ctx, hold("d1"))
	wantErr(t, "Begin", err, context.Canceled)
	if errors.Is(err, ledger.ErrDown) {
		t.Errorf("Begin: %v, want no outage", err)
	}
}
