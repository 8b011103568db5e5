package ledger_test

import (
	"context"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// A watch hears what another instance puts on record when it is committed, and
// after its session was lost all that it may have missed.
func TestWatch(t *testing.T) {
	dsn := fresh(t)
	one, other := open(t, dsn), open(t, dsn)
	w := watched{orders: make(chan string, 100), news: make(chan ledger.News, 100)}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- one.Watch(ctx, ledger.WatchConfig{Quiet: time.Hour, Again: 10 * time.Millisecond}, w.heard)
	}()
	w.await(t, "at first", "", func(n ledger.News) bool { return n.Decided && n.Keys })
	must(t, other.Give(t.Context(), ledgertest.Order("s", noon(), loop.OrderStop, "*")))
	w.await(t, "a stop", "s", func(n ledger.News) bool { return !n.Decided && !n.Keys })

	d := hold("d1")
	d.Input.Term = takeOver(t, other)
	must(t, other.Begin(t.Context(), d))
	w.await(t, "a decision", "s", func(n ledger.News) bool { return n.Decided })

	conn := connect(t, dsn)
	var ended1 int
	must(t, conn.QueryRow(t.Context(), `select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'setpoint watch' and datname = current_database()`).Scan(&ended1))
	if ended1 != 1 {
		t.Errorf("%d sessions watch, want 1", ended1)
	}
	must(t, other.Give(t.Context(), ledgertest.Order("r", noon(), loop.OrderResume, "*")))
	anew := false // it may have been heard before the order was given, which is heard by itself then
	w.await(t, "after its session was ended", "", func(n ledger.News) bool {
		anew = anew || n.Decided && n.Keys
		return anew
	})
	stop()
	must(t, <-ended)
}

// A watch that hears nothing asks all the same.
func TestWatchIsNotQuietForLong(t *testing.T) {
	p := open(t, fresh(t))
	ctx, stop := context.WithCancel(t.Context())
	calls := 0
	must(t, p.Watch(ctx, ledger.WatchConfig{Quiet: time.Millisecond}, func(context.Context, ledger.News) error {
		if calls++; calls == 3 {
			stop()
		}
		return nil
	}))
	if calls != 3 {
		t.Errorf("told %d times, want 3", calls)
	}
}

// watched is what was heard.
type watched struct {
	orders chan string
	news   chan ledger.News
}

func (w *watched) heard(ctx context.Context, n ledger.News) error {
	ids := ""
	found, err := n.Orders(ctx, noon().Add(time.Minute))
	for _, o := range found {
		ids += o.ID
	}
	if err == nil {
		w.orders <- ids
		w.news <- n
	}
	return err
}

// await waits for news of a kind with some orders in force.
func (w *watched) await(t *testing.T, what, ids string, kind func(ledger.News) bool) {
	t.Helper()
	for deadline := time.After(30 * time.Second); ; {
		select {
		case got := <-w.orders:
			if n := <-w.news; kind(n) && got == ids {
				return
			}
		case <-deadline:
			t.Fatalf("%s: not heard of within 30 s", what)
		}
	}
}
