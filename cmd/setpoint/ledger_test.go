//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger/cluster"
)

// A decided is a decision on record with its last outcome.
type decided struct {
	Seq      int64
	ID       string
	Actuator string
	Verb     string
	Reason   string
	From, To float64
	Epoch    int64
	Outcomes int64
	Applied  *bool
	Error    *string
	Until    *time.Time
	Ticks    *int64
}

func (d decided) applied() bool { return d.Applied != nil && *d.Applied }

const decisionsWithOutcome = `select d.seq, d.id, d.actuator, d.verb, d.reason, d."from", d."to", d.epoch,
	(select count(*) from setpoint.outcomes o where o.decision = d.id) as outcomes, l.applied, l.error, l.until, l.ticks
	from setpoint.decisions d left join lateral
	(select * from setpoint.outcomes o where o.decision = d.id order by o.seq desc limit 1) l on true order by d.seq`

// decisions reads the record itself, not what the server says of it.
func (v *server) decisions() []decided {
	v.t.Helper()
	return rows[decided](v, decisionsWithOutcome)
}

// moves are the decisions about an actuator that are not holds.
func (v *server) moves(actuator string) (out []decided) {
	v.t.Helper()
	for _, d := range v.decisions() {
		if d.Actuator == actuator && d.Verb != "hold" {
			out = append(out, d)
		}
	}
	return out
}

// appliedTo are the IDs of the moves of an actuator that were carried out.
func (v *server) appliedTo(actuator string) (ids []string) {
	v.t.Helper()
	for _, d := range v.moves(actuator) {
		if d.applied() {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// rows asks the server's ledger, which must run.
func rows[T any](v *server, sql string, args ...any) []T {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn := v.connect(ctx)
	defer conn.Close(ctx)
	found, err := conn.Query(ctx, sql, args...)
	must(v.t, err)
	out, err := pgx.CollectRows(found, pgx.RowToStructByPos[T])
	must(v.t, err)
	return out
}

// connect opens a session in the server's ledger as a superuser.
func (v *server) connect(ctx context.Context) *pgx.Conn {
	v.t.Helper()
	conn, err := pgx.Connect(ctx, v.address(ctx))
	must(v.t, err)
	return conn
}

// address is that of the server's ledger.
func (v *server) address(ctx context.Context) string {
	v.t.Helper()
	if v.dsn != "" {
		return v.dsn
	}
	return v.private(ctx)
}

// private is the address of the server's private ledger, which must run.
func (v *server) private(ctx context.Context) string {
	v.t.Helper()
	c, err := cluster.Start(ctx, cluster.Config{Dir: v.state})
	must(v.t, err)
	if !c.Adopted {
		must(v.t, c.Stop())
		v.t.Fatal("the ledger does not run")
	}
	return c.DSN(database)
}

// openLedger runs the ledger of a server that is stopped, until the test ends.
func (v *server) openLedger() {
	v.t.Helper()
	c, err := cluster.Start(v.t.Context(), cluster.Config{Dir: v.state})
	must(v.t, err)
	v.t.Cleanup(func() { must(v.t, c.Stop()) })
}

// postmaster is the process id of the server's private PostgreSQL.
func (v *server) postmaster() int {
	v.t.Helper()
	text, err := os.ReadFile(filepath.Join(v.state, "ledger", "data", "postmaster.pid"))
	must(v.t, err)
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	must(v.t, err)
	return pid
}

// halt stops the ledger in its tracks, its sessions too; resume ends that.
func (v *server) halt() (resume func()) {
	v.t.Helper()
	pids := family(v.t, v.postmaster())
	signal := func(sig syscall.Signal) {
		for _, pid := range pids {
			syscall.Kill(pid, sig) // a session may have ended since it was listed
		}
	}
	signal(syscall.SIGSTOP)
	resumed := false
	resume = func() {
		if !resumed {
			signal(syscall.SIGCONT)
			resumed = true
		}
	}
	v.t.Cleanup(resume)
	return resume
}

// family is a process and its children.
func family(t *testing.T, pid int) []int {
	t.Helper()
	out := []int{pid}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	must(t, err)
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		_, rest, _ := strings.Cut(string(text), ") ") // after the name, which may hold anything else
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			must(t, err)
			out = append(out, child)
		}
	}
	return out
}
