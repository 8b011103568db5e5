package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Heads returns the ends of the chains. Kept outside of the database they
// prove later, by VerifyFrom, that nothing before them was changed.
func (p *Postgres) Heads(ctx context.Context) ([]Head, error) {
	out, err := p.stored().Heads(ctx)
	return out, wrap(err, "read heads")
}

// Verify reads every row of every chain and names those that are not as they
// were written: altered, deleted, inserted, reordered. It may run while the
// ledger is written to. What it cannot see alone is somebody who rewrote a
// chain from some row to its end, hashes and heads included: for that keep
// Heads elsewhere and use VerifyFrom.
func (p *Postgres) Verify(ctx context.Context) ([]Fault, error) { return p.VerifyFrom(ctx, nil) }

// VerifyFrom is Verify against heads that were remembered outside of the
// database.
func (p *Postgres) VerifyFrom(ctx context.Context, remembered []Head) ([]Fault, error) {
	return p.stored().verify(ctx, remembered)
}

// stored is the chains as they are in a database.
type stored struct {
	db interface {
		batcher
		Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	}
	do func(context.Context, func(context.Context) error) error // makes a call to it
}

func (p *Postgres) stored() stored { return stored{p.pool, p.do} }

func (s stored) verify(ctx context.Context, remembered []Head) ([]Fault, error) {
	faults, err := verify(ctx, s, remembered)
	if err != nil {
		return nil, err
	}
	for _, c := range crossings() {
		more, err := s.crossed(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("verify %s: %w", c.table, err)
		}
		faults = append(faults, more...)
	}
	return faults, nil
}

// Heads returns the ends of the chains.
func (s stored) Heads(ctx context.Context) (out []Head, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		return ask(ctx, s.db, collect(query(`select chain, seq, hash from heads order by chain`), &out, scanHead))
	})
	return out, err
}

func scanHead(row pgx.CollectableRow) (h Head, err error) {
	var hash []byte
	err = row.Scan(&h.Chain, &h.Seq, &hash)
	copy(h.Hash[:], hash)
	return h, err
}

func (s stored) page(ctx context.Context, t table, after int64, limit int) ([]link, error) {
	var out []link
	err := s.do(ctx, func(ctx context.Context) error {
		rows, err := s.db.Query(ctx, fmt.Sprintf(`select seq, prev_hash, hash, body, %s from %s where seq > $1 order by seq limit $2`, t.columns, t.name), after, limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanLink)
		return err
	})
	return out, err
}

func scanLink(row pgx.CollectableRow) (l link, err error) {
	values, err := row.Values()
	if err != nil {
		return l, err
	}
	l.seq, _ = values[0].(int64)
	prev, _ := values[1].([]byte)
	hash, _ := values[2].([]byte)
	body, _ := values[3].(string)
	copy(l.prev[:], prev)
	copy(l.hash[:], hash)
	l.body, l.values = []byte(body), values[4:]
	for i, v := range l.values {
		if t, ok := v.(time.Time); ok {
			l.values[i] = t.UTC()
		}
	}
	return l, nil
}

// A crossing is what one table says of another: rows that sql returns (number
// and ID) name something that is not there. That shows rows that were cut
// off the end of a chain together with its head.
type crossing struct {
	table string
	sql   string
	why   string // of the ID
}

func crossings() []crossing {
	const orders = `select d.seq, x.id from decisions d cross join lateral (
			select c #>> '{stop,id}' as id from (select d.body::json #> '{input,conditions}' as c) s union
			select c #>> '{pin,id}' from (select d.body::json #> '{input,conditions}' as c) s union
			select c #>> '{approval,id}' from (select d.body::json #> '{input,conditions}' as c) s) x
		where (strpos(d.body, '"stop":{') > 0 or strpos(d.body, '"pin":{') > 0 or strpos(d.body, '"approval":{') > 0)
		and x.id is not null and not exists (select from orders o where o.id = x.id) order by d.seq`
	return []crossing{
		{"outcomes", `select o.seq, o.decision from outcomes o where not exists (select from decisions d where d.id = o.decision) order by o.seq`, "the decision that it is of is not on record"},
		{"settings", `select s.seq, s.decision from settings s where not exists (select from decisions d
			where d.id = s.decision and d.actuator = s.actuator and d."to" = s.value and d.epoch = s.epoch) order by s.seq`, "the decision that it carries out is not on record, or is another"},
		{"decisions", `select d.seq, d.id from decisions d where not exists (select from leadership l where l.epoch = d.epoch) order by d.seq`, "nobody is on record as the leader of its epoch"},
		{"decisions", orders, "it obeyed this order, which is not on record"},
	}
}

func (s stored) crossed(ctx context.Context, c crossing) ([]Fault, error) {
	var out []Fault
	err := s.do(ctx, func(ctx context.Context) error {
		rows, err := s.db.Query(ctx, c.sql)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Fault, error) {
			f := Fault{Table: c.table, Kind: Deleted, Why: c.why}
			err := row.Scan(&f.Seq, &f.ID)
			f.Last = f.Seq
			return f, err
		})
		return err
	})
	return out, err
}
