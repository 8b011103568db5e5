package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// A court is a ledger in memory that can be out of reach, slow, or lose its
// answers.
type court struct {
	*ledger.Memory
	mu      sync.Mutex
	down    error         // told without recording
	lost    error         // told after recording
	held    chan struct{} // recording waits for it, unless nil
	batches int
}

func (c *court) set(down, lost error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down, c.lost = down, lost
}

// tried is how many batches were given, those included that were not taken.
func (c *court) tried() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.batches
}

func (c *court) Judge(ctx context.Context, b ledger.Batch) error {
	c.mu.Lock()
	held, down, lost := c.held, c.down, c.lost
	c.batches++
	c.mu.Unlock()
	if held != nil {
		<-held
	}
	if down != nil {
		return down
	}
	return errors.Join(c.Memory.Judge(ctx, b), lost)
}

// clerk is one at work, until the test ends or stop is called.
func clerk(t *testing.T, to ledger.Judge, cfg ledger.ClerkConfig) (c *ledger.Clerk, stop func()) {
	t.Helper()
	c, err := ledger.NewClerk(to, cfg)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var g errgroup.Group
	g.Go(func() error { return c.Run(ctx, func(err error) { t.Logf("clerk: %v", err) }) })
	stop = sync.OnceFunc(func() {
		cancel()
		must(t, g.Wait())
	})
	t.Cleanup(stop)
	return c, stop
}

func record(t *testing.T, c *ledger.Clerk, release string) ledger.Kept {
	t.Helper()
	k, err := c.Record(t.Context(), ledgertest.Verdict("shop", release, noon()))
	must(t, err)
	return k
}

// releases are those on record, in the order of recording.
func releases(t *testing.T, l ledgertest.Verdicts) string {
	t.Helper()
	all, err := l.Verdicts(t.Context(), ledger.VerdictFilter{Limit: 1000})
	must(t, err)
	out := make([]string, len(all))
	for i, v := range all {
		out[len(all)-1-i] = v.Answer.Release
	}
	return strings.Join(out, " ")
}

// A verdict that Record has returned is on record, under its ID, though many
// share a transaction.
func TestClerkShares(t *testing.T) {
	p := open(t, fresh(t))
	must(t, p.Migrate(t.Context()))
	c, _ := clerk(t, p, ledger.ClerkConfig{Patience: time.Minute})
	const callers, each = 32, 20
	var g errgroup.Group
	for i := range callers {
		g.Go(func() error {
			for j := range each {
				v := ledgertest.Verdict("shop", fmt.Sprintf("%d-%d", i, j), noon())
				k, err := c.Record(context.Background(), v)
				if err != nil {
					return err
				}
				if got, err := p.Verdict(context.Background(), k.ID); err != nil || got.Answer.Release != v.Answer.Release || k.Spooled {
					return fmt.Errorf("verdict %s: release %s, want %s; spooled %v, error %v", k.ID, got.Answer.Release, v.Answer.Release, k.Spooled, err)
				}
			}
			return nil
		})
	}
	must(t, g.Wait())
	heads, err := p.Heads(t.Context())
	must(t, err)
	rows := heads[slices.IndexFunc(heads, func(h ledger.Head) bool { return h.Chain == "verdicts" })]
	if rows.Seq >= callers*each {
		t.Errorf("%d rows of %s for %d verdicts, want fewer: none shared a transaction", rows.Seq, rows.Chain, callers*each)
	}
	if n := len(strings.Fields(releases(t, p))); n != callers*each {
		t.Errorf("%d verdicts on record, want %d", n, callers*each)
	}
}

