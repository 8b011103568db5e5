package ledger

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
)

// Sums are made of so many days of objectives in one transaction, and in one
// call; nobody can keep slices during a transaction. So many rows are dropped
// in one call.
const (
	tidyAtOnce = 200
	tidyMost   = 1000
	dropAtOnce = 50000
	sumAtOnce  = 5000 // stretches
)

// Sums adds slices up; see loop.Store. Days and hours whose sums are on record
// are taken from there; of everything else the slices are read.
func (p *Postgres) Sums(ctx context.Context, asks ...loop.Stretch) ([]loop.Total, error) {
	ids, err := p.numbersOf(ctx, asks)
	all := make([]summing, len(asks))
	var days, hours []span
	for i, a := range asks {
		if id, known := ids[a.Objective]; known && a.From.Before(a.To) {
			all[i] = newSumming(i, id, a)
			days = append(days, all[i].days)
		}
	}
	for some := range slices.Chunk(days, sumAtOnce) {
		if err == nil {
			err = p.do(ctx, func(ctx context.Context) error { return p.sumsOfDays(ctx, some, all) })
		}
	}
	for i := range all {
		hours = append(hours, all[i].left()...)
	}
	if err == nil {
		err = p.eachHour(ctx, hours, func(ask int, hour int32, some []sli.Slice) {
			all[ask].sum.Join(sumOf(hour, within(some, asks[ask])).Total)
		})
	}
	if err != nil {
		return nil, wrap(err, "read sums of slices")
	}
	out := make([]loop.Total, len(asks))
	for i := range all {
		out[i] = all[i].sum
	}
	return out, nil
}

// sumsOfDays reads what sums are on record: of the days that lie in a stretch
// as a whole one row each, made by the database, and the hours of those at its
// ends.
func (p *Postgres) sumsOfDays(ctx context.Context, spans []span, all []summing) error {
	var asks, ids, from, to, ends, of, day []int32
	for _, s := range spans {
		w, v := all[s.ask].wholeDays()
		asks, ids, from, to = append(asks, int32(s.ask)), append(ids, s.id), append(from, w), append(to, v)
		for d := s.from; d < s.to; d++ {
			if d < w || d >= v {
				ends, of, day = append(ends, int32(s.ask)), append(of, s.id), append(day, d)
			}
		}
		all[s.ask].restart()
	}
	rows, err := p.pool.Query(ctx, `
		select s.ask, d.* from unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[]) s (ask, id, f, t), lateral (
			select array_agg(day) as day, sum(good)::bigint, sum(bad)::bigint, sum(covered)::bigint, max(newest), string_agg(flaws, ''), sum(unseen)::bigint, sum(unseen_bad)::bigint, null::bytea
			from days where objective = s.id and day >= s.f and day < s.t and hours is not null) d where d.day is not null
		union all
		select s.ask, d.* from unnest($5::integer[], $6::integer[], $7::integer[]) s (ask, id, day), lateral (
			select array[day], 0, 0, 0, null::bigint, null::bytea, 0, 0, hours
			from days where objective = s.id and day = s.day and hours is not null offset 0) d`, asks, ids, from, to, ends, of, day)
	if err != nil {
		return err
	}
	var ask int32
	var days []int32
	var good, bad, covered, unseen, unseenBad int64
	var newest *int64
	var flaws, hours []byte
	_, err = pgx.ForEachRow(rows, []any{&ask, &days, &good, &bad, &covered, &newest, &flaws, &unseen, &unseenBad, &hours}, func() error {
		if hours != nil {
			return all[ask].take(days[0], hours)
		}
		t := loop.Total{Counts: sli.Counts{Good: sli.Count(good), Bad: sli.Count(bad), Covered: time.Duration(covered) * time.Millisecond, Unseen: sli.Count(unseen), UnseenBad: sli.Count(unseenBad)}}
		if newest != nil {
			t.Newest = time.UnixMilli(*newest).UTC()
		}
		return all[ask].takeDays(days, t, flaws)
	})
	return err
}

