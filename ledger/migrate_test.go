package ledger_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/migrations"
)

// files are migrations that each leave a table behind.
func files(names ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for _, name := range names {
		table := strings.TrimSuffix(name, ".sql")
		out[name] = &fstest.MapFile{Data: fmt.Appendf(nil, `create table setpoint."%[1]s" (); comment on table setpoint."%[1]s" is 'two statements';`, table)}
	}
	return out
}

func ran(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `select name from setpoint.migrations order by version`)
	must(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return names
}

func TestMigrateFromNothingAndAgain(t *testing.T) {
	dsn := clustertest.DSN(t)
	conn := connect(t, dsn)
	for _, step := range [][]string{{"0001_a.sql"}, {"0001_a.sql"}, {"0001_a.sql", "0002_b.sql", "0003_c.sql"}} {
		must(t, ledger.Migrate(t.Context(), dsn, files(step...)))
		if d := cmp.Diff(step, ran(t, conn)); d != "" {
			t.Errorf("ran (-want +got):\n%s", d)
		}
	}
	fresh := clustertest.DSN(t)
	must(t, ledger.Migrate(t.Context(), fresh, migrations.Files))
	must(t, ledger.Migrate(t.Context(), fresh, migrations.Files))
}

func TestMigrateRefuses(t *testing.T) {
	other := files("0001_a.sql", "0002_b.sql")
	other["0002_b.sql"].Data = []byte("select 1")
	tests := []struct {
		name string
		done fstest.MapFS
		next fstest.MapFS
		word string
	}{
		{"a newer database", files("0001_a.sql", "0002_b.sql"), files("0001_a.sql"), "newer"},
		{"an edited file", files("0001_a.sql", "0002_b.sql"), other, "another text"},
		{"another history", files("0001_a.sql"), files("0001_z.sql", "0002_b.sql"), "another text"},
		{"a gap in the files", files("0001_a.sql"), files("0001_a.sql", "0003_c.sql"), "0002"},
		{"a name without number", files("0001_a.sql"), files("0001_a.sql", "second.sql"), "0002"},
	}
	for _, test := range tests {
		dsn := clustertest.DSN(t)
		must(t, ledger.Migrate(t.Context(), dsn, test.done))
		conn := connect(t, dsn)
		before := ran(t, conn)
		err := ledger.Migrate(t.Context(), dsn, test.next)
		wantErr(t, test.name, err, ledger.ErrSchema)
		if err != nil && !strings.Contains(err.Error(), test.word) {
			t.Errorf("%s: %v does not speak of %q", test.name, err, test.word)
		}
		if d := cmp.Diff(before, ran(t, conn)); d != "" {
			t.Errorf("%s changed what was run (-before +after):\n%s", test.name, d)
		}
	}
}

// A migration of which one is missing in the database's own record.
func TestMigrateRefusesAHole(t *testing.T) {
	dsn := clustertest.DSN(t)
	all := files("0001_a.sql", "0002_b.sql", "0003_c.sql")
	must(t, ledger.Migrate(t.Context(), dsn, all))
	must(t, second(connect(t, dsn).Exec(t.Context(), `delete from setpoint.migrations where version = 2`)))
	wantErr(t, "Migrate", ledger.Migrate(t.Context(), dsn, all), ledger.ErrSchema)
}

// A file that fails leaves nothing of itself, and what was before it stays.
func TestMigrateStopsAtAFailure(t *testing.T) {
	dsn := clustertest.DSN(t)
	set := files("0001_a.sql", "0002_b.sql", "0003_c.sql")
	set["0002_b.sql"].Data = []byte(`create table setpoint.half (); select 1/0;`)
	err := ledger.Migrate(t.Context(), dsn, set)
	if err == nil || !strings.Contains(err.Error(), "0002_b.sql") {
		t.Errorf("Migrate: %v, want an error that names the file", err)
	}
	conn := connect(t, dsn)
	var half bool
	must(t, conn.QueryRow(t.Context(), `select to_regclass('setpoint.half') is not null`).Scan(&half))
	if d := cmp.Diff([]string{"0001_a.sql"}, ran(t, conn)); d != "" || half {
		t.Errorf("half of the file is there: %v; ran (-want +got):\n%s", half, d)
	}
	set["0002_b.sql"].Data = []byte(`select 1`)
	must(t, ledger.Migrate(t.Context(), dsn, set))
}

// Migrators that start together take turns; each file runs once.
func TestMigrateAtOnce(t *testing.T) {
	dsn := clustertest.DSN(t)
	var g errgroup.Group
	for range 6 {
		g.Go(func() error { return ledger.Migrate(context.Background(), dsn, migrations.Files) })
	}
	must(t, g.Wait())
	all, err := fs.Glob(migrations.Files, "*.sql")
	must(t, err)
	if d := cmp.Diff(all, ran(t, connect(t, dsn))); d != "" {
		t.Errorf("ran (-want +got):\n%s", d)
	}
}

func TestMigrateRefusesAnotherEncoding(t *testing.T) {
	dsn := clustertest.DSN(t)
	conn := connect(t, dsn)
	var base string
	must(t, conn.QueryRow(t.Context(), `select current_database()`).Scan(&base))
	name := base + "_ascii"
	must(t, second(conn.Exec(t.Context(), `create database `+name+` template template0 encoding 'SQL_ASCII' locale 'C'`)))
	t.Cleanup(func() { conn.Exec(context.Background(), `drop database `+name+` with (force)`) })
	wantErr(t, "Migrate", ledger.Migrate(t.Context(), inDatabase(t, dsn, name), migrations.Files), ledger.ErrSchema)
}

func inDatabase(t *testing.T, dsn, name string) string {
	t.Helper()
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		u.Path = "/" + name
		return u.String()
	}
	return dsn + " dbname=" + name
}

// A ledger refuses to work on a database that a newer program migrated, and
// does not change it.
func TestLedgerRefusesANewerDatabase(t *testing.T) {
	dsn := clustertest.DSN(t)
	p := open(t, dsn)
	must(t, p.Migrate(t.Context()))
	must(t, second(connect(t, dsn).Exec(t.Context(), `insert into setpoint.migrations values (9999, '9999_later.sql', '')`)))
	wantErr(t, "Lead of an older program", second(open(t, dsn).Lead(t.Context())), ledger.ErrSchema)
}
