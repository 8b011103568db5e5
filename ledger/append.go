package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

const newestTerm = `select timeline, epoch from leadership order by seq desc limit 1`

// Begin records a decision; see loop.Ledger. It is committed when Begin
// returns nil. The same decision a second time does nothing, other content
// under its ID is ErrConflict. A move is refused with loop.ErrStopped while a
// stop is in force at the decision's time, whatever the decision knew of it.
func (p *Postgres) Begin(ctx context.Context, d loop.Decision) error {
	body, err := encodeDecision(d)
	if err == nil {
		err = p.write(ctx, func(ctx context.Context, tx pgx.Tx) error { return begin(ctx, tx, d, body) })
	}
	return wrap(err, "begin decision %s", d.ID)
}

func begin(ctx context.Context, tx pgx.Tx, d loop.Decision, body []byte) error {
	if err := lock(ctx, tx, "decisions"); err != nil {
		return err
	}
	var newest []loop.Term
	var known []string
	var stops []loop.Order
	err := ask(ctx, tx,
		query(newestTerm).terms(&newest),
		query(`select body from decisions where id = $1`, d.ID).texts(&known),
		query(ordersInForce+` and o.kind = 'stop' order by seq`, moment(d.Input.At)).orders(&stops))
	if err == nil {
		err = leads(d.Input.Term, newest)
	}
	switch {
	case err != nil:
		return err
	case len(known) > 0:
		return sameDecision([]byte(known[0]), d, body)
	}
	if d.Verb != loop.Hold {
		if err := obeys(d, filter(stops, covers(loop.OrderStop, d.Actuator, d.Input.Actuator.Service))); err != nil {
			return err
		}
	}
	return appendRow(ctx, tx, decisionsTable(), body)
}

// leads returns loop.ErrDeposed unless a term is the newest on record.
func leads(t loop.Term, newest []loop.Term) error {
	switch {
	case len(newest) == 0:
		return fmt.Errorf("%s, and nobody leads: %w", t.Show(), loop.ErrDeposed)
	case newest[0] != t:
		return fmt.Errorf("%s, the newest is %s: %w", t.Show(), newest[0].Show(), loop.ErrDeposed)
	}
	return nil
}

// Finish records an outcome; see loop.Ledger. An equal one a second time does
// nothing. A decision may have several: heartbeats of a hold, or what was
// found out later about a move.
func (p *Postgres) Finish(ctx context.Context, o loop.Outcome) error {
	body, err := encodeOutcome(o)
	if err == nil {
		err = p.write(ctx, func(ctx context.Context, tx pgx.Tx) error { return finish(ctx, tx, o, body) })
	}
	return wrap(err, "finish decision %s", o.Decision)
}

func finish(ctx context.Context, tx pgx.Tx, o loop.Outcome, body []byte) error {
	if err := lock(ctx, tx, "outcomes"); err != nil {
		return err
	}
	var verb, known []string
	err := ask(ctx, tx,
		query(`select verb from decisions where id = $1`, o.Decision).texts(&verb),
		query(`select body from outcomes where decision = $1 and body = $2`, o.Decision, string(body)).texts(&known))
	switch {
	case err != nil:
		return err
	case len(verb) == 0:
		return ErrNotFound
	case len(known) > 0:
		return nil
	}
	if err := checkFit(loop.Verb(verb[0]), o); err != nil {
		return err
	}
	return appendRow(ctx, tx, outcomesTable(), body)
}

// Give records an order; see loop.Orders. Other content under its ID is
// ErrConflict. A stop waits for decisions that are being recorded: when Give
// has returned, no move is recorded any more that did not know of it.
func (p *Postgres) Give(ctx context.Context, o loop.Order) error {
	body, err := encodeOrder(o)
	if err == nil {
		err = p.write(ctx, func(ctx context.Context, tx pgx.Tx) error { return give(ctx, tx, o, body) })
	}
	return wrap(err, "give order %s", o.ID)
}

func give(ctx context.Context, tx pgx.Tx, o loop.Order, body []byte) error {
	locks := []string{"orders"}
	if o.Kind == loop.OrderStop {
		locks = []string{"decisions", "orders"}
	}
	if err := lock(ctx, tx, locks...); err != nil {
		return err
	}
	var known []string
	if err := ask(ctx, tx, query(`select body from orders where id = $1`, o.ID).texts(&known)); err != nil {
		return err
	}
	if len(known) > 0 {
		return sameOrder([]byte(known[0]), o)
	}
	return appendRow(ctx, tx, ordersTable(), body)
}

// Define keeps a definition; see loop.Definitions. Other text under the same
// policy is ErrConflict.
func (p *Postgres) Define(ctx context.Context, policy string, text []byte) error {
	body, err := encodeDefinition(policy, text)
	if err == nil {
		err = p.write(ctx, func(ctx context.Context, tx pgx.Tx) error { return define(ctx, tx, policy, body) })
	}
	return wrap(err, "define %s", policy)
}

func define(ctx context.Context, tx pgx.Tx, policy string, body []byte) error {
	if err := lock(ctx, tx, "definitions"); err != nil {
		return err
	}
	var known []string
	if err := ask(ctx, tx, query(`select body from definitions where policy = $1`, policy).texts(&known)); err != nil {
		return err
	}
	if len(known) > 0 {
		return same([]byte(known[0]), body)
	}
	return appendRow(ctx, tx, definitionsTable(), body)
}