// A summing is a stretch being summed.
type summing struct {
	loop.Stretch
	days, hours span   // that it touches
	summed      []bool // days whose sums are on record
	sum         loop.Total
}

func newSumming(ask int, id int32, a loop.Stretch) summing {
	hours := span{ask, id, hourOf(a.From), hourOf(a.To.Add(-1)) + 1}
	days := span{ask, id, dayOf(hours.from), dayOf(hours.to-1) + 1}
	s := summing{Stretch: a, days: days, hours: hours}
	s.restart()
	return s
}

// restart forgets what was summed.
func (s *summing) restart() { s.summed, s.sum = make([]bool, s.days.to-s.days.from), loop.Total{} }

// wholeDays is the days that lie in the stretch as a whole.
func (s *summing) wholeDays() (from, to int32) {
	from, to = s.days.from, s.days.to
	if hourStart(24 * from).Before(s.From) {
		from++
	}
	if hourStart(24 * to).After(s.To) {
		to--
	}
	return from, max(from, to)
}

// takeDays takes the sum of some days.
func (s *summing) takeDays(days []int32, t loop.Total, flaws []byte) error {
	for _, day := range days {
		s.summed[day-s.days.from] = true
	}
	r := reader{left: flaws}
	for len(r.left) > 0 {
		r.flaw(&t)
	}
	if r.failed {
		return errPacked
	}
	s.sum.Join(t)
	return nil
}

// take takes the sums of a day's hours, as far as they lie in the stretch as a
// whole.
func (s *summing) take(day int32, packed []byte) error {
	all, err := readSums(packed, day)
	s.summed[day-s.days.from] = true
	for _, h := range all {
		if s.whole(h.hour) {
			s.sum.Join(h.Total)
		}
	}
	return err
}

func (s *summing) whole(hour int32) bool {
	return !hourStart(hour).Before(s.From) && !hourStart(hour+1).After(s.To)
}

// left is the hours that are in no sum.
func (s *summing) left() (spans []span) {
	for hour := s.hours.from; hour < s.hours.to; hour++ {
		switch n := len(spans) - 1; {
		case s.summed[dayOf(hour)-s.days.from] && s.whole(hour):
		case n >= 0 && spans[n].to == hour:
			spans[n].to++
		default:
			spans = append(spans, span{s.hours.ask, s.hours.id, hour, hour + 1})
		}
	}
	return spans
}

// Tidy makes sums of days and drops old slices; see loop.Archive.
func (p *Postgres) Tidy(ctx context.Context, t loop.Tidying) error {
	if len(t.Oldest) > 0 || !t.Others.IsZero() {
		if err := p.drop(ctx, t); err != nil {
			return wrap(err, "drop old slices")
		}
	}
	for done := 0; done < tidyMost; done += tidyAtOnce {
		n := 0
		err := p.do(ctx, func(ctx context.Context) (err error) {
			n, err = p.sumDays(ctx, dayOf(hourOf(t.Settled)))
			return err
		})
		if err != nil || n < tidyAtOnce {
			return wrap(err, "sum days")
		}
	}
	return nil
}

