package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// recentMoves is how many moves of an actuator are looked through for some
// without an outcome: older ones are the past.
const recentMoves = 100

// ordersInForce reads the orders that have not lapsed at $1 and were not
// ended: each ends only what stood on record before it, for its own target.
const ordersInForce = `select o.body from orders o
	where o.kind in ('stop', 'freeze', 'pin', 'approve', 'override', 'promote', 'demote', 'adjust') and (o.until is null or o.until > $1)
	and not exists (select from orders e where e.target = o.target and e.seq > o.seq
		and e.kind = case o.kind when 'stop' then 'resume' when 'freeze' then 'thaw' when 'pin' then 'unpin' when 'override' then 'revoke'
			when 'promote' then 'demote' when 'demote' then 'promote' when 'adjust' then 'unadjust' end)`

const lastMove = `select o.at from decisions d join outcomes o on o.decision = d.id
	where d.actuator = $1 and d.verb <> 'hold' and o.applied order by d.seq desc, o.seq limit 1`

// pastMoves reads the newest moves that were carried out, newest first. What
// was found out later about one stands in a later outcome.
const pastMoves = `select d.id, d.at, d."from", d."to", d.verb, d.reason, coalesce(d.body::json ->> 'predicted', 'null'), coalesce((select o.body::json ->> 'effect'
		from outcomes o where o.decision = d.id and o.body::json ->> 'effect' is not null order by o.seq desc limit 1), 'null')
	from decisions d where d.actuator = $1 and d.verb <> 'hold' and exists (select from outcomes o where o.decision = d.id and o.applied)
	order by d.seq desc limit $2`

const tightened = `select d.at from decisions d where d.actuator = $1 and d.verb = 'tighten' and d.at > $2
	and (exists (select from outcomes o where o.decision = d.id and o.applied)
		or not exists (select from outcomes o where o.decision = d.id)) order by d.seq`

const unfinished = `select d.id, d."to" from (
		select seq, id, "to" from decisions where actuator = $1 and verb <> 'hold' order by seq desc limit $2) d
	where not exists (select from outcomes o where o.decision = d.id) order by d.seq`

// learned reads what the newest decision knows that says what a loop has
// learned; $3 is whether it is asked for.
const learned = `select d.learned from (
		select seq, body::json -> 'input' ->> 'learned' as learned from decisions where actuator = $1 and $3 order by seq desc limit $2) d
	where d.learned is not null order by d.seq desc limit 1`

// Conditions returns what is in force about an actuator, in one round trip;
// see loop.Ledger. Of several stops one without revert is returned, else the
// newest. Freeze is the newest of its service. Tightened lists moves carried out and moves without an outcome,
// for those may have been.
func (p *Postgres) Conditions(ctx context.Context, q loop.ConditionsQuery) (loop.Conditions, error) {
	var c loop.Conditions
	err := p.do(ctx, func(ctx context.Context) error {
		var inForce []loop.Order
		var moved []time.Time
		var lessons []string
		c = loop.Conditions{}
		err := ask(ctx, p.pool,
			query(ordersInForce+` order by o.seq`, moment(q.Now)).orders(&inForce),
			query(lastMove, q.Actuator).times(&moved),
			query(tightened, q.Actuator, moment(q.Now.Add(-q.Per))).times(&c.Tightened),
			query(pastMoves, q.Actuator, q.Moves).past(&c.Moves),
			query(unfinished, q.Actuator, recentMoves).begun(&c.Unfinished),
			query(learned, q.Actuator, recentMoves, q.Learned).texts(&lessons))
		slices.Reverse(c.Moves)
		o := conditions(inForce, q)
		c.Stop, c.Freeze, c.Pin, c.Approval, c.Promotion, c.Demotion = o.Stop, o.Freeze, o.Pin, o.Approval, o.Promotion, o.Demotion
		if len(moved) > 0 {
			c.LastMove = moved[0]
		}
		if err == nil && len(lessons) > 0 {
			err = json.Unmarshal([]byte(lessons[0]), &c.Learned)
		}
		return err
	})
	return c, wrap(err, "read conditions of %s", q.Actuator)
}

// Orders returns the orders in force, oldest first; see loop.Orders. An order
// is in force from its record on until it lapses or its counterpart for the
// same target is on record.
func (p *Postgres) Orders(ctx context.Context, now time.Time) ([]loop.Order, error) {
	var out []loop.Order
	err := p.do(ctx, func(ctx context.Context) error {
		return ask(ctx, p.pool, query(ordersInForce+` order by o.seq`, moment(now)).orders(&out))
	})
	return out, wrap(err, "read orders")
}

// OrderHistory returns orders in force or not, newest first: those before the
// order whose ID is before, or the newest when it is empty. At most limit;
// 0 = 100, never more than 1000.
func (p *Postgres) OrderHistory(ctx context.Context, before string, limit int) ([]loop.Order, error) {
	var out []loop.Order
	err := p.do(ctx, func(ctx context.Context) error {
		if before == "" {
			return ask(ctx, p.pool, query(`select body from orders order by seq desc limit $1`, bounded(limit)).orders(&out))
		}
		var known []string
		err := ask(ctx, p.pool,
			query(`select id from orders where id = $1`, before).texts(&known),
			query(`select body from orders where seq < (select seq from orders where id = $1) order by seq desc limit $2`, before, bounded(limit)).orders(&out))
		if err == nil && len(known) == 0 {
			return ErrNotFound
		}
		return err
	})
	return out, wrap(err, "read orders before %q", before)
}

