package ledger

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// keepCallbacks is how long callbacks are known after they were answered.
const keepCallbacks = 90 * 24 * time.Hour

// mostCallbacks bounds those that wait and are looked at together.
const mostCallbacks = 1000

// AddCallback keeps a callback; new is false when one of its ID was kept
// before, which then stays.
func (p *Postgres) AddCallback(ctx context.Context, c loop.Callback) (fresh bool, err error) {
	body, err := json.Marshal(c)
	if err != nil {
		return false, wrap(err, "keep callback")
	}
	err = p.do(ctx, func(ctx context.Context) error {
		tag, err := p.pool.Exec(ctx, `insert into callbacks (id, at, body) values ($1, $2, $3) on conflict (id) do nothing`, c.ID, c.At, body)
		fresh = err == nil && tag.RowsAffected() == 1
		return err
	})
	return fresh, wrap(err, "keep callback %s", c.ID)
}

// KeepCallback puts a callback in the place of the one of its ID, and forgets
// those that were answered long before.
func (p *Postgres) KeepCallback(ctx context.Context, c loop.Callback) error {
	body, err := json.Marshal(c)
	if err != nil {
		return wrap(err, "keep callback")
	}
	return wrap(p.do(ctx, func(ctx context.Context) error {
		if _, err := p.pool.Exec(ctx, `update callbacks set done = $2, body = $3 where id = $1 and done is null`, c.ID, optional(c.Done), body); err != nil || c.Done.IsZero() {
			return err
		}
		_, err := p.pool.Exec(ctx, `delete from callbacks where done < $1`, c.Done.Add(-keepCallbacks))
		return err
	}), "keep callback %s", c.ID)
}

// Callbacks returns those that are not answered, the oldest first.
func (p *Postgres) Callbacks(ctx context.Context) (out []loop.Callback, err error) {
	err = p.do(ctx, func(ctx context.Context) error {
		rows, err := p.pool.Query(ctx, `select body from callbacks where done is null order by at, id limit $1`, mostCallbacks)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c loop.Callback, err error) {
			var body []byte
			if err = row.Scan(&body); err == nil {
				err = json.Unmarshal(body, &c)
			}
			return c, err
		})
		return err
	})
	return out, wrap(err, "read callbacks")
}
