package ledger

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// leadKey is the advisory lock that the leader's session holds: "setpoint"
// in ASCII.
const leadKey = 0x736574706f696e74

// A lead is this instance's hold on the leadership: a session of its own
// that has the advisory lock. The server ends the session when nothing was
// heard of it for the length of the lease, so a frozen leader loses the lead
// by itself, and at once when the process dies.
type lead struct {
	config *pgx.ConnConfig
	mu     sync.Mutex
	conn   *pgx.Conn // holds the lock; nil = not leading
	term   loop.Term
}

// Lead takes the lead if it is free, or confirms it; see loop.Leadership. A
// leader that lost its session and leads again has a higher epoch. The lead
// is kept without further calls until Resign or Close.
func (p *Postgres) Lead(ctx context.Context) (loop.Term, error) {
	var term loop.Term
	err := p.do(ctx, func(ctx context.Context) (err error) {
		term, err = p.lead.take(ctx, p.holder)
		return err
	})
	if err != nil {
		return loop.Term{}, fmt.Errorf("take the lead: %w", err)
	}
	return term, nil
}

// Resign gives up the lead, for another instance to take at once.
func (p *Postgres) Resign() {
	p.lead.mu.Lock()
	defer p.lead.mu.Unlock()
	p.lead.drop()
}

// renew keeps the session of the lead from ending until ctx does.
func (p *Postgres) renew(ctx context.Context, every time.Duration) {
	defer close(p.done)
	ticker := time.NewTicker(max(every, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			p.lead.ping(ctx, p.timeout)
			p.lookForNewer(ctx)
		}
	}
}

// take confirms the lead, or takes it on a new session.
func (l *lead) take(ctx context.Context, holder string) (loop.Term, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		if l.confirm(ctx) == nil {
			return l.term, nil
		}
		l.drop()
	}
	err := l.reach(ctx)
	if err == nil {
		err = l.reign(ctx, holder)
	}
	if err != nil {
		l.drop()
	}
	return l.term, err
}

// ping keeps the session alive. A session that is lost is given up, for the
// next Lead to find out.
func (l *lead) ping(ctx context.Context, timeout time.Duration) {
	if !l.mu.TryLock() {
		return // Lead is at it
	}
	defer l.mu.Unlock()
	if l.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := l.confirm(ctx); err != nil {
		l.drop()
	}
}

// confirm asks over the session itself whether nobody led since.
func (l *lead) confirm(ctx context.Context) error {
	var newest []loop.Term
	if err := ask(ctx, l.conn, query(newestTerm).terms(&newest)); err != nil {
		return err
	}
	return leads(l.term, newest)
}

// reach opens a session and takes the lock, or says who is in the way.
func (l *lead) reach(ctx context.Context) (err error) {
	if l.conn, err = pgx.ConnectConfig(ctx, l.config); err != nil {
		return err
	}
	var free bool
	if err := l.conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, int64(leadKey)).Scan(&free); err != nil {
		return err
	}
	if !free {
		return loop.ErrNotLeader
	}
	return nil
}

// timelineNow is the timeline that the server writes to: it rises when a
// standby is promoted, or a backup is brought back to a point in time, by which
// a term on either side is told from one of the same epoch on the other. That
// which every database begins with is 0.
const timelineNow = `select case t when 1 then 0 else t end from (select ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint) as now (t)`

// reign begins a term. It waits for writes under way that checked the old
// one, by locking the heads that they lock.
func (l *lead) reign(ctx context.Context, holder string) error {
	return pgx.BeginFunc(ctx, l.conn, func(tx pgx.Tx) error {
		if err := lockAll(ctx, tx); err != nil {
			return err
		}
		r := reign{Holder: holder}
		if err := tx.QueryRow(ctx, `select coalesce(max(epoch), 0) + 1, (`+timelineNow+`), clock_timestamp() from leadership`).Scan(&r.Epoch, &r.Timeline, &r.At); err != nil {
			return err
		}
		body, err := encode(r)
		if err != nil {
			return err
		}
		if err := appendRow(ctx, tx, leadershipTable(), body); err != nil {
			return err
		}
		l.term = r.Term // the transaction's end may fail; then take drops it
		return nil
	})
}

// drop ends the session and with it the lock.
func (l *lead) drop() {
	l.term = loop.Term{}
	if l.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	l.conn.Close(ctx) // an error says that it is closed already
	l.conn = nil
}

// leadConfig is how the leader's session connects: the server gives it up
// when it hears nothing for a lease.
func leadConfig(base *pgx.ConnConfig, lease time.Duration) *pgx.ConnConfig {
	c := base.Copy()
	seconds := strconv.Itoa(max(int(lease.Seconds()/3), 1))
	c.RuntimeParams["application_name"] = "setpoint lead"
	c.RuntimeParams["idle_session_timeout"] = milliseconds(lease)
	c.RuntimeParams["tcp_keepalives_idle"] = seconds
	c.RuntimeParams["tcp_keepalives_interval"] = seconds
	c.RuntimeParams["tcp_keepalives_count"] = "2"
	c.RuntimeParams["tcp_user_timeout"] = milliseconds(lease)
	return c
}