// While the ledger is out of reach verdicts go to the disk, and from there
// to the ledger, in order and once, even when answers were lost.
func TestClerkSpools(t *testing.T) {
	l := &court{Memory: ledger.NewMemory()}
	dir := t.TempDir()
	c, stop := clerk(t, l, ledger.ClerkConfig{Spool: dir, Again: time.Millisecond})
	if k := record(t, c, "a"); k.Spooled {
		t.Error("a was spooled while the ledger was there")
	}
	l.set(nil, ledger.ErrDown) // recorded, and the answer is lost
	if k := record(t, c, "b"); !k.Spooled {
		t.Error("b was not spooled though no answer came")
	}
	l.set(ledger.ErrDown, nil)
	for _, r := range []string{"c", "d"} {
		if k := record(t, c, r); !k.Spooled {
			t.Errorf("%s was not spooled", r)
		}
	}
	stop()
	again, _ := clerk(t, l, ledger.ClerkConfig{Spool: dir, Again: time.Millisecond})
	k := record(t, again, "e")
	if !k.Spooled {
		t.Error("e overtook what is spooled")
	}
	l.set(nil, nil)
	await(t, "the spool is delivered", func(context.Context) error {
		if n := again.Waiting(); n > 0 {
			return fmt.Errorf("%d batches wait", n)
		}
		return nil
	})
	record(t, again, "f")
	if got, want := releases(t, l), "a b c d e f"; got != want {
		t.Errorf("on record: %s, want %s", got, want)
	}
	if got, err := l.Verdict(t.Context(), k.ID); err != nil || got.Answer.Release != "e" {
		t.Errorf("Verdict(%s) = %v, %v, want that of e", k.ID, got.Answer.Release, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.json*")); err != nil || len(left) != 0 {
		t.Errorf("left in the spool: %v, %v", left, err)
	}
}

// A real database that stops and comes back.
func TestClerkOutlastsTheDatabase(t *testing.T) {
	s := newServer(t)
	p := open(t, s.running.DSN("postgres"))
	must(t, p.Migrate(t.Context()))
	c, _ := clerk(t, p, ledger.ClerkConfig{Spool: t.TempDir(), Again: 10 * time.Millisecond})
	record(t, c, "a")
	s.stop(t)
	if k := record(t, c, "b"); !k.Spooled {
		t.Error("b was not spooled")
	}
	record(t, c, "c")
	s.start(t)
	await(t, "the spool is delivered", func(context.Context) error {
		if c.Waiting() > 0 {
			return errors.New("batches wait")
		}
		return nil
	})
	record(t, c, "d")
	if got, want := releases(t, p), "a b c d"; got != want {
		t.Errorf("on record: %s, want %s", got, want)
	}
	faults, err := p.Verify(t.Context())
	if err != nil || len(faults) > 0 {
		t.Errorf("faults: %v, %v", faults, err)
	}
}

// What can be kept nowhere is an error.
func TestClerkRefuses(t *testing.T) {
	l := &court{Memory: ledger.NewMemory(), down: ledger.ErrDown}
	none, _ := clerk(t, l, ledger.ClerkConfig{})
	_, err := none.Record(t.Context(), ledgertest.Verdict("shop", "a", noon()))
	wantErr(t, "Record without a spool", err, ledger.ErrDown)
	full, _ := clerk(t, l, ledger.ClerkConfig{Spool: t.TempDir(), Most: 1200})
	record(t, full, "a")
	_, err = full.Record(t.Context(), ledgertest.Verdict("shop", "b", noon()))
	wantErr(t, "Record with a full spool", err, ledger.ErrSpoolFull)
	v := ledgertest.Verdict("shop", "c", noon())
	v.Tool = ""
	_, err = full.Record(t.Context(), v)
	wantErr(t, "Record of half a verdict", err, ledger.ErrInvalid)
	dir := t.TempDir()
	clerk(t, l, ledger.ClerkConfig{Spool: dir})
	_, err = ledger.NewClerk(l, ledger.ClerkConfig{Spool: dir})
	wantErr(t, "NewClerk in a folder of another", err, ledger.ErrSpoolBusy)
	gone, stop := clerk(t, l, ledger.ClerkConfig{})
	stop()
	_, err = gone.Record(t.Context(), ledgertest.Verdict("shop", "d", noon()))
	wantErr(t, "Record when nobody works", err, ledger.ErrClosed)
}

// A file of the spool that cannot be taken is put aside; those behind it
// arrive.
func TestClerkPutsAside(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "0000000000000000001.json"), []byte(`{"id":"x","bo`), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "0000000000000000007.json.part"), []byte(`{`), 0o600))
	l := &court{Memory: ledger.NewMemory()}
	c, _ := clerk(t, l, ledger.ClerkConfig{Spool: dir, Again: time.Millisecond})
	record(t, c, "a")
	await(t, "the spool is delivered", func(context.Context) error {
		if c.Waiting() > 0 {
			return errors.New("batches wait")
		}
		return nil
	})
	if got := releases(t, l); got != "a" {
		t.Errorf("on record: %s, want a", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "0000000000000000001.json.refused")); err != nil {
		t.Errorf("the broken file is gone: %v", err)
	}
}

