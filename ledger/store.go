package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
)

// maxCovered is the longest observed time that a slice can hold: 24 days.
const maxCovered = math.MaxInt32 * time.Millisecond

// keepAtOnce is how many hours of slices one statement writes, readAtOnce
// how many one query reads, about.
const (
	keepAtOnce = 5000
	readAtOnce = 20000
)

// slicesKey is the advisory lock that says whether sums of slices are being
// made: who writes slices shares it.
const slicesKey = 0x736c69636573

// A block is slices of one hour.
type block struct {
	objective, hour int32
	number          int32 // in the order in which they were handed in
	packed          []byte
}

// Keep writes slices; see loop.Store. Covered is kept in whole milliseconds,
// rounded down.
func (p *Postgres) Keep(ctx context.Context, all ...loop.Counted) error {
	if err := checkSlices(all); err != nil {
		return err
	}
	blocks, err := p.blocksOf(ctx, all)
	if err == nil && len(blocks) > 0 {
		err = p.do(ctx, func(ctx context.Context) error { return p.keep(ctx, blocks) })
	}
	if err != nil {
		return wrap(err, "keep slices of %s", some(all))
	}
	return nil
}

// some names the objectives of slices, the first ones of many.
func some(all []loop.Counted) string {
	var names []string
	for _, k := range all {
		names = append(names, k.Objective)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if n := len(names) - 3; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), n)
	}
	return strings.Join(names, ", ")
}

// blocksOf packs slices by hour, in the order in which rows are locked.
func (p *Postgres) blocksOf(ctx context.Context, all []loop.Counted) ([]block, error) {
	packed := packing{blocks: make([]block, 0, len(all))}
	var fresh []loop.Counted
	for _, k := range all {
		if id, known := p.objectives.id(k.Objective); known {
			packed.add(id, k.Slices)
		} else {
			fresh = append(fresh, k)
		}
	}
	if len(fresh) > 0 {
		var names []string
		for _, k := range fresh {
			names = append(names, k.Objective)
		}
		ids, err := p.numbers(ctx, names, true)
		if err != nil {
			return nil, err
		}
		for _, k := range fresh {
			packed.add(ids[k.Objective], k.Slices)
		}
	}
	slices.SortFunc(packed.blocks, func(a, b block) int { // the stable sort takes three times as long
		return cmp.Or(cmp.Compare(a.objective, b.objective), cmp.Compare(a.hour, b.hour), cmp.Compare(a.number, b.number))
	})
	return joined(packed.blocks), nil
}

// A packing is blocks, and the room that what is packed in them shares.
type packing struct {
	blocks []block
	room   []byte
}

// add packs slices of one objective.
func (p *packing) add(objective int32, all []sli.Slice) {
	from := len(p.room)
	for i, s := range all {
		s.Start = moment(s.Start)
		hour := hourOf(s.Start)
		if i == 0 || p.blocks[len(p.blocks)-1].hour != hour {
			from, p.blocks = len(p.room), append(p.blocks, block{objective: objective, hour: hour, number: int32(len(p.blocks))})
		}
		p.room = appendSlice(p.room, s)
		p.blocks[len(p.blocks)-1].packed = p.room[from:len(p.room):len(p.room)]
	}
}

// joined makes one block of those that follow each other of one hour.
func joined(all []block) (out []block) {
	out = all[:0]
	for _, b := range all {
		if n := len(out) - 1; n >= 0 && out[n].objective == b.objective && out[n].hour == b.hour {
			out[n].packed = append(out[n].packed, b.packed...)
			continue
		}
		out = append(out, b)
	}
	return out
}

// keep writes blocks in one transaction.
func (p *Postgres) keep(ctx context.Context, blocks []block) error {
	var batch pgx.Batch
	batch.Queue(`select pg_advisory_xact_lock_shared($1)`, int64(slicesKey))
	for some := range slices.Chunk(blocks, keepAtOnce) {
		objectives, hours, packed := make([]int32, len(some)), make([]int32, len(some)), make([][]byte, len(some))
		for i, b := range some {
			objectives[i], hours[i], packed[i] = b.objective, b.hour, b.packed
		}
		batch.Queue(`insert into days (objective, day) select distinct o, floor(h / 24.0)::integer from unnest($1::integer[], $2::integer[]) k (o, h) order by 1, 2
			on conflict (objective, day) do update set hours = null where days.hours is not null`, objectives, hours)
		batch.Queue(`insert into hours (objective, hour, packed) select * from unnest($1::integer[], $2::integer[], $3::bytea[])
			on conflict (objective, hour) do update set packed = hours.packed || excluded.packed`, objectives, hours, packed)
	}
	return p.pool.SendBatch(ctx, &batch).Close()
}

// Slices returns slices; see loop.Store.
func (p *Postgres) Slices(ctx context.Context, asks ...loop.Stretch) ([][]sli.Slice, error) {
	ids, err := p.numbersOf(ctx, asks)
	var spans []span
	for i, a := range asks {
		if id, known := ids[a.Objective]; known && a.From.Before(a.To) {
			spans = append(spans, span{i, id, hourOf(a.From), hourOf(a.To.Add(-1)) + 1})
		}
	}
	out := make([][]sli.Slice, len(asks))
	if err == nil {
		err = p.eachHour(ctx, spans, func(ask int, hour int32, all []sli.Slice) {
			all = within(all, asks[ask])
			if out[ask] == nil && len(all) > 0 {
				out[ask] = make([]sli.Slice, 0, len(all)*int(hourOf(asks[ask].To)-hour+1))
			}
			out[ask] = append(out[ask], all...)
		})
	}
	if err != nil {
		return nil, wrap(err, "read slices")
	}
	return out, nil
}

