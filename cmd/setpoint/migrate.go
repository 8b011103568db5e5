package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/migrations"
)

func (a *app) migrateCmd() *cobra.Command {
	var role string
	c := &cobra.Command{
		Use:     "migrate",
		Short:   "Make or renew the ledger in the database of DATABASE_URL",
		GroupID: "run",
		Long: `Make the ledger in the database that DATABASE_URL names, or bring it up to this
version. 'setpoint serve' does so itself, if its role owns the ledger.

With --grant another role may serve: it may insert into the record and read it,
and neither change or drop a row nor switch off what refuses that. Run it again
with each new version, before that version serves.`,
		Example: `  psql -c 'create role setpoint login'
  DATABASE_URL=postgres://owner@… setpoint migrate --grant setpoint
  DATABASE_URL=postgres://setpoint@… setpoint serve slos/`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return migrateLedger(c, role) },
	}
	c.Flags().StringVar(&role, "grant", "", "role that may serve with it")
	return c
}

func migrateLedger(c *cobra.Command, role string) error {
	dsn := os.Getenv("DATABASE_URL")
	if dsn == "" {
		return errors.New("set DATABASE_URL: 'setpoint serve' looks after a private PostgreSQL itself")
	}
	if err := ledger.Migrate(c.Context(), dsn, migrations.Files); err != nil {
		return err
	}
	fmt.Fprintln(c.OutOrStdout(), "the ledger is that of this version")
	if role == "" {
		return nil
	}
	if err := ledger.Grant(c.Context(), dsn, role); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "role %s may insert and read\n", role)
	return nil
}
