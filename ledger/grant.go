package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Grant lets a role that does not own the ledger at dsn use it: insert into
// the chains and read them, never change or drop a row, nor switch off what
// refuses that. What is no chain (counts of slices, alerts, …) it may change.
// It is to be called by the owner, again after each migration.
func Grant(ctx context.Context, dsn, role string) error {
	pc, err := poolConfig(Config{DSN: dsn}, 15*time.Second, 5*time.Second)
	if err != nil {
		return err
	}
	return wrap(classify(ctx, grant(ctx, pc.ConnConfig, role)), "grant role %s", role)
}

func grant(ctx context.Context, cfg *pgx.ConnConfig, role string) error {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	name := pgx.Identifier{role}.Sanitize()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		free, err := unchained(ctx, tx)
		if err != nil {
			return err
		}
		statements := []string{
			`revoke all on all tables in schema setpoint from ` + name,
			`grant usage on schema setpoint to ` + name,
			`grant select on all tables in schema setpoint to ` + name,
			`grant update (chain) on setpoint.heads to ` + name, // to lock its rows: a trigger refuses the rest
		}
		for _, t := range tables() {
			if t.name == "prunings" {
				continue // the owner's
			}
			statements = append(statements, fmt.Sprintf(`grant insert on setpoint.%s to %s`, t.name, name))
		}
		for _, t := range free {
			statements = append(statements, fmt.Sprintf(`grant insert, update, delete on setpoint.%s to %s`, pgx.Identifier{t}.Sanitize(), name))
		}
		for _, sql := range statements {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

// unchained are the tables that may be changed.
func unchained(ctx context.Context, tx pgx.Tx) ([]string, error) {
	guarded := []string{"heads", "migrations"}
	for _, t := range tables() {
		guarded = append(guarded, t.name)
	}
	rows, err := tx.Query(ctx, `select relname::text from pg_class where relnamespace = 'setpoint'::regnamespace and relkind = 'r'
		and not relispartition and relname <> all ($1) order by 1`, guarded)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
