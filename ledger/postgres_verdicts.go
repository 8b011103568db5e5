package ledger

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"setpoint.dev/setpoint/loop"
)

// An end is the end of the chain of verdicts, with the rows that are on their
// way there, as this process knows it. It saves asking: a row that does not
// continue the chain is refused by the database.
type end struct {
	asking chan struct{} // held while the database is asked, or the end is moved
	head   Head
	known  bool
}

// Judge records a batch of verdicts. It is committed when Judge returns nil,
// and once, however often it is tried: the same batch a second time does
// nothing, other content under its ID is ErrConflict. A batch may be recorded
// while the one before it is on its way: the database lets it wait, and
// refuses it when the one before did not get there.
func (p *Postgres) Judge(ctx context.Context, b Batch) error {
	return wrap(p.judge(ctx, b), "record verdicts %s", b.ID)
}

func (p *Postgres) judge(ctx context.Context, b Batch) error {
	return p.do(ctx, func(ctx context.Context) error {
		for {
			l, known, err := p.nextVerdicts(ctx, b)
			if known || err != nil {
				return err
			}
			args := append([]any{l.seq, l.prev[:], l.hash[:], string(l.body)}, l.values...)
			if _, err = p.pool.Exec(ctx, insertInto(verdictsTable()), args...); err == nil {
				return nil
			}
			p.forgetEnd()
			if !overtaken(err) {
				return err // it is open whether the row was added
			}
		}
	})
}

// nextVerdicts is the row that continues the chain, or says that the batch is
// on record: somebody else may have added to it, and it may have been us.
func (p *Postgres) nextVerdicts(ctx context.Context, b Batch) (l link, known bool, err error) {
	select {
	case p.verdicts.asking <- struct{}{}:
		defer func() { <-p.verdicts.asking }()
	case <-ctx.Done():
		return link{}, false, ctx.Err()
	}
	if !p.verdicts.known {
		if known, err := p.findEnd(ctx, b); known || err != nil {
			return link{}, known, err
		}
	}
	if l, err = p.verdicts.head.link(b); err == nil {
		p.verdicts.head = Head{"verdicts", l.seq, l.hash}
	}
	return l, false, err
}

// link is the row of a batch that continues the chain.
func (h Head) link(b Batch) (link, error) {
	if b.values == nil {
		return h.next(verdictsTable(), b.body)
	}
	l := link{seq: h.Seq + 1, prev: h.Hash, body: b.body, values: b.values}
	l.hash = sum("verdicts", l.seq, l.prev, l.body)
	return l, nil
}

// forgetEnd says that a row may not have got to where it was sent.
func (p *Postgres) forgetEnd() {
	p.verdicts.asking <- struct{}{}
	p.verdicts.known = false
	<-p.verdicts.asking
}

// findEnd asks where the chain ends, and whether the batch is on record
// already.
func (p *Postgres) findEnd(ctx context.Context, b Batch) (known bool, err error) {
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
	p.verdicts.head, p.verdicts.known = heads[0], true
	return false, nil
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