// What is not taken for a reason that passes waits in the spool, and arrives
// in order: it is not put aside.
func TestClerkKeepsWhatMayBeTakenLater(t *testing.T) {
	for _, reason := range []error{
		ledger.ErrDown, ledger.ErrSchema, fmt.Errorf("the process ends: %w", context.Canceled),
		&fs.PathError{Op: "open", Path: "spool", Err: syscall.EMFILE}, &pgconn.PgError{Code: "42501"},
	} {
		dir := t.TempDir()
		l := &court{Memory: ledger.NewMemory(), down: ledger.ErrDown}
		c, stop := clerk(t, l, ledger.ClerkConfig{Spool: dir, Again: time.Hour})
		record(t, c, "a")
		record(t, c, "b")
		stop()
		l.set(reason, nil)
		c, _ = clerk(t, l, ledger.ClerkConfig{Spool: dir, Again: time.Millisecond})
		before := l.tried()
		await(t, "tries", func(context.Context) error {
			if l.tried() < before+3 {
				return fmt.Errorf("%d tries", l.tried()-before)
			}
			return nil
		})
		l.set(nil, nil)
		await(t, "the spool is delivered", func(context.Context) error {
			if c.Waiting() > 0 {
				return errors.New("batches wait")
			}
			return nil
		})
		if got := releases(t, l); got != "a b" {
			t.Errorf("%v: on record: %q, want a b", reason, got)
		}
	}
}

// TestClerkCatchesUp: when the database is back, the spool is emptied though
// verdicts come faster than a batch is recorded.
func TestClerkCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &slow{court{Memory: ledger.NewMemory(), down: ledger.ErrDown}}
		c, stop := clerk(t, l, ledger.ClerkConfig{Spool: t.TempDir(), Again: time.Millisecond})
		defer stop()
		for i := range 20 {
			record(t, c, fmt.Sprint("before", i))
		}
		l.set(nil, nil)
		for i := range 500 {
			if !record(t, c, fmt.Sprint("after", i)).Spooled {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Errorf("%d batches wait still", c.Waiting())
	})
}

// A slow court takes 10 ms for a batch.
type slow struct{ court }

func (s *slow) Judge(ctx context.Context, b ledger.Batch) error {
	time.Sleep(10 * time.Millisecond)
	return s.court.Judge(ctx, b)
}

// A long queue is cut into rows that the ledger takes.
func TestClerkCutsBatches(t *testing.T) {
	l := &court{Memory: ledger.NewMemory(), held: make(chan struct{})}
	c, _ := clerk(t, l, ledger.ClerkConfig{Patience: time.Minute})
	var g errgroup.Group
	const callers = 12
	for i := range callers {
		g.Go(func() error {
			v := ledgertest.Verdict("shop", fmt.Sprint(i), noon())
			v.Answer.Reasons = []loop.GateReason{{Code: "x", Message: strings.Repeat("x", 200<<10)}}
			_, err := c.Record(context.Background(), v)
			return err
		})
	}
	close(l.held)
	must(t, g.Wait())
	if n := len(strings.Fields(releases(t, l))); n != callers || l.batches < callers/4 {
		t.Errorf("%d verdicts in %d batches, want %d in %d at least", n, l.batches, callers, callers/4)
	}
}

// Who writes for all sees it through, also when their own caller went away;
// those who came meanwhile share one row, and are not answered before it is
// there.
func TestClerkSeesItThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &court{Memory: ledger.NewMemory(), held: make(chan struct{})}
		c, _ := clerk(t, l, ledger.ClerkConfig{})
		synctest.Wait()
		ctx, leave := context.WithCancel(t.Context())
		answers := make(chan error, 4)
		ask := func(ctx context.Context, release string) {
			go func() {
				_, err := c.Record(ctx, ledgertest.Verdict("shop", release, noon()))
				answers <- err
			}()
			synctest.Wait()
		}
		ask(ctx, "a")
		for _, r := range []string{"b", "c"} {
			ask(t.Context(), r)
		}
		ask(ctx, "d")
		leave()
		if err := <-answers; !errors.Is(err, context.Canceled) {
			t.Errorf("who waits in line and leaves is told %v, want that it was cancelled", err)
		}
		synctest.Wait()
		if n := len(answers); n > 0 {
			t.Errorf("%d answers before anything is on record", n)
		}
		close(l.held)
		for range 3 {
			must(t, <-answers)
		}
		if got, want := releases(t, l), "a b c d"; got != want || l.batches != 2 {
			t.Errorf("on record: %s in %d rows, want %s in 2", got, l.batches, want)
		}
	})
}
