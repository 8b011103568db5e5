package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Retention says which verdicts are too old, and what proves where the
// chain ended when they were young.
type Retention struct {
	Before      time.Time    // those that were decided before then
	Checkpoints []Checkpoint // kept outside of the database, each genuine
	By, Why     string
	At          time.Time
}

// A Plan is what a retention drops: whole rows, that is batches, up to the
// newest checkpoint before which all is old. An empty one has Rows 0.
type Plan struct {
	Pruning Pruning
	Rows    int64 // that it drops
	Answers int64 // in them
	Old     int64 // rows that are old, behind a checkpoint or not
}

// ErrUnsound says that rows are not as they were written. Nothing is dropped
// then: the rows are evidence.
var ErrUnsound = errors.New("rows are not as they were written")

// pruneAtOnce is how many rows one statement deletes; the rest of a part, the
// others are dropped with theirs.
const pruneAtOnce = 1000

// PlanPruning says what a retention would drop. It verifies all of it, and
// drops nothing.
func (p *Postgres) PlanPruning(ctx context.Context, r Retention) (Plan, error) {
	plan, err := plan(ctx, p.stored(), r)
	return plan, wrap(err, "plan pruning")
}

func plan(ctx context.Context, c chains, r Retention) (Plan, error) {
	ends, faults, err := pruned(ctx, c)
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("%w: %s", ErrUnsound, faults[0])
	}
	if err != nil {
		return Plan{}, err
	}
	t, signed := verdictsTable(), map[int64]Checkpoint{}
	for _, c := range r.Checkpoints {
		for _, h := range c.Heads {
			if h.Chain == t.name {
				signed[h.Seq] = c
			}
		}
	}
	w := newWalk(t, ends[t.name], Remembered(r.Checkpoints))
	var out Plan
	var answers int64
	err = w.each(ctx, c, func(l link) bool {
		until, _ := l.values[2].(time.Time)
		count, _ := l.values[3].(int64)
		if !until.Before(r.Before) || len(w.faults) > 0 {
			return false
		}
		out.Old, answers = out.Old+1, answers+count
		if at, ok := signed[l.seq]; ok {
			out.Rows, out.Answers = out.Old, answers
			out.Pruning = Pruning{t.name, l.seq, l.hash, r.Before, r.By, r.Why, r.At, at}
		}
		return true
	})
	if err == nil && len(w.faults) > 0 {
		err = fmt.Errorf("%w: %s", ErrUnsound, w.faults[0])
	}
	return out, err
}

// Prune puts a pruning on record, and then drops what it names: whole parts at
// once, the rest row by row. It may be interrupted and called again, with no
// pruning too: then it ends what was begun. The owner of the ledger may prune,
// who serves with less may not.
func (p *Postgres) Prune(ctx context.Context, next *Pruning) error {
	err := p.owned(ctx)
	if err == nil && next != nil {
		err = p.recordPruning(ctx, *next)
	}
	if err == nil {
		err = p.dropPruned(ctx)
	}
	return wrap(err, "prune verdicts")
}

// owned says whether the role of this connection may drop rows.
func (p *Postgres) owned(ctx context.Context) error {
	return p.do(ctx, func(ctx context.Context) error {
		var may bool
		err := p.pool.QueryRow(ctx, `select pg_has_role(relowner, 'usage') from pg_class where oid = 'verdicts'::regclass`).Scan(&may)
		if err == nil && !may {
			err = errors.New("this role does not own the ledger: its owner prunes")
		}
		return err
	})
}

func (p *Postgres) recordPruning(ctx context.Context, next Pruning) error {
	body, err := checked(next, checkPruning)
	if err != nil {
		return err
	}
	return p.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := lock(ctx, tx, "prunings"); err != nil {
			return err
		}
		var done []int64
		err := ask(ctx, tx, collect(query(`select through from prunings where through >= $1`, next.Through), &done, pgx.RowTo[int64]))
		if err != nil || len(done) > 0 { // by another instance, or by this one before
			return err
		}
		return appendRow(ctx, tx, pruningsTable(), body)
	})
}

// dropPruned drops what the newest pruning names and is there still, from the
// lowest numbers on: what is left is always an end of the chain.
func (p *Postgres) dropPruned(ctx context.Context) error {
	var through int64
	parts, err := p.parts(ctx, &through)
	for _, part := range parts {
		if err == nil && part.to <= through+1 {
			err = p.dropPart(ctx, part.name)
		}
	}
	for deleted := int64(pruneAtOnce); err == nil && deleted == pruneAtOnce; {
		err = p.do(ctx, func(ctx context.Context) error {
			tag, err := p.pool.Exec(ctx, `delete from verdicts where seq <= (select seq from verdicts order by seq limit 1) + $2 - 1 and seq <= $1`, through, int64(pruneAtOnce))
			deleted = tag.RowsAffected()
			return err
		})
	}
	return err
}

// A part is a table that holds some of the verdicts.
type part struct {
	name string
	to   int64 // the number after its last
}

// parts are those that are no more added to, in order. It also reads how far
// is to be dropped.
func (p *Postgres) parts(ctx context.Context, through *int64) (out []part, err error) {
	err = p.do(ctx, func(ctx context.Context) error {
		rows, err := p.pool.Query(ctx, `select c.relname::text, pg_get_expr(c.relpartbound, c.oid), coalesce((select max(through) from prunings), 0),
			(select seq from heads where chain = 'verdicts') from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'verdicts'::regclass`)
		if err != nil {
			return err
		}
		out, err = nil, nil
		var name, bound string
		var end int64
		_, err = pgx.ForEachRow(rows, []any{&name, &bound, through, &end}, func() error {
			to, err := upperBound(bound)
			if err == nil && to <= end {
				out = append(out, part{name, to})
			}
			return err
		})
		return err
	})
	slices.SortFunc(out, func(a, b part) int { return cmp.Compare(a.to, b.to) })
	return out, err
}

// upperBound reads FOR VALUES FROM ('1') TO ('100001').
func upperBound(bound string) (int64, error) {
	m := regexp.MustCompile(`TO \('(\d+)'\)`).FindStringSubmatch(bound)
	if m == nil {
		return 0, fmt.Errorf("read bound of a part: %s", bound)
	}
	return strconv.ParseInt(m[1], 10, 64)
}

// dropPart drops a part between two writers: it does not have them wait for
// a reader that takes long, but tries again.
func (p *Postgres) dropPart(ctx context.Context, name string) error {
	const patience, tries = `set local lock_timeout = '100ms'`, 100
	for try := 1; ; try++ {
		err := p.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, patience)
			if err == nil {
				_, err = tx.Exec(ctx, `drop table if exists `+pgx.Identifier{name}.Sanitize())
			}
			return err
		})
		if sqlState(err) != "55P03" || try == tries || !pause(ctx, 100*time.Millisecond) {
			return err
		}
	}
}