// within is those of the slices that a stretch is about.
func within(all []sli.Slice, a loop.Stretch) []sli.Slice {
	from, _ := after(all, a.From)
	to, _ := after(all, a.To)
	return all[from:max(from, to)]
}

// A span is the hours [from, to) of an objective, or the days, that are read
// for the ask of some number.
type span struct {
	ask          int
	id, from, to int32
}

// eachHour calls do with the slices of each hour of the spans that has any, in
// order within each span; do does not hold on to them. It asks for so many hours at once that an answer is
// not too long.
func (p *Postgres) eachHour(ctx context.Context, spans []span, do func(ask int, hour int32, all []sli.Slice)) error {
	var all []sli.Slice
	for len(spans) > 0 {
		n, rows := 0, 0
		for ; n < len(spans) && (n == 0 || rows < readAtOnce); n++ {
			rows += int(spans[n].to - spans[n].from)
		}
		found, err := p.hours(ctx, spans[:n])
		for _, r := range found {
			var wrong error
			all, wrong = unpack(all, r.packed, r.hour)
			if err = errors.Join(err, wrong); err == nil {
				do(r.ask, r.hour, all)
			}
		}
		if err != nil {
			return err
		}
		spans = spans[n:]
	}
	return nil
}

// A row is an hour that was read for an ask.
type row struct {
	ask    int
	hour   int32
	packed []byte
}

// hours reads hours. OFFSET 0 has each span looked up by itself: for many of
// them the planner would read the whole table.
func (p *Postgres) hours(ctx context.Context, spans []span) (found []row, err error) {
	var asks, ids, from, to []int32
	for _, s := range spans {
		asks, ids, from, to = append(asks, int32(s.ask)), append(ids, s.id), append(from, s.from), append(to, s.to)
	}
	err = p.do(ctx, func(ctx context.Context) error {
		rows, err := p.pool.Query(ctx, `select s.ask, h.hour, h.packed from unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[]) s (ask, id, f, t),
			lateral (select hour, packed from hours where objective = s.id and hour >= s.f and hour < s.t offset 0) h`, asks, ids, from, to)
		if err != nil {
			return err
		}
		found = found[:0]
		var r row
		_, err = pgx.ForEachRow(rows, []any{&r.ask, &r.hour, &r.packed}, func() error {
			found = append(found, r)
			r.packed = nil
			return nil
		})
		return err
	})
	slices.SortStableFunc(found, func(a, b row) int { return cmp.Or(a.ask-b.ask, int(a.hour-b.hour)) })
	return found, err
}

// Extents returns the starts of the oldest and the newest slices; see
// loop.Archive.
func (p *Postgres) Extents(ctx context.Context, objectives ...string) ([]loop.Extent, error) {
	ids, err := p.numbers(ctx, objectives, false)
	out := make([]loop.Extent, len(objectives))
	for first := 0; first < len(objectives) && err == nil; first += readAtOnce {
		var asks, some []int32
		for i := first; i < min(first+readAtOnce, len(objectives)); i++ {
			if id, known := ids[objectives[i]]; known {
				asks, some = append(asks, int32(i)), append(some, id)
			}
		}
		err = p.do(ctx, func(ctx context.Context) error { return p.extents(ctx, asks, some, out) })
	}
	return out, wrap(err, "read extents")
}

func (p *Postgres) extents(ctx context.Context, asks, ids []int32, out []loop.Extent) error {
	rows, err := p.pool.Query(ctx, `select a.ask, f.hour, f.packed, l.hour, l.packed from unnest($1::integer[], $2::integer[]) a (ask, id),
		lateral (select hour, packed from hours where objective = a.id order by hour limit 1) f,
		lateral (select hour, packed from hours where objective = a.id order by hour desc limit 1) l`, asks, ids)
	if err != nil {
		return err
	}
	var ask, first, last int32
	var old, young []byte
	_, err = pgx.ForEachRow(rows, []any{&ask, &first, &old, &last, &young}, func() error {
		oldest, err := readSlices(old, first)
		if err != nil {
			return err
		}
		newest, err := readSlices(young, last)
		if err == nil {
			out[ask] = loop.Extent{Oldest: oldest[0].Start, Newest: newest[len(newest)-1].Start}
		}
		return err
	})
	return err
}

// checkSlices refuses slices that cannot be kept.
func checkSlices(all []loop.Counted) error {
	for _, k := range all {
		if err := checkOne(k.Objective, k.Slices); err != nil {
			return wrap(err, "keep slices of %s", k.Objective)
		}
	}
	return nil
}

func checkOne(objective string, slices []sli.Slice) error {
	if err := broke("slice", []rule{{objective != "", "has an objective"}}); err != nil {
		return err
	}
	for _, s := range slices {
		err := broke("slice", []rule{
			{s.Start.Equal(s.Start.Truncate(time.Millisecond)), "starts at a whole millisecond"},
			{s.Good >= 0 && s.Bad >= 0, "has no negative count"},
			{s.UnseenBad >= 0 && s.Unseen >= s.UnseenBad, "has no more unseen bad events than unseen ones, and no negative number of them"},
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
