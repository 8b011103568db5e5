package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The roles of the two paths. Both log in without a password: the demo's Postgres listens on a
// socket that only its owner can reach, and on no network.
const (
	checkoutRole = "checkout"
	reportsRole  = "reports"
)

// queryCancelled is the SQLSTATE of a statement ended by pg_cancel_backend or statement_timeout.
const queryCancelled = "57014"

// sessions are the shop's ways into Postgres: a pool for checkouts, a new session for each report.
type sessions struct {
	checkouts *pgxpool.Pool
	reports   *pgx.ConnConfig
}

// openSessions prepares the database (roles, tables, stock; doing so again changes nothing) with the
// owner's connection, and returns sessions of the two roles.
func openSessions(ctx context.Context, owner string) (*sessions, error) {
	if err := prepareShop(ctx, owner); err != nil {
		return nil, err
	}
	pool, err := pgxpool.ParseConfig(owner)
	if err != nil {
		return nil, fmt.Errorf("read -database: %w", err)
	}
	pool.MinConns, pool.MaxConns = shopWorkers, shopWorkers
	become(pool.ConnConfig, checkoutRole)
	reports := pool.ConnConfig.Copy()
	become(reports, reportsRole)
	reports.DefaultQueryExecMode = pgx.QueryExecModeExec // one statement a session: preparing it would not pay
	checkouts, err := pgxpool.NewWithConfig(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("open sessions of %s: %w", checkoutRole, err)
	}
	return &sessions{checkouts: checkouts, reports: reports}, nil
}

// Close ends the pool's sessions.
func (s *sessions) Close() { s.checkouts.Close() }

func become(config *pgx.ConnConfig, role string) {
	config.User, config.Password = role, ""
	config.RuntimeParams["application_name"] = role
	config.ConnectTimeout = 2 * time.Second
}

// placeOrder writes one order and takes the item from stock.
func (s *sessions) placeOrder(ctx context.Context, item int) error {
	err := pgx.BeginFunc(ctx, s.checkouts, func(tx pgx.Tx) error {
		const insert = `insert into orders (item, quantity) values ($1, 1)`
		if _, err := tx.Exec(ctx, insert, item); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update stock set quantity = quantity - 1 where item = $1`, item)
		return err
	})
	if err != nil {
		return fmt.Errorf("place order of item %d: %w", item, err)
	}
	return nil
}

// report sums up the last minute's orders, and takes seconds for it.
func (s *sessions) report(ctx context.Context, seconds float64) (orders int64, err error) {
	session, err := pgx.ConnectConfig(ctx, s.reports)
	if err != nil {
		return 0, fmt.Errorf("open session of %s: %w", reportsRole, err)
	}
	defer session.Close(context.WithoutCancel(ctx))
	const query = `select count(*), coalesce(sum(quantity), 0)::bigint, pg_sleep($1)::text
		from orders where placed_at > now() - interval '1 minute'`
	var items int64
	var slept string
	if err := session.QueryRow(ctx, query, seconds).Scan(&orders, &items, &slept); err != nil {
		return 0, fmt.Errorf("run report: %w", err)
	}
	return orders, nil
}

// cancelled says whether Postgres was told to end the statement.
func cancelled(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && failure.Code == queryCancelled
}
