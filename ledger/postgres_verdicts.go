package ledger

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"setpoint.dev/setpoint/loop"
)

// An end is the end of the chain of verdicts as this process last saw it. It
// saves asking: a row that does not continue the chain is refused by the
// database.
type end struct {
	head  Head
	known bool
}

// Judge records a batch of verdicts. It is committed when Judge returns nil,
// and once, however often it is tried: the same batch a second time does
// nothing, other content under its ID is ErrConflict.
func (p *Postgres) Judge(ctx context.Context, b Batch) error {
	return wrap(p.judge(ctx, b), "record verdicts %s", b.ID)
}

// judge records a batch. One at a time: each continues the chain
// where the one before ended.
func (p *Postgres) judge(ctx context.Context, b Batch) error {
	select {
	case p.judging <- struct{}{}:
		defer func() { <-p.judging }()
	case <-ctx.Done():
		return classify(ctx, ctx.Err())
	}
	return p.do(ctx, func(ctx context.Context) error {
		for {
			known, err := p.endOfVerdicts(ctx, b)
			if known || err != nil {
				return err
			}
			if err := p.addVerdicts(ctx, b.body); !overtaken(err) {
				return err
			}
		}
	})
}

// endOfVerdicts finds where the chain ends if that is not known, and whether
// the batch is on record already: somebody else may have added to it, and it
// may have been us.
func (p *Postgres) endOfVerdicts(ctx context.Context, b Batch) (known bool, err error) {
	if p.verdicts.known {
		return false, nil
	}
	var found []string
	var heads []Head
	err = ask(ctx, p.pool,
		query(`select body from verdicts where id = $1`, b.ID).texts(&found),
		collect(query(`select chain, seq, hash from heads where chain = 'verdicts'`), &heads, scanHead))
	switch {
	case err != nil:
		return false, err
	case len(found) > 0:
		return true, same([]byte(found[0]), b.body)
	case len(heads) == 0:
		return false, errors.New("there is no chain of verdicts")
	}
	p.verdicts = end{heads[0], true}
	return false, nil
}

// addVerdicts adds a row in one statement. An error leaves it open whether
// it was added.
func (p *Postgres) addVerdicts(ctx context.Context, body []byte) error {
	l, err := p.verdicts.head.next(verdictsTable(), body)
	if err != nil {
		return err
	}
	p.verdicts.known = false
	args := append([]any{l.seq, l.prev[:], l.hash[:], string(l.body)}, l.values...)
	if _, err := p.pool.Exec(ctx, insertInto(verdictsTable()), args...); err != nil {
		return err
	}
	p.verdicts = end{Head{"verdicts", l.seq, l.hash}, true}
	return nil
}

// overtaken says that somebody else continued the chain in the meantime, or
// that the row is there.
func overtaken(err error) bool {
	pg := (*pgconn.PgError)(nil)
	if !errors.As(err, &pg) {
		return false
	}
	return pg.Code == "23505" || pg.ConstraintName == "verdicts_continue_chain"
}

// Verdicts returns verdicts, the newest first.
func (p *Postgres) Verdicts(ctx context.Context, f VerdictFilter) ([]loop.Verdict, error) {
	batch, place := "", -1
	if f.Before != "" {
		var err error
		if batch, place, err = splitVerdictID(f.Before); err != nil {
			return nil, wrap(err, "read verdicts before %q", f.Before)
		}
	}
	const sql = `select body from verdicts where ($1 = '' or string_to_array(keys, E'\n') @> array[$1])
		and ($2 = '' or seq <= (select seq from verdicts where id = $2)) order by seq desc limit $3`
	var bodies []string
	err := p.do(ctx, func(ctx context.Context) error {
		return ask(ctx, p.pool, query(sql, f.key(), batch, bounded(f.Limit)).texts(&bodies))
	})
	if err != nil {
		return nil, wrap(err, "read verdicts")
	}
	return f.collect(slices.Values(bodies), batch, place)
}

// Verdict returns one verdict. ErrNotFound when there is none of this ID.
func (p *Postgres) Verdict(ctx context.Context, id string) (loop.Verdict, error) {
	batch, i, err := splitVerdictID(id)
	var bodies []string
	if err == nil {
		err = p.do(ctx, func(ctx context.Context) error {
			return ask(ctx, p.pool, query(`select body from verdicts where id = $1`, batch).texts(&bodies))
		})
	}
	if err != nil {
		return loop.Verdict{}, wrap(err, "read verdict %s", id)
	}
	v, err := pick(bodies, i)
	return v, wrap(err, "read verdict %s", id)
}
