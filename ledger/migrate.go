package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
)

// migrateKey is the advisory lock of migrators.
const migrateKey = leadKey + 1

// migratePatience bounds a migration whose caller sets no deadline.
const migratePatience = 5 * time.Minute

// Migrate runs the migrations in files that the database at dsn has not run
// yet, in order, each in a transaction of its own. Several migrators take
// turns. It refuses, with ErrSchema and changing nothing, a database that ran
// a migration that is not in files (a newer program was there), or one whose
// text was another, or that lacks one below its newest.
func Migrate(ctx context.Context, dsn string, files fs.FS) error {
	pc, err := poolConfig(Config{DSN: dsn}, 15*time.Second, 5*time.Second)
	if err != nil {
		return err
	}
	return classify(ctx, migrate(ctx, pc.ConnConfig, files))
}

func migrate(ctx context.Context, base *pgx.ConnConfig, files fs.FS) error {
	steps, err := readSteps(files)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, migratePatience)
	defer cancel()
	cfg := base.Copy()
	cfg.RuntimeParams["statement_timeout"] = "0"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) // ends the lock too
	if err := migrateOn(ctx, conn, steps); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func migrateOn(ctx context.Context, conn *pgx.Conn, steps []step) error {
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, int64(migrateKey)); err != nil {
		return fmt.Errorf("wait for other migrators: %w", err)
	}
	if err := prepare(ctx, conn); err != nil {
		return err
	}
	done, err := history(ctx, conn)
	if err != nil {
		return err
	}
	if err := agrees(done, steps); err != nil {
		return err
	}
	for _, s := range steps[len(done):] {
		if err := s.run(ctx, conn); err != nil {
			return fmt.Errorf("run %s: %w", s.name, err)
		}
	}
	return nil
}

// prepare makes the schema and the table of what was run. It asks before it
// creates, so that a role that may not create can work on what is there.
func prepare(ctx context.Context, conn *pgx.Conn) error {
	var encoding string
	var schema, table bool
	err := conn.QueryRow(ctx, `select current_setting('server_encoding'), to_regnamespace('setpoint') is not null, to_regclass('setpoint.migrations') is not null`).
		Scan(&encoding, &schema, &table)
	if err != nil {
		return fmt.Errorf("look at the schema: %w", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("%w: the database's encoding is %s, the ledger needs UTF8", ErrSchema, encoding)
	}
	if !schema {
		_, err = conn.Exec(ctx, `create schema setpoint`)
	}
	if err == nil && !table {
		_, err = conn.Exec(ctx, `create table setpoint.migrations (
			version integer primary key check (version > 0), name text not null, checksum bytea not null,
			at timestamptz not null default clock_timestamp())`)
	}
	if err != nil {
		return fmt.Errorf("create the schema: %w", err)
	}
	return nil
}

// A step is one migration.
type step struct {
	version  int
	name     string
	checksum [sha256.Size]byte
	sql      string
}

func readSteps(files fs.FS) ([]step, error) {
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	numbered := regexp.MustCompile(`^([0-9]{4})_[a-z0-9_]+\.sql$`)
	var steps []step
	for i, name := range names {
		match := numbered.FindStringSubmatch(name)
		if match == nil || match[1] != fmt.Sprintf("%04d", i+1) {
			return nil, fmt.Errorf("%w: migration file %s is not numbered %04d_name.sql", ErrSchema, name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{i + 1, name, sha256.Sum256(text), string(text)})
	}
	return steps, nil
}

func (s step) run(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Conn().PgConn().Exec(ctx, s.sql).ReadAll(); err != nil { // several statements
			return err
		}
		_, err := tx.Exec(ctx, `insert into setpoint.migrations (version, name, checksum) values ($1, $2, $3)`, s.version, s.name, s.checksum[:])
		return err
	})
}

// A past is a migration that the database has run.
type past struct {
	Version  int
	Name     string
	Checksum []byte
}

func history(ctx context.Context, conn *pgx.Conn) ([]past, error) {
	rows, err := conn.Query(ctx, `select version, name, checksum from setpoint.migrations order by version`)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[past])
}

// agrees says whether what was run is a beginning of what there is to run.
func agrees(done []past, steps []step) error {
	var faults []error
	for i, d := range done {
		switch {
		case d.Version > len(steps):
			faults = append(faults, fmt.Errorf("%w: the database ran %s, which this program does not know: a newer one was here", ErrSchema, d.Name))
		case d.Version != i+1:
			return fmt.Errorf("%w: the database ran %s without number %d before it", ErrSchema, d.Name, i+1)
		case !bytes.Equal(d.Checksum, steps[i].checksum[:]):
			faults = append(faults, fmt.Errorf("%w: the database ran another text of %s than this program's", ErrSchema, d.Name))
		}
	}
	return errors.Join(faults...)
}