// sumDays makes sums of some days before the given one that have none, and
// tells of how many. Nobody can keep slices meanwhile, so that sums are of all.
func (p *Postgres) sumDays(ctx context.Context, before int32) (n int, err error) {
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(slicesKey)); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select d.objective, d.day, h.hour, h.packed
			from (select objective, day from days where hours is null and day < $1 order by day, objective limit $2) d
			join hours h on h.objective = d.objective and h.hour >= 24 * d.day and h.hour < 24 * (d.day + 1) order by 2, 1, 3`, before, tidyAtOnce)
		if err != nil {
			return err
		}
		var s summedDays
		if err := s.collect(rows); err != nil {
			return err
		}
		n = len(s.days)
		return s.write(ctx, tx)
	})
	return n, err
}

// summedDays are days with their sums, and hours that can be packed tighter,
// side by side as unnest wants them.
type summedDays struct {
	objectives, days []int32
	totals           []loop.Total
	sums             [][]byte
	of, hours        []int32
	packed           [][]byte
}

// collect adds up rows of hours, which are in order.
func (s *summedDays) collect(rows pgx.Rows) error {
	var objective, day, hour int32
	var packed []byte
	_, err := pgx.ForEachRow(rows, []any{&objective, &day, &hour, &packed}, func() error {
		all, err := readSlices(packed, hour)
		if err != nil {
			return err
		}
		n := len(s.days) - 1
		if n < 0 || s.days[n] != day || s.objectives[n] != objective {
			s.objectives, s.days = append(s.objectives, objective), append(s.days, day)
			s.sums, s.totals = append(s.sums, nil), append(s.totals, loop.Total{})
			n++
		}
		sum := sumOf(hour, all)
		s.sums[n] = appendSum(s.sums[n], sum)
		s.totals[n].Join(sum.Total)
		var again []byte
		for _, one := range all {
			again = appendSlice(again, one)
		}
		if len(again) < len(packed) {
			s.of, s.hours, s.packed = append(s.of, objective), append(s.hours, hour), append(s.packed, again)
		}
		return nil
	})
	return err
}

func (s *summedDays) write(ctx context.Context, tx pgx.Tx) error {
	var good, bad, covered, unseen, unseenBad []int64
	var newest []*int64
	var flaws [][]byte
	for _, t := range s.totals {
		good, bad, covered = append(good, int64(t.Good)), append(bad, int64(t.Bad)), append(covered, t.Covered.Milliseconds())
		var last *int64
		if !t.Newest.IsZero() {
			milli := t.Newest.UnixMilli()
			last = &milli
		}
		newest, flaws = append(newest, last), append(flaws, appendFlaws(nil, t.Flaws))
		unseen, unseenBad = append(unseen, int64(t.Unseen)), append(unseenBad, int64(t.UnseenBad))
	}
	var batch pgx.Batch
	batch.Queue(`update days d set good = s.good, bad = s.bad, covered = s.covered, newest = s.newest, flaws = s.flaws, hours = s.hours, unseen = s.unseen, unseen_bad = s.unseen_bad
		from unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[], $8::bytea[], $9::bigint[], $10::bigint[])
			s (objective, day, good, bad, covered, newest, flaws, hours, unseen, unseen_bad)
		where d.objective = s.objective and d.day = s.day`, s.objectives, s.days, good, bad, covered, newest, flaws, s.sums, unseen, unseenBad)
	batch.Queue(`update hours h set packed = s.packed from unnest($1::integer[], $2::integer[], $3::bytea[]) s (objective, hour, packed)
		where h.objective = s.objective and h.hour = s.hour`, s.of, s.hours, s.packed)
	return tx.SendBatch(ctx, &batch).Close()
}

// drop deletes days that are older than anybody needs. OFFSET 0 has each
// objective looked up by itself: mostly there is nothing to drop, and the
// planner would read the whole table to find that out.
func (p *Postgres) drop(ctx context.Context, t loop.Tidying) error {
	names, oldest := []string{}, []int32{}
	for name, at := range t.Oldest {
		names, oldest = append(names, name), append(oldest, dayOf(hourOf(at)))
	}
	return p.do(ctx, func(ctx context.Context) error {
		var batch pgx.Batch
		for _, table := range []string{"hours where hour < 24 *", "days where day <"} {
			name, condition, _ := strings.Cut(table, " where ")
			batch.Queue(`delete from `+name+` where ctid = any (array(
				select h.ctid from objectives o left join unnest($1::text[], $2::integer[]) k (name, day) on k.name = o.name
				cross join lateral (select ctid from `+name+` where objective = o.id and `+condition+` coalesce(k.day, $3) offset 0) h
				limit $4))`, names, oldest, dayOf(hourOf(t.Others)), dropAtOnce)
		}
		return p.pool.SendBatch(ctx, &batch).Close()
	})
}
