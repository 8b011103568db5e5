package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"setpoint.dev/setpoint/migrations"
)

// A Config says where the ledger is and how patient to be with it.
type Config struct {
	DSN     string        // of the database, URL or key=value; required, never printed. Not through a pooler that shares sessions: the lead is a session's
	Holder  string        // name of this instance on record when it leads; host and process ID unless given
	Lease   time.Duration // how long a leader that has frozen keeps the lead; 0 = 15 s
	Timeout time.Duration // of a call whose context sets no earlier deadline; 0 = 5 s
	Conns   int           // most connections, those of the lead and of watches not counted; 0 = 8
}

// Postgres is the ledger in a PostgreSQL database, version 14 or newer. It
// may be used from many goroutines at once.
type Postgres struct {
	pool    *pgxpool.Pool
	timeout time.Duration
	holder  string

	migrated  atomic.Bool
	newer     atomic.Pointer[error] // a newer program has migrated the database since; nil = none has
	migrating chan struct{}         // held while migrating

	verdicts end

	lead       lead
	watching   *pgx.ConnConfig // of the sessions of watches
	objectives numbering       // :: objective → id
	stop       context.CancelFunc
	done       chan struct{}
}

// watchName is that of the sessions by which instances hear of what others
// put on record.
const watchName = "setpoint watch"

// Open prepares a ledger. It does not connect: a database that is down now
// is found by the calls, which migrate it when it is there. Close ends it.
func Open(cfg Config) (*Postgres, error) {
	lease, timeout := orDefault(cfg.Lease, 15*time.Second), orDefault(cfg.Timeout, 5*time.Second)
	pc, err := poolConfig(cfg, lease, timeout)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), pc)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", plain(err))
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Postgres{pool: pool, timeout: timeout, holder: cfg.holder(), migrating: make(chan struct{}, 1), verdicts: end{asking: make(chan struct{}, 1)}, stop: stop, done: make(chan struct{})}
	p.lead.config = leadConfig(pc.ConnConfig, lease)
	p.watching = pc.ConnConfig.Copy()
	p.watching.RuntimeParams["application_name"] = watchName
	go p.renew(ctx, lease/3)
	return p, nil
}

// Close resigns the lead and closes the connections. Calls made later fail.
func (p *Postgres) Close() {
	p.stop()
	<-p.done
	p.Resign()
	p.pool.Close()
}

// Migrate brings the database to this program's schema. Calls do it by
// themselves when it was not done; a program calls it at its start to learn
// early of a database that it must not use (ErrSchema).
func (p *Postgres) Migrate(ctx context.Context) error {
	if refused := p.newer.Load(); refused != nil {
		return *refused
	}
	if p.migrated.Load() {
		return nil
	}
	select {
	case p.migrating <- struct{}{}:
		defer func() { <-p.migrating }()
	case <-ctx.Done():
		return classify(ctx, fmt.Errorf("wait for the migration: %w", ctx.Err()))
	}
	if p.migrated.Load() {
		return nil
	}
	err := migrate(ctx, p.pool.Config().ConnConfig, migrations.Files)
	if err == nil {
		p.migrated.Store(true)
	}
	return classify(ctx, err)
}

// do makes a call to the database: with a deadline, on a migrated schema,
// once more when the connection was lost (every call of the ledger may be
// made twice), its error told in the sentinel errors.
func (p *Postgres) do(caller context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(caller, p.timeout)
	defer cancel()
	err := p.attempt(ctx, call)
	if lost(err) && ctx.Err() == nil {
		p.pool.Reset() // its other connections are likely as dead
		err = p.attempt(ctx, call)
	}
	return classify(caller, err)
}

func (p *Postgres) attempt(ctx context.Context, call func(context.Context) error) error {
	if err := p.Migrate(ctx); err != nil {
		return err
	}
	return call(ctx)
}

// poolConfig sets what the ledger relies on, whatever the address says.
func poolConfig(cfg Config, lease, timeout time.Duration) (*pgxpool.Config, error) {
	pc, err := pgxpool.ParseConfig(cfg.DSN)
	if err != nil || cfg.DSN == "" {
		return nil, errors.New("open ledger: the database address is neither a postgres:// URL nor key=value pairs; it is not repeated here for it may hold a password")
	}
	pc.MaxConns = int32(orDefault(cfg.Conns, 8))
	pc.MaxConnIdleTime = 5 * time.Minute
	pc.PingTimeout = min(2*time.Second, timeout)
	c := pc.ConnConfig
	c.ConnectTimeout = min(orDefault(c.ConnectTimeout, 3*time.Second), timeout)
	c.RuntimeParams["search_path"] = "setpoint"
	c.RuntimeParams["application_name"] = "setpoint"
	c.RuntimeParams["timezone"] = "UTC"
	c.RuntimeParams["client_encoding"] = "UTF8"
	c.RuntimeParams["default_transaction_isolation"] = "read committed" // what waited for a lock sees what was written meanwhile
	c.RuntimeParams["lock_timeout"] = "0"                               // statement_timeout bounds the wait
	c.RuntimeParams["statement_timeout"] = milliseconds(2 * timeout)    // ends what nobody waits for any more
	// A frozen writer must not hold the locks on the heads for ever.
	c.RuntimeParams["idle_in_transaction_session_timeout"] = milliseconds(lease)
	pc.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { return durable(ctx, conn) }
	return pc, nil
}

// durable makes COMMIT wait for the disk where somebody set it not to.
func durable(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`)
	return err
}

func (c Config) holder() string {
	if c.Holder != "" {
		return c.Holder
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return host + " process " + strconv.Itoa(os.Getpid())
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(max(d.Milliseconds(), 1), 10) }

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
