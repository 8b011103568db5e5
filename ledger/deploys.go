package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// A DeployFilter chooses deploys. Empty fields choose all.
type DeployFilter struct {
	Service string
	To      time.Time // before then; zero = no bound
	Limit   int       // most deploys; 0 = 100, never more than 1000
}

// AddDeploy records a deploy. The same one told twice, at whatever times, is
// one: the first stays, and it is returned.
func (p *Postgres) AddDeploy(ctx context.Context, d loop.Deploy) (kept loop.Deploy, err error) {
	body, err := checked(d, checkDeploy)
	if err == nil {
		err = p.write(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
			kept, err = addDeploy(ctx, tx, d.ID, body)
			return err
		})
	}
	return kept, wrap(err, "record deploy %s", d.ID)
}

func addDeploy(ctx context.Context, tx pgx.Tx, id string, body []byte) (loop.Deploy, error) {
	if err := lock(ctx, tx, "deploys"); err != nil {
		return loop.Deploy{}, err
	}
	var known []string
	if err := ask(ctx, tx, query(`select body from deploys where id = $1`, id).texts(&known)); err != nil {
		return loop.Deploy{}, err
	}
	if len(known) > 0 {
		return decode[loop.Deploy]([]byte(known[0]))
	}
	if err := appendRow(ctx, tx, deploysTable(), body); err != nil {
		return loop.Deploy{}, err
	}
	return decode[loop.Deploy](body)
}

// Deploys returns deploys, the newest first.
func (p *Postgres) Deploys(ctx context.Context, f DeployFilter) ([]loop.Deploy, error) {
	out := []loop.Deploy{}
	err := p.do(ctx, func(ctx context.Context) error {
		rows, err := p.pool.Query(ctx, `select body from deploys where ($1 = '' or service = $1) and ($2::timestamptz is null or at < $2)
			order by at desc, seq desc limit $3`, f.Service, optional(f.To), bounded(f.Limit))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, decodeRow[loop.Deploy])
		return err
	})
	return out, wrap(err, "read deploys")
}

func deploysTable() table {
	return table{"deploys", `id, service, at`, from(func(d loop.Deploy) []any { return []any{d.ID, d.Service, d.At} })}
}

func checkDeploy(d loop.Deploy) error {
	return broke("deploy", []rule{
		{name(d.ID), "has an ID"},
		{d.Service != "" && d.Release != "", "names its service and its release"},
		{!d.At.IsZero(), "has a time"},
	})
}
