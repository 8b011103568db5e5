package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Health is how the database of a ledger does.
type Health struct {
	Server  string        // version of PostgreSQL
	Took    time.Duration // one question and its answer
	Size    int64         // bytes of the database
	Schema  int           // newest migration that it has run
	Standby bool          // it takes no writes
	Heads   []Head

	Holder    string    // of the newest term on record; "" = none
	Since     time.Time // when that term began
	Instances []Instance
	Standbys  []Standby // that follow it, as far as its role may see them
}

// An Instance is a process that listens to what others put on record.
type Instance struct {
	From  string // its address; "" = a socket of the same machine
	Since time.Time
}

// A Standby is a copy of the database that follows it.
type Standby struct {
	Name  string
	State string        // streaming, catchup, …
	Sync  string        // sync, quorum, potential or async
	Lag   time.Duration // until what was written last is to be seen there
}

// Health asks how the database does.
func (p *Postgres) Health(ctx context.Context) (h Health, err error) {
	err = p.do(ctx, func(ctx context.Context) (err error) {
		h, err = p.health(ctx)
		return err
	})
	if err != nil {
		return Health{}, wrap(err, "read health")
	}
	h.Heads, err = p.Heads(ctx)
	return h, err
}

func (p *Postgres) health(ctx context.Context) (h Health, err error) {
	began := time.Now()
	err = p.pool.QueryRow(ctx, `select current_setting('server_version'), pg_is_in_recovery()`).Scan(&h.Server, &h.Standby)
	h.Took = time.Since(began)
	if err != nil {
		return h, err
	}
	err = p.pool.QueryRow(ctx, `select pg_database_size(current_database()), (select coalesce(max(version), 0) from migrations),
			coalesce(l.holder, ''), coalesce(l.at, 'epoch'::timestamptz)
		from (select) one left join (select holder, at from leadership order by seq desc limit 1) l on true`).Scan(&h.Size, &h.Schema, &h.Holder, &h.Since)
	if err != nil {
		return h, err
	}
	rows, err := p.pool.Query(ctx, `select coalesce(host(client_addr), ''), coalesce(backend_start, now()) from pg_stat_activity
		where datname = current_database() and application_name = $1 order by backend_start`, watchName)
	if err != nil {
		return h, err
	}
	if h.Instances, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Instance]); err != nil {
		return h, err
	}
	rows, err = p.pool.Query(ctx, `select coalesce(application_name, ''), coalesce(state, ''), coalesce(sync_state, ''), coalesce(replay_lag, '0') from pg_stat_replication order by 1`)
	if err != nil {
		return h, err
	}
	h.Standbys, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Standby])
	return h, err
}
