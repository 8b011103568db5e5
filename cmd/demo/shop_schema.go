package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// prepareShop creates roles, tables and stock. Roles belong to the whole cluster and two shops may
// start on one cluster at once, so a role that appears in between is no error.
func prepareShop(ctx context.Context, owner string) error {
	session, err := pgx.Connect(ctx, owner)
	if err != nil {
		return fmt.Errorf("open shop's database: %w", err)
	}
	defer session.Close(context.WithoutCancel(ctx))
	for _, role := range []string{checkoutRole, reportsRole} {
		if _, err := session.Exec(ctx, createRole(role)); err != nil {
			return fmt.Errorf("create role %s: %w", role, err)
		}
	}
	if _, err := session.Exec(ctx, schema, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("create shop's tables: %w", err)
	}
	return nil
}

func createRole(name string) string {
	return `do $$ begin
		create role ` + pgx.Identifier{name}.Sanitize() + ` login;
	exception when duplicate_object or unique_violation then null;
	end $$`
}

const schema = `
create table if not exists orders (
	id        bigint generated always as identity primary key,
	item      integer not null,
	quantity  integer not null check (quantity > 0),
	placed_at timestamptz not null default now()
);
create index if not exists orders_placed_at on orders (placed_at);
create table if not exists stock (
	item     integer primary key,
	quantity bigint not null
);
insert into stock select item, 1000000000 from generate_series(1, 1000) item on conflict do nothing;
grant select on orders, stock to checkout, reports;
grant insert on orders to checkout;
grant update on stock to checkout;
`
