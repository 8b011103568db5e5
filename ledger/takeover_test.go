package ledger_test

import (
	"context"
	"flag"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
)

var takeovers = flag.Int("bench-takeover", 0, "how often TestTakeover takes over from a leader with the lease of serve, in each way, to say how long it took")

// TestTakeover takes the lead from a leader that is killed, frozen, or cut off
// from the database without anybody hearing of it. The database ends the
// leader's session when it has not heard of it for a lease; whoever asks for the
// lead then has it by this one call. So it takes no longer than a lease and
// the time between two calls, which is a tick.
func TestTakeover(t *testing.T) {
	times, tick := 1, 20*time.Millisecond
	leases := map[string]time.Duration{"killed": time.Hour, "frozen": 600 * time.Millisecond, "cut off": 600 * time.Millisecond}
	if *takeovers > 0 {
		times, tick, leases = *takeovers, time.Second, map[string]time.Duration{"killed": 15 * time.Second, "frozen": 15 * time.Second, "cut off": 15 * time.Second}
	}
	for name, strike := range map[string]func(*testing.T, *leader, *wire){
		"killed":  func(t *testing.T, l *leader, _ *wire) { must(t, l.cmd.Process.Kill()) },
		"frozen":  func(t *testing.T, l *leader, _ *wire) { must(t, l.cmd.Process.Signal(syscall.SIGSTOP)) },
		"cut off": func(_ *testing.T, _ *leader, w *wire) { w.cut.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			for range times {
				dsn := fresh(t)
				w := newWire(t, dsn)
				p, conn := open(t, dsn), connect(t, dsn)
				other := startLeader(t, w.dsn, leases[name])
				if name == "killed" { // a busy machine may end the others before
					wantErr(t, "Lead while the other lives", second(p.Lead(t.Context())), loop.ErrNotLeader)
				}
				began := time.Now()
				strike(t, other, w)
				waitGone(t, conn, leases[name], tick)
				term, err := p.Lead(t.Context())
				if err != nil || term.Epoch != 2 {
					t.Fatalf("Lead once the session has ended: %s, %v; want epoch 2", term.Show(), err)
				}
				t.Logf("%s: led again after %.1f s (lease %s, asked every %s)", name, time.Since(began).Seconds(), leases[name], tick)
			}
		})
	}
}

// TestLeadEndsWithItsLease: the database knows the lease, and so does the
// kernel, for what was sent and not acknowledged.
func TestLeadEndsWithItsLease(t *testing.T) {
	p, err := ledger.Open(ledger.Config{DSN: fresh(t), Lease: 9 * time.Second})
	must(t, err)
	t.Cleanup(p.Close)
	takeOver(t, p)
	for parameter, want := range map[string]string{"idle_session_timeout": "9s", "application_name": "setpoint lead"} {
		if got, err := p.LeadSessionForTest(t.Context(), parameter); err != nil || got != want {
			t.Errorf("%s of the session that leads is %q, %v; want %q", parameter, got, err, want)
		}
	}
}

// waitGone waits for the session that leads to end, at most a minute longer
// than a lease lasts; one that was killed does not wait for its lease.
func waitGone(t *testing.T, conn *pgx.Conn, lease, tick time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(min(lease, time.Minute) + time.Minute); !leaderGone(t, conn); time.Sleep(tick) {
		if time.Now().After(deadline) {
			t.Fatal("the session that leads has not ended")
		}
	}
}

func leaderGone(t *testing.T, conn *pgx.Conn) (gone bool) {
	t.Helper()
	must(t, conn.QueryRow(t.Context(), `select not exists (select from pg_stat_activity where application_name = 'setpoint lead' and datname = current_database())`).Scan(&gone))
	return gone
}

// A wire leads to a database. Once it is cut nothing goes through it any more,
// and neither end hears of that.
type wire struct {
	dsn string // of the near end
	cut atomic.Bool
}

func newWire(t *testing.T, dsn string) *wire {
	t.Helper()
	host := hostOf(t, dsn)
	dir, name := t.TempDir(), ".s.PGSQL."+host[2]
	l, err := net.Listen("unix", filepath.Join(dir, name))
	must(t, err)
	w := &wire{dsn: strings.Replace(dsn, "host="+host[1], "host="+dir, 1)}
	ctx, end := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { w.carry(ctx, near, filepath.Join(strings.Trim(host[1], "'"), name)) })
		}
	})
	t.Cleanup(func() { l.Close(); end(); all.Wait() })
	return w
}

// hostOf is the folder of a database's socket, and its port.
func hostOf(t *testing.T, dsn string) []string {
	t.Helper()
	host := regexp.MustCompile(`host=('[^']*'|\S+) port=(\d+)`).FindStringSubmatch(dsn)
	if host == nil {
		t.Fatalf("%s does not say where the database is", dsn)
	}
	return host
}

// carry takes what comes from one end to the other, while the wire is whole.
func (w *wire) carry(ctx context.Context, near net.Conn, database string) {
	defer near.Close()
	far, err := net.Dial("unix", database)
	if err != nil {
		return
	}
	defer far.Close()
	ctx, end := context.WithCancel(ctx)
	defer context.AfterFunc(ctx, func() { near.Close(); far.Close() })()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			_, _ = io.Copy(held{way[0], w}, way[1])
			if !w.cut.Load() {
				end() // the other end hears that this one is gone
			}
		})
	}
	both.Wait()
	end()
}

// A held end of a wire swallows what is written once the wire is cut.
type held struct {
	io.Writer
	wire *wire
}

// Write implements io.Writer.
func (h held) Write(p []byte) (int, error) {
	if h.wire.cut.Load() {
		return len(p), nil
	}
	return h.Writer.Write(p)
}
