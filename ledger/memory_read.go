package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
)

// Conditions returns what is in force about an actuator; see loop.Ledger.
func (m *Memory) Conditions(_ context.Context, q loop.ConditionsQuery) (loop.Conditions, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := conditions(m.inForce(q.Now, func(loop.Order) bool { return true }), q)
	moves := m.moves[q.Actuator]
	for _, r := range moves[max(0, len(moves)-recentMoves):] {
		if len(r.Outcomes) == 0 {
			c.Unfinished = append(c.Unfinished, loop.Begun{ID: r.Decision.ID, To: r.Decision.To})
		}
	}
	for _, r := range moves {
		if paced(*r, q.Now.Add(-q.Per)) {
			c.Tightened = append(c.Tightened, r.Decision.Input.At)
		}
		if at := r.appliedAt(); at != nil {
			c.LastMove = *at
			c.Moves = append(c.Moves, pastMove(*r))
		}
	}
	if q.Learned {
		c.Learned = m.learned(q.Actuator)
	}
	if c.Moves = c.Moves[max(0, len(c.Moves)-q.Moves):]; len(c.Moves) == 0 {
		c.Moves = nil
	}
	return c, nil
}

// learned is what the newest decision knows that says what a loop has learned.
func (m *Memory) learned(actuator string) *loop.Learned {
	looked := 0
	for _, r := range slices.Backward(m.records) {
		if r.Decision.Actuator != actuator {
			continue
		}
		if looked++; r.Decision.Input.Learned != nil || looked == recentMoves {
			return r.Decision.Input.Learned
		}
	}
	return nil
}

// Orders returns the orders in force, oldest first; see loop.Orders.
func (m *Memory) Orders(_ context.Context, now time.Time) ([]loop.Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.inForce(now, func(loop.Order) bool { return true }), nil
}

// inForce is the orders of a sort that have neither lapsed nor been ended.
func (m *Memory) inForce(now time.Time, of func(loop.Order) bool) []loop.Order {
	ended := map[[2]string]bool{} // :: kind, target of what a later order ended
	var out []loop.Order
	for _, o := range slices.Backward(m.orders) {
		by := counterpart(o.Kind)
		if (by != "" || o.Kind == loop.OrderApprove) && !ended[[2]string{string(by), o.Target}] && !lapsed(o.Until, now) && of(o) {
			out = append(out, o)
		}
		ended[[2]string{string(o.Kind), o.Target}] = true
	}
	slices.Reverse(out)
	return out
}

// OrderHistory returns orders in force or not; see Postgres.OrderHistory.
func (m *Memory) OrderHistory(_ context.Context, before string, limit int) ([]loop.Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	orders := m.orders
	if before != "" {
		i := slices.IndexFunc(orders, func(o loop.Order) bool { return o.ID == before })
		if i < 0 {
			return nil, fmt.Errorf("read orders before %s: %w", before, ErrNotFound)
		}
		orders = orders[:i]
	}
	orders = slices.Clone(orders[max(0, len(orders)-bounded(limit)):])
	slices.Reverse(orders)
	return orders, nil
}

// Definition returns a definition; see loop.Definitions.
func (m *Memory) Definition(_ context.Context, policy string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text, ok := m.definitions[policy]
	if !ok {
		return nil, fmt.Errorf("read definition %s: %w", policy, ErrNotFound)
	}
	return []byte(text), nil
}

// Setting returns the setting kept for an actuator; see Postgres.Setting.
func (m *Memory) Setting(_ context.Context, actuator string) (float64, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.settings[actuator]
	return v.Setting, ok, nil
}

// Kept returns the decisions that set actuators last; see Postgres.Kept.
func (m *Memory) Kept(context.Context) (out []loop.Decision, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.settings)) {
		out = append(out, m.decisions[m.settings[name].Decision].Decision)
	}
	return out, nil
}

// Decisions returns decisions with their outcomes, newest first.
func (m *Memory) Decisions(_ context.Context, f DecisionFilter) ([]Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Record
	for _, r := range slices.Backward(m.records) {
		if len(out) == f.limit() {
			break
		}
		if f.passes(r.Seq, r.Decision) {
			out = append(out, r.copy())
		}
	}
	return out, nil
}

// Decision returns the decision whose ID is id, or begins with it; see
// Postgres.Decision.
func (m *Memory) Decision(_ context.Context, id string) (Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []Record
	for _, r := range m.records {
		if r.Decision.ID == id {
			return r.copy(), nil
		}
		if strings.HasPrefix(r.Decision.ID, id) {
			found = append(found, r.copy())
		}
	}
	return only(id, found)
}

// only is the one record that a prefix of its ID means.
func only(id string, found []Record) (Record, error) {
	switch {
	case len(found) == 0 || id == "":
		return Record{}, fmt.Errorf("read decision %q: %w", id, ErrNotFound)
	case len(found) > 1:
		return Record{}, fmt.Errorf("read decision %q: %w: %s, %s …", id, ErrAmbiguous, found[0].Decision.ID, found[1].Decision.ID)
	}
	return found[0], nil
}

// Each calls fn with every decision, oldest first; see Postgres.Each.
func (m *Memory) Each(ctx context.Context, fn func(Record) error) error {
	for i := 0; ctx.Err() == nil; i++ {
		m.mu.Lock()
		if i == len(m.records) {
			m.mu.Unlock()
			return nil
		}
		r := m.records[i].copy()
		m.mu.Unlock()
		if err := fn(r); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// SettingHistory returns an actuator's setting over time; see
// Postgres.SettingHistory.
func (m *Memory) SettingHistory(_ context.Context, actuator string, from, to time.Time) ([]Point, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Point
	for _, r := range m.records {
		if r.Decision.Actuator == actuator {
			all = append(all, r.points()...)
		}
	}
	slices.SortStableFunc(all, func(a, b Point) int { return a.At.Compare(b.At) })
	first, _ := slices.BinarySearchFunc(all, from, func(p Point, t time.Time) int { return p.At.Compare(t) })
	end, _ := slices.BinarySearchFunc(all, to, func(p Point, t time.Time) int { return p.At.Compare(t) })
	return all[max(0, first-1):max(end, first)], nil
}

// points is what a record tells of the setting: what was read before it and
// what was read after.
func (r Record) points() []Point {
	var out []Point
	d := r.Decision
	readable := d.Input.Unreadable == ""
	if readable {
		out = append(out, Point{d.Input.At, d.From, d.ID})
	}
	for _, o := range r.Outcomes {
		switch {
		case o.Applied:
			out = append(out, Point{o.At, o.ReadBack, d.ID})
		case !o.Until.IsZero() && readable:
			out = append(out, Point{o.Until, d.From, d.ID})
		}
	}
	return out
}

func (r *Record) copy() Record {
	c := *r
	c.Outcomes = slices.Clone(r.Outcomes)
	return c
}

// Heads returns the ends of the chains.
func (m *Memory) Heads(context.Context) ([]Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Head
	for _, t := range tables() {
		out = append(out, m.head(t.name))
	}
	return out, nil
}

// Verify walks the chains; see Postgres.Verify.
func (m *Memory) Verify(ctx context.Context) ([]Fault, error) { return verify(ctx, m, nil) }

// VerifyFrom walks the chains; see Postgres.VerifyFrom.
func (m *Memory) VerifyFrom(ctx context.Context, remembered []Head) ([]Fault, error) {
	return verify(ctx, m, remembered)
}

func (m *Memory) page(_ context.Context, t table, after int64, limit int) ([]link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rest := m.links[t.name][min(after, int64(len(m.links[t.name]))):]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}
