package actuators

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// patience bounds one visit to the target. The server gives up before the client does, so that
// nothing happens at the target after the client took it for failed.
const (
	patience       = 5 * time.Second
	serverPatience = "4s"
)

// A target is a role in a database, and the way there. Two connections, one for the loop and one for the
// Reaper, are kept open for good: when the server has run out of connections is when the Reaper is needed.
type target struct {
	pool *pgxpool.Pool
	role string
	only classes
}

// openTarget connects to nothing yet. The error does not quote the connection string, which may hold a
// password.
func openTarget(q slo.QueryTimeout, reach egress.Policy) (*target, error) {
	cfg, err := pgxpool.ParseConfig(q.DatabaseURL)
	if err != nil {
		return nil, errors.New("databaseURL is not a PostgreSQL connection string")
	}
	cfg.MaxConns, cfg.MaxConnLifetime, cfg.MaxConnIdleTime = 2, 0, math.MaxInt64
	cfg.PingTimeout = patience
	cfg.ConnConfig.ConnectTimeout = patience
	cfg.ConnConfig.LookupFunc, cfg.ConnConfig.DialFunc = asNamed, dialer(reach)
	session := cfg.ConnConfig.RuntimeParams
	if session["application_name"] == "" {
		session["application_name"] = "setpoint"
	}
	session["statement_timeout"] = serverPatience
	session["idle_in_transaction_session_timeout"] = serverPatience
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, fmt.Errorf("open target: %w", err)
	}
	return &target{pool: pool, role: q.Role, only: classesOf(q.Classes)}, nil
}

// asNamed leaves looking a name up to the dialer, which judges what it leads to.
func asNamed(_ context.Context, host string) ([]string, error) { return []string{host}, nil }

// dialer connects where the policy lets it, and to sockets in the file system, which are nowhere else.
func dialer(reach egress.Policy) pgconn.DialFunc {
	reach.Loopback = true
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if network == "unix" {
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		}
		return reach.DialContext(ctx, network, address)
	}
}

// Close ends the connections.
func (t *target) Close() { t.pool.Close() }

// A state is what the database says about the role.
type state struct {
	timeout *int64  // statement_timeout of new sessions in milliseconds; nil when nobody set one
	move    *string // the stamp of the move applied last, as text; nil before the first
}

// A stamp is the move that set the role's timeout, kept beside it.
type stamp struct {
	Actuator string `json:"actuator"`
	loop.Fence
	Decision     string    `json:"decision"`
	Milliseconds int64     `json:"ms"`
	At           time.Time `json:"at"`
}

// readStamp reads a stamp back. Its error says how to get rid of one that Setpoint did not write.
func readStamp(text string) (s stamp, err error) {
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return stamp{}, fmt.Errorf(`read "setpoint.move" of role, which Setpoint did not write (ALTER ROLE … IN DATABASE … RESET "setpoint.move" removes it): %w`, err)
	}
	if s.Milliseconds < 0 {
		return stamp{}, fmt.Errorf(`read "setpoint.move" of role: ms is %d`, s.Milliseconds)
	}
	return s, nil
}

// selectState finds the role's settings as a new session would get them: those for the role in
// this database win over the role's, these over the database's, and these over everybody's. A row
// comes back if the role exists. The database itself reads units ("1.5s", "5min"): a bare
// number is milliseconds.
const selectState = `
with role as (
	select oid from pg_roles where rolname::text = $1
), setting as (
	select split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value,
		(s.setrole <> 0)::int * 2 + (s.setdatabase <> 0)::int as rank
	from pg_db_role_setting s cross join unnest(s.setconfig) c
	where s.setrole in (0, (select oid from role))
	and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
)
select
	(select round(case when value ~ '^[ ]*[0-9.eE+]+[ ]*$' then value::numeric
		else extract(epoch from value::interval) * 1000 end)::bigint
	from setting where name = 'statement_timeout' order by rank desc limit 1),
	(select value from setting where name = 'setpoint.move' and rank = 3)
from role`

// state asks for the role's settings. It returns an error when the role does not exist.
func (t *target) state(ctx context.Context) (state, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return t.stateIn(ctx, t.pool)
}

// A querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func (t *target) stateIn(ctx context.Context, db querier) (s state, err error) {
	err = db.QueryRow(ctx, selectState, t.role).Scan(&s.timeout, &s.move)
	if errors.Is(err, pgx.ErrNoRows) {
		return state{}, t.noRole()
	}
	if err != nil {
		return state{}, fmt.Errorf("select settings of role %q: %w", t.role, err)
	}
	return s, nil
}

func (t *target) noRole() error {
	return fmt.Errorf("role %q does not exist in the server of the target", t.role)
}