// Definition returns a definition; see loop.Definitions. ErrNotFound when
// none is kept.
func (p *Postgres) Definition(ctx context.Context, policy string) ([]byte, error) {
	var bodies []string
	err := p.do(ctx, func(ctx context.Context) error {
		return ask(ctx, p.pool, query(`select body from definitions where policy = $1`, policy).texts(&bodies))
	})
	if err == nil && len(bodies) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, wrap(err, "read definition %s", policy)
	}
	d, err := decode[definition]([]byte(bodies[0]))
	return []byte(d.Text), wrap(err, "read definition %s", policy)
}

const selectRecords = `select seq, body from decisions where `

// Decisions returns decisions with their outcomes, newest first.
func (p *Postgres) Decisions(ctx context.Context, f DecisionFilter) ([]Record, error) {
	where, args := f.sql()
	out, err := p.recordsWhere(ctx, where+fmt.Sprintf(` order by seq desc limit %d`, f.limit()), args...)
	return out, wrap(err, "read decisions")
}

func (f DecisionFilter) sql() (where string, args []any) {
	conditions := []string{"true"}
	add := func(set bool, condition string, arg any) {
		if set {
			args = append(args, arg)
			conditions = append(conditions, fmt.Sprintf(condition, len(args)))
		}
	}
	add(f.Actuator != "", "actuator = $%d", f.Actuator)
	add(f.Moves, "(verb <> 'hold') = $%d", true)
	add(!f.From.IsZero(), "at >= $%d", f.From)
	add(!f.To.IsZero(), "at < $%d", f.To)
	add(f.Before != 0, "seq < $%d", f.Before)
	return strings.Join(conditions, " and "), args
}

// Decision returns the decision whose ID is id or, when there is none, the
// only one whose ID begins with it. ErrNotFound, ErrAmbiguous.
func (p *Postgres) Decision(ctx context.Context, id string) (Record, error) {
	found, err := p.recordsWhere(ctx, `id >= $1 order by id limit 2`, id)
	if err != nil {
		return Record{}, wrap(err, "read decision %q", id)
	}
	if len(found) > 0 && found[0].Decision.ID == id {
		return found[0], nil
	}
	return only(id, slices.DeleteFunc(found, func(r Record) bool { return !strings.HasPrefix(r.Decision.ID, id) }))
}

// Each calls fn with every decision and its outcomes, oldest first, until fn
// returns an error, which Each returns. Decisions are read in pages, so fn
// may take its time; those recorded meanwhile are included.
func (p *Postgres) Each(ctx context.Context, fn func(Record) error) error {
	for after := int64(0); ; {
		page, err := p.recordsWhere(ctx, `seq > $1 order by seq limit 500`, after)
		if err != nil || len(page) == 0 {
			return wrap(err, "read decisions after %d", after)
		}
		for _, r := range page {
			if err := fn(r); err != nil {
				return err
			}
			after = r.Seq
		}
	}
}

func (p *Postgres) recordsWhere(ctx context.Context, where string, args ...any) ([]Record, error) {
	var out []Record
	err := p.do(ctx, func(ctx context.Context) (err error) {
		out, err = p.records(ctx, selectRecords+where, args...)
		return err
	})
	return out, err
}

func (p *Postgres) records(ctx context.Context, sql string, args ...any) ([]Record, error) {
	rows, err := p.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Record, err error) {
		var body string
		if err := row.Scan(&r.Seq, &body); err != nil {
			return r, err
		}
		r.Decision, err = decode[loop.Decision]([]byte(body))
		return r, err
	})
	if err != nil {
		return nil, err
	}
	return out, p.addOutcomes(ctx, out)
}

func (p *Postgres) addOutcomes(ctx context.Context, records []Record) error {
	ids, place := make([]string, len(records)), map[string]int{}
	for i, r := range records {
		ids[i], place[r.Decision.ID] = r.Decision.ID, i
	}
	rows, err := p.pool.Query(ctx, `select body from outcomes where decision = any($1) order by seq`, ids)
	if err != nil {
		return err
	}
	outcomes, err := pgx.CollectRows(rows, decodeRow[loop.Outcome])
	for _, o := range outcomes {
		r := &records[place[o.Decision]]
		r.Outcomes = append(r.Outcomes, o)
	}
	return err
}

// settingPoints reads what was seen of an actuator's setting: by decisions before
// they acted, by outcomes after. part keeps the two in order at one instant.
const settingPoints = `with points as (
		select d.at, d."from" as value, d.id, d.seq, 0 as part from decisions d
		where d.actuator = $1 and not d.unreadable and %[1]s
	union all
		select coalesce(o.until, o.at), case when o.applied then o.read_back else d."from" end, d.id, d.seq, 1
		from outcomes o join decisions d on d.id = o.decision
		where d.actuator = $1 and (o.applied or o.until is not null and not d.unreadable) and %[2]s)
	select at, value, id from points order by at %[3]s, seq %[3]s, part %[3]s`

// SettingHistory returns an actuator's setting as it was read in [from, to),
// oldest first, and the last point before from, where a chart begins.
func (p *Postgres) SettingHistory(ctx context.Context, actuator string, from, to time.Time) ([]Point, error) {
	var out []Point
	before := fmt.Sprintf(settingPoints, `d.at < $2`, `coalesce(o.until, o.at) < $2`, `desc`) + ` limit 1`
	within := fmt.Sprintf(settingPoints, `d.at >= $2 and d.at < $3`, `coalesce(o.until, o.at) >= $2 and coalesce(o.until, o.at) < $3`, `asc`)
	err := p.do(ctx, func(ctx context.Context) error {
		out = nil
		return ask(ctx, p.pool,
			query(before, actuator, from).points(&out),
			query(within, actuator, from, to).points(&out))
	})
	return out, wrap(err, "read setting history of %s", actuator)
}
