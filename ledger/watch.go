package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// News is what a Watch tells: that something is on record, or may be, that
// was not the last time.
type News struct {
	Decided bool // a decision, a setting or a change of leader may be among it
	Keys    bool // a token

	session *pgx.Conn
}

// Orders returns the orders in force at now, oldest first, over the session of
// the watch: neither a full pool nor slow work of others keeps a stop from
// being heard.
func (n News) Orders(ctx context.Context, now time.Time) (out []loop.Order, err error) {
	err = ask(ctx, n.session, query(ordersInForce+` order by o.seq`, moment(now)).orders(&out))
	return out, wrap(err, "read orders")
}

// A WatchConfig says how a watch makes sure that it hears.
type WatchConfig struct {
	Quiet time.Duration // after so long without news it asks all the same; 0 = 500 ms
	Again time.Duration // between two tries to connect; 0 = 250 ms
}

// Watch tells what instances put on record, this one included, until ctx ends.
// It listens over a session of its own (LISTEN), and so hears of a row when it
// is committed. Where the session is lost, it connects again and tells that
// anything may have changed: so nothing is missed. Heard is also called when
// nothing was heard for cfg.Quiet, for orders lapse; an error of it, which is
// one of the session, has the session made anew.
func (p *Postgres) Watch(ctx context.Context, cfg WatchConfig, heard func(context.Context, News) error) error {
	cfg.Quiet, cfg.Again = orDefault(cfg.Quiet, 500*time.Millisecond), orDefault(cfg.Again, 250*time.Millisecond)
	for {
		_ = p.listen(ctx, cfg, heard) // the ledger's other calls say what is wrong with it
		if !pause(ctx, cfg.Again) {
			return nil
		}
	}
}

// listen is one session of a watch.
func (p *Postgres) listen(ctx context.Context, cfg WatchConfig, heard func(context.Context, News) error) error {
	if err := p.Migrate(ctx); err != nil {
		return err
	}
	session, err := pgx.ConnectConfig(ctx, p.watching)
	if err != nil {
		return err
	}
	defer closeSession(session)
	if _, err := session.Exec(ctx, `listen setpoint`); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for all := []string{"decisions", "tokens"}; ; {
		n := News{Decided: slices.ContainsFunc(all, decides), Keys: slices.Contains(all, "tokens"), session: session}
		if err := heard(ctx, n); err != nil {
			return err
		}
		if all, err = told(ctx, session, cfg.Quiet); err != nil {
			return err
		}
	}
}

func decides(chain string) bool {
	return chain == "decisions" || chain == "settings" || chain == "leadership"
}

// told waits for news, for as long as patience lasts, and takes what else is
// there by then. It returns the chains that have new rows.
func told(ctx context.Context, session *pgx.Conn, patience time.Duration) ([]string, error) {
	var chains []string
	for {
		wait, cancel := context.WithTimeout(ctx, patience)
		n, err := session.WaitForNotification(wait)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case session.IsClosed():
			return nil, err
		case err != nil: // nothing more to hear
			return chains, nil
		}
		chains, patience = append(chains, n.Payload), time.Millisecond
	}
}

func closeSession(session *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	session.Close(ctx) // an error says that it is closed already
}