// set writes the stamp and, unless it is 0, the role's statement_timeout in milliseconds, unless the stamp of a
// newer move is there. It returns the stamp's text.
func (t *target) set(ctx context.Context, s stamp, timeout int64) (move string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("write stamp: %w", err)
	}
	err = pgx.BeginFunc(ctx, t.pool, func(tx pgx.Tx) error {
		if err := t.fence(ctx, tx, s.Fence); err != nil {
			return err
		}
		if timeout > 0 {
			if err := t.alter(ctx, tx, "statement_timeout", fmt.Sprint(timeout)); err != nil {
				return err
			}
		}
		return t.alter(ctx, tx, "setpoint.move", string(text))
	})
	return string(text), err
}

// fence keeps all others from setting the role's timeout until the transaction ends, and returns
// loop.ErrDeposed when a newer move has done so.
func (t *target) fence(ctx context.Context, tx pgx.Tx, f loop.Fence) error {
	const lock = `select pg_advisory_xact_lock(hashtextextended('setpoint.move of ' || $1, 0))`
	if _, err := tx.Exec(ctx, lock, t.role); err != nil {
		return fmt.Errorf("lock role %q: %w", t.role, err)
	}
	s, err := t.stateIn(ctx, tx)
	if err != nil || s.move == nil {
		return err
	}
	last, err := readStamp(*s.move)
	if err != nil {
		return err
	}
	if err := f.Admit(last.Fence, last.Decision); err != nil {
		return fmt.Errorf("set timeout of role %q: %w", t.role, err)
	}
	return nil
}

// alter sets a default of the role in this database. ALTER ROLE takes no parameters, so the
// database quotes.
func (t *target) alter(ctx context.Context, tx pgx.Tx, name, value string) error {
	const quote = `select format('alter role %I in database %I set %s = %L', $1::text, current_database(), $2::text, $3::text)`
	var sql string
	if err := tx.QueryRow(ctx, quote, t.role, name, value).Scan(&sql); err != nil {
		return fmt.Errorf("quote role %q: %w", t.role, err)
	}
	if _, err := tx.Exec(ctx, sql); err != nil {
		return fmt.Errorf("set %s of role %q: %w", name, t.role, err)
	}
	return nil
}

// ofClass says which sessions are the class: client sessions of the role in this database that run a
// statement of a declared class. The role logged in; SET ROLE does not change it.
const ofClass = `a.usename::text = $1 and a.datname = current_database() and a.state = 'active'
	and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
	and ` + inClasses

// selectRunning lists the class. The pattern skips blanks, comments (nested ones do not match, and so
// are protected) and brackets before the first word. Locks are looked up once, and only above the high mark:
// reading them halts the server's lock table for a moment.
const selectRunning = `
select a.pid, a.query_start, (extract(epoch from clock_timestamp() - a.query_start) * 1000000)::bigint,
	coalesce(a.query_id, 0), a.application_name,
	case
	when a.query !~* '^(\s|\(|--[^\n]*\n|/\*([^*]|\*+[^*/])*\*+/)*(select|with|values|table|insert|update|delete|merge|execute|fetch)\M' then true
	when a.application_name in ('pg_dump', 'pg_dumpall', 'pg_restore', 'pg_basebackup') then true
	when count(*) over () > $2 then a.pid in (
		select l.pid from pg_locks l where l.pid is not null and l.locktype = 'relation'
		and l.mode not in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock'))
	else false
	end
from pg_stat_activity a where ` + ofClass

func (t *target) list(ctx context.Context, high int) ([]Statement, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	rows, err := t.pool.Query(ctx, selectRunning, t.role, high, t.only.applications, t.only.fingerprints)
	if err != nil {
		return nil, fmt.Errorf("list statements of role %q: %w", t.role, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Statement, err error) {
		var age int64
		err = row.Scan(&s.PID, &s.Started, &age, &s.QueryID, &s.Application, &s.Protected)
		s.Age = time.Duration(age) * time.Microsecond
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("list statements of role %q: %w", t.role, err)
	}
	return list, nil
}

// cancelRunning looks once more at what it cancels: the statement must be the one that was listed, not a later
// one of its session or of a session with its pid, and the setting must be the one it was chosen by.
const cancelRunning = `
select pg_cancel_backend(a.pid) from pg_stat_activity a
where ` + ofClass + ` and a.pid = $2 and a.query_start = $5
and (select substr(c, strpos(c, '=') + 1) from pg_db_role_setting s cross join unnest(s.setconfig) c
	where s.setrole = a.usesysid and s.setdatabase = a.datid and split_part(c, '=', 1) = 'setpoint.move'
	) is not distinct from $6`

func (t *target) cancel(ctx context.Context, s Statement, move *string) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = t.pool.QueryRow(ctx, cancelRunning, t.role, s.PID, t.only.applications, t.only.fingerprints, s.Started, move).Scan(&done)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cancel statement of role %q, pid %d: %w", t.role, s.PID, err)
	}
	return done, nil
}
