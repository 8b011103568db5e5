package ledger

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/sli"
)

// maxCovered is the longest observed time that a slice can hold: 24 days.
const maxCovered = math.MaxInt32 * time.Millisecond

// slicesPage is how many slices are read or written by one statement.
const slicesPage = 20000

// Keep writes slices; see loop.Store. Covered is kept in whole milliseconds,
// rounded down.
func (p *Postgres) Keep(ctx context.Context, objective string, slices []sli.Slice) error {
	err := checkSlices(objective, slices)
	for err == nil && len(slices) > 0 {
		n := min(len(slices), slicesPage)
		err = p.keep(ctx, objective, slices[:n])
		slices = slices[n:]
	}
	return wrap(err, "keep slices of %s", objective)
}

func (p *Postgres) keep(ctx context.Context, objective string, slices []sli.Slice) error {
	c := columnsOf(slices)
	return p.do(ctx, func(ctx context.Context) error {
		id, err := p.objective(ctx, objective)
		if err != nil {
			return err
		}
		_, err = p.pool.Exec(ctx, `insert into slices (objective, start, good, bad, covered, flaw)
			select $1, * from unnest($2::timestamptz[], $3::bigint[], $4::bigint[], $5::integer[], $6::text[])
			on conflict (objective, start) do update
			set good = excluded.good, bad = excluded.bad, covered = excluded.covered, flaw = excluded.flaw`,
			id, c.start, c.good, c.bad, c.covered, c.flaw)
		return err
	})
}

// Slices returns slices; see loop.Store.
func (p *Postgres) Slices(ctx context.Context, objective string, from, to time.Time) ([]sli.Slice, error) {
	var out []sli.Slice
	for {
		page, err := p.slicesPage(ctx, objective, from, to)
		if err != nil {
			return nil, wrap(err, "read slices of %s", objective)
		}
		out = append(out, page...)
		if len(page) < slicesPage {
			return out, nil
		}
		from = page[len(page)-1].Start.Add(time.Microsecond)
	}
}

func (p *Postgres) slicesPage(ctx context.Context, objective string, from, to time.Time) ([]sli.Slice, error) {
	var out []sli.Slice
	err := p.do(ctx, func(ctx context.Context) error {
		rows, err := p.pool.Query(ctx, `select start, good, bad, covered, flaw from slices
			where objective = (select id from objectives where name = $1) and start >= $2 and start < $3
			order by start limit $4`, objective, from, to, slicesPage)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanSlice)
		return err
	})
	return out, err
}

func scanSlice(row pgx.CollectableRow) (s sli.Slice, err error) {
	var covered int64
	err = row.Scan(&s.Start, &s.Good, &s.Bad, &covered, &s.Flaw)
	s.Start, s.Covered = s.Start.UTC(), time.Duration(covered)*time.Millisecond
	return s, err
}

// Extent returns the starts of the oldest and the newest slice; see
// loop.Store.
func (p *Postgres) Extent(ctx context.Context, objective string) (oldest, newest time.Time, err error) {
	err = p.do(ctx, func(ctx context.Context) error {
		var first, last *time.Time
		err := p.pool.QueryRow(ctx, `select min(start), max(start) from slices
			where objective = (select id from objectives where name = $1)`, objective).Scan(&first, &last)
		if err == nil && first != nil && last != nil {
			oldest, newest = first.UTC(), last.UTC()
		}
		return err
	})
	return oldest, newest, wrap(err, "read extent of %s", objective)
}

// objective is the small number that stands for an objective's name.
func (p *Postgres) objective(ctx context.Context, name string) (int32, error) {
	if id, ok := p.objectives.Load(name); ok {
		return id.(int32), nil
	}
	var id int32
	err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into objectives (name) select $1 where not exists (select from objectives where name = $1) on conflict do nothing`, name); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select id from objectives where name = $1`, name).Scan(&id)
	})
	if err != nil {
		return 0, fmt.Errorf("number objective %s: %w", name, err)
	}
	p.objectives.Store(name, id)
	return id, nil
}

// columns are slices side by side, as unnest wants them.
type columns struct {
	start     []time.Time
	good, bad []int64
	covered   []int32
	flaw      []string
}

// columnsOf leaves out slices that a later one replaces.
func columnsOf(slices []sli.Slice) columns {
	newest := map[int64]int{}
	for i, s := range slices {
		newest[s.Start.UnixMicro()] = i
	}
	var c columns
	for i, s := range slices {
		if newest[s.Start.UnixMicro()] != i {
			continue
		}
		c.start = append(c.start, moment(s.Start))
		c.good, c.bad = append(c.good, int64(s.Good)), append(c.bad, int64(s.Bad))
		c.covered = append(c.covered, int32(s.Covered/time.Millisecond))
		c.flaw = append(c.flaw, string(s.Flaw))
	}
	return c
}

func checkSlices(objective string, slices []sli.Slice) error {
	if err := broke("slice", []rule{{objective != "", "has an objective"}}); err != nil {
		return err
	}
	for _, s := range slices {
		err := broke("slice", []rule{
			{s.Good >= 0 && s.Bad >= 0, "has no negative count"},
			{s.Covered >= 0 && s.Covered < maxCovered, "covers from 0 to 24 days"},
			{flawWord(string(s.Flaw)), "has a flaw of at most 32 letters a-z and hyphens"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func flawWord(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && r != '-' {
			return false
		}
	}
	return len(s) <= 32
}
