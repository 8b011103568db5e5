package ledger

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
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
func (p *Postgres) Keep(ctx context.Context, all map[string][]sli.Slice) error {
	if err := checkSlices(all); err != nil {
		return err
	}
	return wrap(p.do(ctx, func(ctx context.Context) error {
		ids, err := p.numbers(ctx, all)
		if err != nil {
			return err
		}
		c := columnsOf(ids, all)
		if len(c.start) == 0 {
			return nil
		}
		return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
			for page := range c.pages(slicesPage) {
				if _, err := tx.Exec(ctx, `insert into slices (objective, start, good, bad, covered, flaw)
					select * from unnest($1::integer[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::integer[], $6::text[])
					on conflict (objective, start) do update
					set good = excluded.good, bad = excluded.bad, covered = excluded.covered, flaw = excluded.flaw`,
					page.objective, page.start, page.good, page.bad, page.covered, page.flaw); err != nil {
					return err
				}
			}
			return nil
		})
	}), "keep slices of %s", some(all))
}

// some names the objectives of slices, the first ones of many.
func some(all map[string][]sli.Slice) string {
	names := slices.Sorted(maps.Keys(all))
	if n := len(names) - 3; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), n)
	}
	return strings.Join(names, ", ")
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

// numbers are the small numbers that stand for objectives' names.
func (p *Postgres) numbers(ctx context.Context, all map[string][]sli.Slice) (map[string]int32, error) {
	ids := make(map[string]int32, len(all))
	var unknown []string
	for name := range all {
		if id, ok := p.objectives.Load(name); ok {
			ids[name] = id.(int32)
		} else {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return ids, nil
	}
	slices.Sort(unknown) // so that two who do the same wait for each other in one order
	err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into objectives (name) select given from unnest($1::text[]) given
			where not exists (select from objectives where name = given) on conflict do nothing`, unknown); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select name, id from objectives where name = any($1)`, unknown)
		if err != nil {
			return err
		}
		var name string
		var id int32
		_, err = pgx.ForEachRow(rows, []any{&name, &id}, func() error {
			ids[name] = id
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("number objectives: %w", err)
	}
	for _, name := range unknown {
		p.objectives.Store(name, ids[name])
	}
	return ids, nil
}

// columns are slices side by side, as unnest wants them.
type columns struct {
	objective []int32
	start     []time.Time
	good, bad []int64
	covered   []int32
	flaw      []string
}

// columnsOf leaves out slices that a later one replaces. They are in order of
// their keys, so that two who write the same wait for each other.
func columnsOf(ids map[string]int32, all map[string][]sli.Slice) (c columns) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		newest := map[int64]sli.Slice{}
		for _, s := range all[name] {
			newest[s.Start.UnixMicro()] = s
		}
		for _, at := range slices.Sorted(maps.Keys(newest)) {
			s := newest[at]
			c.objective, c.start = append(c.objective, ids[name]), append(c.start, moment(s.Start))
			c.good, c.bad = append(c.good, int64(s.Good)), append(c.bad, int64(s.Bad))
			c.covered, c.flaw = append(c.covered, int32(s.Covered/time.Millisecond)), append(c.flaw, string(s.Flaw))
		}
	}
	return c
}

// pages cuts columns into parts of at most n rows.
func (c columns) pages(n int) iter.Seq[columns] {
	return func(yield func(columns) bool) {
		for from := 0; from < len(c.start); from += n {
			to := min(from+n, len(c.start))
			if !yield(columns{c.objective[from:to], c.start[from:to], c.good[from:to], c.bad[from:to], c.covered[from:to], c.flaw[from:to]}) {
				return
			}
		}
	}
}

func checkSlices(slices map[string][]sli.Slice) error {
	for objective, all := range slices {
		if err := checkSlicesOf(objective, all); err != nil {
			return fmt.Errorf("keep slices of %s: %w", objective, err)
		}
	}
	return nil
}

func checkSlicesOf(objective string, slices []sli.Slice) error {
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
