package ledger_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/migrations"
	"setpoint.dev/setpoint/slo"
)

// TestDeadlock has a stop and another session wait for each other's lock. The
// database ends the one of the stop, which is made once more and is on record
// once.
func TestDeadlock(t *testing.T) {
	dsn := fresh(t)
	look, decisions, orders := connect(t, dsn), connect(t, dsn), connect(t, dsn)
	settle(t, look, `deadlock_timeout = '10ms'`) // of the sessions that begin now
	p := open(t, dsn)
	must(t, second(p.Heads(t.Context())))
	must(t, second(decisions.Exec(t.Context(), `begin; select from setpoint.heads where chain = 'decisions' for update`)))
	must(t, second(orders.Exec(t.Context(), `set deadlock_timeout = '1h'; begin; select from setpoint.heads where chain = 'orders' for update`)))
	gave, locked := make(chan error, 1), make(chan error, 1)
	go func() { gave <- p.Give(t.Context(), orderOf("o1")) }()
	waiting(t, look, 1)
	go func() {
		_, err := orders.Exec(t.Context(), `select from setpoint.heads where chain = 'decisions' for update`)
		locked <- err
	}()
	waiting(t, look, 2)
	must(t, second(decisions.Exec(t.Context(), `commit`))) // the stop has the one lock, and waits for the other
	must(t, <-locked)
	must(t, second(orders.Exec(t.Context(), `commit`)))
	must(t, <-gave)
	if all, err := p.OrderHistory(t.Context(), "", 10); err != nil || len(all) != 1 {
		t.Errorf("on record are %v, %v; want the stop once", all, err)
	}
	await(t, "the deadlock is counted", func(ctx context.Context) error {
		return wantCount(ctx, look, `select deadlocks from pg_stat_database where datname = current_database()`, 1)
	})
}

// waiting waits until so many sessions wait for a lock.
func waiting(t *testing.T, conn *pgx.Conn, n int) {
	t.Helper()
	await(t, "sessions wait", func(ctx context.Context) error {
		return wantCount(ctx, conn, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`, n)
	})
}

func wantCount(ctx context.Context, conn *pgx.Conn, sql string, want int) error {
	var got int
	err := conn.QueryRow(ctx, sql).Scan(&got)
	if err == nil && got != want {
		err = fmt.Errorf("%d, want %d", got, want)
	}
	return err
}

// settle sets a parameter for all sessions of the database that begin later.
func settle(t *testing.T, conn *pgx.Conn, setting string) {
	t.Helper()
	must(t, second(conn.Exec(t.Context(), `do $x$ begin execute format('alter database %I set `+strings.ReplaceAll(setting, `'`, `''`)+`', current_database()); end $x$`)))
}

// TestHostileSettings has a database whose defaults read and write everything
// in another way, and keep transactions apart more than the ledger expects.
func TestHostileSettings(t *testing.T) {
	dsn := clustertest.DSN(t)
	conn := connect(t, dsn)
	for _, setting := range []string{
		`timezone = 'Pacific/Chatham'`, `datestyle = 'German, DMY'`, `intervalstyle = 'sql_standard'`, `bytea_output = 'escape'`, `extra_float_digits = -15`,
		`client_encoding = 'latin1'`, `search_path = 'pg_catalog'`, `standard_conforming_strings = off`, `default_transaction_isolation = 'serializable'`,
		`default_transaction_deferrable = on`, `transform_null_equals = on`, `xmlbinary = 'hex'`, `statement_timeout = '1ms'`, `lock_timeout = '1ms'`, `synchronous_commit = off`,
	} {
		settle(t, conn, setting)
	}
	p := open(t, dsn)
	must(t, p.Migrate(t.Context()))
	takeOver(t, p)
	must(t, writeOne(t.Context(), p, "a"))
	d := ledgertest.Move("b", noon(), 0.1+0.2)
	d.Words = `é 😀 \' "`
	must(t, p.Begin(t.Context(), d))
	got, err := p.Decision(t.Context(), "b")
	must(t, err)
	if diff := cmp.Diff(d, got.Decision, cmp.AllowUnexported(slo.Decimal{})); diff != "" {
		t.Errorf("on record as it was not decided (-want +got):\n%s", diff)
	}
	must(t, p.PutSetting(t.Context(), ledgertest.Carry(d)))
	if value, ok, err := p.Setting(t.Context(), d.Actuator); value != d.To || !ok || err != nil {
		t.Errorf("set to %v, %t, %v; want %v", value, ok, err, d.To)
	}
	if faults, err := p.Verify(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("faults: %v, %v", faults, err)
	}
	for parameter, want := range map[string]string{"default_transaction_isolation": "read committed", "lock_timeout": "0"} {
		if got, err := p.SessionForTest(t.Context(), parameter); got != want || err != nil {
			t.Errorf("%s is %q, %v, want %q", parameter, got, err, want)
		}
	}
}

// TestMigrationsAreInterrupted ends the session of each migration when all of
// its statements have run and it is not committed yet. What is there then is
// what was there before it, and the next try goes on to the same schema.
func TestMigrationsAreInterrupted(t *testing.T) {
	dsn := clustertest.DSN(t)
	all, err := fs.Glob(migrations.Files, "*.sql")
	must(t, err)
	must(t, ledger.Migrate(t.Context(), dsn, files()))
	conn := connect(t, dsn)
	must(t, second(conn.Exec(t.Context(), `create table public.fatal (version int); insert into public.fatal values (0);
		create function public.fails() returns trigger language plpgsql as $$ begin
			if new.version = (select version from public.fatal) then perform pg_terminate_backend(pg_backend_pid()); end if;
			return new;
		end $$;
		create trigger fails before insert on setpoint.migrations for each row execute function public.fails()`)))
	for i, name := range all {
		must(t, second(conn.Exec(t.Context(), `update public.fatal set version = $1`, i+1)))
		err := ledger.Migrate(t.Context(), dsn, migrations.Files)
		if wantErr(t, name, err, ledger.ErrDown); err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
		if d := cmp.Diff(all[:i], append([]string{}, ran(t, conn)...)); d != "" {
			t.Errorf("%s: ran (-want +got):\n%s", name, d)
		}
	}
	must(t, second(conn.Exec(t.Context(), `update public.fatal set version = 0`)))
	must(t, ledger.Migrate(t.Context(), dsn, migrations.Files))
	must(t, second(conn.Exec(t.Context(), `drop trigger fails on setpoint.migrations`)))
	if d := cmp.Diff(schema(t, connect(t, fresh(t))), schema(t, conn)); d != "" {
		t.Errorf("the schema of a migration that was not interrupted, and of one that was (-want +got):\n%s", d)
	}
	takeOver(t, open(t, dsn))
}

// schema is what is in the ledger's schema, in words.
func schema(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `select 'column ' || table_name || '.' || column_name || ' ' || data_type from information_schema.columns where table_schema = 'setpoint'
		union all select 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'setpoint'::regnamespace
		union all select 'trigger ' || pg_get_triggerdef(g.oid) from pg_trigger g join pg_class c on c.oid = tgrelid where relnamespace = 'setpoint'::regnamespace and not tgisinternal
		union all select 'index ' || indexdef from pg_indexes where schemaname = 'setpoint'
		union all select 'function ' || proname || ' ' || md5(prosrc) from pg_proc where pronamespace = 'setpoint'::regnamespace order by 1`)
	must(t, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return out
}
