package ledger_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
)

// asWriter is a ledger of its own, opened as a role that may only write it.
func asWriter(t *testing.T) (dsn, owner string) {
	t.Helper()
	owner = fresh(t)
	return writerOf(t, owner), owner
}

// writerOf makes a role that may only write a ledger.
func writerOf(t *testing.T, owner string) (dsn string) {
	t.Helper()
	cfg, err := pgx.ParseConfig(owner)
	must(t, err)
	role := "writer of " + cfg.Database
	admin, err := pgx.Connect(t.Context(), owner)
	must(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec(context.Background(), `drop owned by "`+role+`"; drop role "`+role+`"`)
		must(t, errors.Join(err, admin.Close(context.Background())))
	})
	_, err = admin.Exec(t.Context(), `create role "`+role+`" login`)
	must(t, err)
	must(t, ledger.Grant(t.Context(), owner, role))
	must(t, ledger.Grant(t.Context(), owner, role)) // again changes nothing
	return owner + " user='" + role + "'"
}

// It cannot change what is on record, nor the ends of chains, nor what
// guards them, not by a detour through triggers of its own either.
func TestWriterCannotChangeTheRecord(t *testing.T) {
	dsn, _ := asWriter(t)
	p := open(t, dsn)
	must(t, second(p.Lead(t.Context())))
	must(t, p.Begin(t.Context(), ledgertest.Hold("d1", noon())))
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	defer conn.Close(context.Background())
	const detour = `create temp table mine (x int); create function pg_temp.f() returns trigger language plpgsql as
		$$ begin update setpoint.heads set %s where chain = 'decisions'; return new; end $$;
		create trigger t before insert on mine for each row execute function pg_temp.f(); insert into mine values (1)`
	for _, sql := range []string{
		`update setpoint.decisions set words = 'x'`, `delete from setpoint.decisions`, `truncate setpoint.decisions`, `drop table setpoint.decisions cascade`,
		`alter table setpoint.decisions disable trigger all`, `drop trigger decisions_insert_only on setpoint.decisions`,
		`set session_replication_role = replica`, `create or replace function setpoint.refuse_change() returns trigger language plpgsql as $$ begin return new; end $$`,
		`update setpoint.heads set seq = 0`, `update setpoint.heads set chain = 'x'`, `delete from setpoint.heads`, `insert into setpoint.heads values ('x', 0, sha256(''))`,
		strings.Replace(detour, "%s", "seq = 0", 1), strings.Replace(detour, "%s", "chain = 'x'", 1),
		`delete from setpoint.verdicts`, `delete from setpoint.verdicts_1`, `drop table setpoint.verdicts_1`, `update setpoint.verdicts_1 set count = 9`,
		`insert into setpoint.prunings (seq) values (1)`, `select setpoint.make_room()`,
		`delete from setpoint.migrations`, `create table setpoint.mine (x int)`, `select setpoint.continue_chain()`,
	} {
		_, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
		if pg := (*pgconn.PgError)(nil); !errors.As(err, &pg) || pg.Code != "42501" && pg.Code != "0A000" {
			t.Errorf("%s: %v, want that it is refused", sql, err)
		}
	}
	if faults, err := p.Verify(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("verify: %v, %v", faults, err)
	}
}

func TestGrantToNobody(t *testing.T) {
	err := ledger.Grant(t.Context(), fresh(t), "nobody \"here")
	if err == nil || !strings.Contains(err.Error(), `grant role nobody "here: `) {
		t.Errorf("granted: %v", err)
	}
}