// PutSetting keeps the setting of an actuator that lives in the ledger, such
// as a release freeze. The move must be one that is on record: ErrNotFound
// when its decision is not, or is another move than m. A term that is not
// the newest, and a move older than the one in force, is loop.ErrDeposed. The
// same decision a second time does nothing.
func (p *Postgres) PutSetting(ctx context.Context, m loop.Move) error {
	body, err := encodeMove(m)
	if err == nil {
		err = p.write(ctx, func(ctx context.Context, tx pgx.Tx) error { return putSetting(ctx, tx, m, body) })
	}
	return wrap(err, "put setting of %s", m.Actuator)
}

func putSetting(ctx context.Context, tx pgx.Tx, m loop.Move, body []byte) error {
	if err := lock(ctx, tx, "settings"); err != nil {
		return err
	}
	var newest []loop.Term
	var decided, known []string
	var inForce []loop.Move
	err := ask(ctx, tx,
		query(newestTerm).terms(&newest),
		query(`select body from decisions where id = $1`, m.Decision).texts(&decided),
		query(`select body from settings where decision = $1`, m.Decision).texts(&known),
		collect(query(`select body from settings where actuator = $1 order by seq desc limit 1`, m.Actuator), &inForce, decodeRow[loop.Move]))
	switch {
	case err != nil:
		return err
	case len(newest) > 0 && m.Term.Compare(newest[0]) < 0:
		return leads(m.Term, newest)
	case len(decided) == 0:
		return fmt.Errorf("decision %s: %w", m.Decision, ErrNotFound)
	}
	d, err := decode[loop.Decision]([]byte(decided[0]))
	switch {
	case err != nil:
		return err
	case !carriesOut(m, d):
		return fmt.Errorf("decision %s: %w", m.Decision, ErrNotFound)
	case len(known) > 0:
		return nil
	case len(inForce) > 0:
		if err := m.Fence().Admit(inForce[0].Fence(), inForce[0].Decision); err != nil {
			return err
		}
	}
	return appendRow(ctx, tx, settingsTable(), body)
}

// Setting returns the newest setting kept for an actuator; ok is false when
// none was put yet.
func (p *Postgres) Setting(ctx context.Context, actuator string) (value float64, ok bool, err error) {
	err = p.do(ctx, func(ctx context.Context) error {
		err := p.pool.QueryRow(ctx, `select value from settings where actuator = $1 order by seq desc limit 1`, actuator).Scan(&value)
		ok = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return value, ok, wrap(err, "read setting of %s", actuator)
}

// Kept returns the decisions by which actuators that live in the ledger were
// set last, by their names.
func (p *Postgres) Kept(ctx context.Context) (out []loop.Decision, err error) {
	err = p.do(ctx, func(ctx context.Context) error {
		rows, err := p.pool.Query(ctx, `select d.body from (select distinct on (actuator) actuator, decision from settings order by actuator, seq desc) s
			join decisions d on d.id = s.decision order by s.actuator`)
		if err == nil {
			out, err = pgx.CollectRows(rows, decodeRow[loop.Decision])
		}
		return err
	})
	return out, wrap(err, "read what is set")
}

// Newest returns the newest decision about each of some actuators, without
// those about which there is none.
func (p *Postgres) Newest(ctx context.Context, actuators ...string) (out []loop.Decision, err error) {
	err = p.do(ctx, func(ctx context.Context) error {
		return ask(ctx, p.pool, collect(query(`select d.body from unnest($1::text[]) a (name),
			lateral (select body from decisions where actuator = a.name order by seq desc limit 1) d`, actuators), &out, decodeRow[loop.Decision]))
	})
	return out, wrap(err, "read newest decisions")
}

// write makes a call that is one transaction.
func (p *Postgres) write(ctx context.Context, f func(context.Context, pgx.Tx) error) error {
	return p.do(ctx, func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error { return f(ctx, tx) })
	})
}

// lock makes this transaction the only one that adds to the chains until it
// ends. Chains are named in the order of the alphabet, always, so that two
// transactions cannot wait for each other.
func lock(ctx context.Context, tx pgx.Tx, chains ...string) error {
	_, err := tx.Exec(ctx, `select from heads where chain = any($1) order by chain for update`, chains)
	return err
}

func lockAll(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `select from heads order by chain for update`)
	return err
}

// appendRow adds a row to a chain whose head is locked.
func appendRow(ctx context.Context, tx pgx.Tx, t table, body []byte) error {
	h := Head{Chain: t.name}
	var hash []byte
	if err := tx.QueryRow(ctx, `select seq, hash from heads where chain = $1`, t.name).Scan(&h.Seq, &hash); err != nil {
		return err
	}
	copy(h.Hash[:], hash)
	l, err := h.next(t, body)
	if err != nil {
		return err
	}
	args := append([]any{l.seq, l.prev[:], l.hash[:], string(l.body)}, l.values...)
	_, err = tx.Exec(ctx, insertInto(t), args...)
	return err
}

func insertInto(t table) string {
	var places strings.Builder
	for i := range 5 + strings.Count(t.columns, ",") {
		fmt.Fprintf(&places, ", $%d", i+1)
	}
	return fmt.Sprintf(`insert into %s (seq, prev_hash, hash, body, %s) values (%s)`, t.name, t.columns, places.String()[2:])
}

func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

func filter(orders []loop.Order, of func(loop.Order) bool) []loop.Order {
	var out []loop.Order
	for _, o := range orders {
		if of(o) {
			out = append(out, o)
		}
	}
	return out
}
