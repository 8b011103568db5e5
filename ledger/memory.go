package ledger

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
)

// Memory is a ledger that lives as long as the process, for tests, replay
// and backtests. It keeps the same contract as Postgres, chains included:
// one conformance suite runs on both. It is its own only leader until Depose.
type Memory struct {
	mu          sync.Mutex
	links       map[string][]link // :: chain → rows
	decisions   map[string]*Record
	records     []*Record            // all, in order
	moves       map[string][]*Record // :: actuator → moves, in order
	orders      []loop.Order
	definitions map[string]string         // :: policy → text
	settings    map[string]loop.Move      // :: actuator → newest
	put         map[string]loop.Move      // :: decision → its setting
	batches     map[string]int            // :: ID → place in the chain of verdicts
	versions    map[string][]loop.Version // :: objective → oldest first
	epoch       int64
	deposed     bool
	slices      map[string][]sli.Slice // :: objective → its slices, in order
	alerts      []byte                 // as they are kept
	alertsBy    loop.Term              // of who kept them
}

// NewMemory is an empty ledger.
func NewMemory() *Memory {
	return &Memory{
		links: map[string][]link{}, decisions: map[string]*Record{}, moves: map[string][]*Record{},
		definitions: map[string]string{}, settings: map[string]loop.Move{}, put: map[string]loop.Move{}, batches: map[string]int{},
		versions: map[string][]loop.Version{},
		slices:   map[string][]sli.Slice{},
	}
}

// Lead takes or confirms the lead.
func (m *Memory) Lead(context.Context) (loop.Term, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch == 0 || m.deposed {
		if err := m.reign(); err != nil {
			return loop.Term{}, err
		}
		m.deposed = false
	}
	return loop.Term{Epoch: m.epoch}, nil
}

// Resign gives up the lead: the next Lead begins a term.
func (m *Memory) Resign() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deposed = true
}

// Depose does what another instance does that takes the lead and gives it up
// at once: the epoch rises, and what still carries an older one is refused.
func (m *Memory) Depose() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deposed = true
	return m.reign()
}

func (m *Memory) reign() error {
	body, err := encode(reign{Term: loop.Term{Epoch: m.epoch + 1}, Holder: "memory", At: time.Unix(0, 0)})
	if err != nil {
		return err
	}
	if _, err := m.append(leadershipTable(), body); err != nil {
		return err
	}
	m.epoch++
	return nil
}

// Begin records a decision; see loop.Ledger.
func (m *Memory) Begin(_ context.Context, d loop.Decision) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(d); err != nil {
		return fmt.Errorf("begin decision %s: %w", d.ID, err)
	}
	return nil
}

func (m *Memory) begin(d loop.Decision) error {
	body, err := encodeDecision(d)
	if err != nil {
		return err
	}
	if d.Input.Epoch != m.epoch {
		return fmt.Errorf("epoch %d, the newest is %d: %w", d.Input.Epoch, m.epoch, loop.ErrDeposed)
	}
	if r, ok := m.decisions[d.ID]; ok {
		return sameDecision(m.links["decisions"][r.Seq-1].body, d, body)
	}
	if d.Verb != loop.Hold {
		now := moment(d.Input.At)
		if err := obeys(d, m.inForce(now, covers(loop.OrderStop, d.Actuator, d.Input.Actuator.Service))); err != nil {
			return err
		}
	}
	l, err := m.append(decisionsTable(), body)
	if err != nil {
		return err
	}
	kept, err := decode[loop.Decision](body)
	if err != nil {
		return err
	}
	r := &Record{Seq: l.seq, Decision: kept}
	m.records, m.decisions[kept.ID] = append(m.records, r), r
	if kept.Verb != loop.Hold {
		m.moves[kept.Actuator] = append(m.moves[kept.Actuator], r)
	}
	return nil
}

// Finish records an outcome; see loop.Ledger.
func (m *Memory) Finish(_ context.Context, o loop.Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.finish(o); err != nil {
		return fmt.Errorf("finish decision %s: %w", o.Decision, err)
	}
	return nil
}

func (m *Memory) finish(o loop.Outcome) error {
	body, err := encodeOutcome(o)
	if err != nil {
		return err
	}
	r, ok := m.decisions[o.Decision]
	if !ok {
		return ErrNotFound
	}
	if err := checkFit(r.Decision.Verb, o); err != nil {
		return err
	}
	for _, known := range r.Outcomes {
		if again, err := encode(known); err == nil && bytes.Equal(again, body) {
			return nil
		}
	}
	kept, err := decode[loop.Outcome](body)
	if err != nil {
		return err
	}
	if _, err := m.append(outcomesTable(), body); err != nil {
		return err
	}
	r.Outcomes = append(r.Outcomes, kept)
	return nil
}

// Give records an order; see loop.Orders.
func (m *Memory) Give(_ context.Context, o loop.Order) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.give(o); err != nil {
		return fmt.Errorf("give order %s: %w", o.ID, err)
	}
	return nil
}

func (m *Memory) give(o loop.Order) error {
	body, err := encodeOrder(o)
	if err != nil {
		return err
	}
	for i, known := range m.orders {
		if known.ID == o.ID {
			return sameOrder(m.links["orders"][i].body, o)
		}
	}
	if _, err := m.append(ordersTable(), body); err != nil {
		return err
	}
	kept, err := decode[loop.Order](body)
	m.orders = append(m.orders, kept)
	return err
}

// Define keeps a definition; see loop.Definitions.
func (m *Memory) Define(_ context.Context, policy string, text []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	body, err := encodeDefinition(policy, text)
	if err != nil {
		return fmt.Errorf("define %s: %w", policy, err)
	}
	if known, ok := m.definitions[policy]; ok {
		if known != string(text) {
			return fmt.Errorf("define %s: %w", policy, ErrConflict)
		}
		return nil
	}
	if _, err := m.append(definitionsTable(), body); err != nil {
		return fmt.Errorf("define %s: %w", policy, err)
	}
	m.definitions[policy] = string(text)
	return nil
}

// PutSetting keeps the setting of an actuator that lives in the ledger; see
// Postgres.PutSetting.
func (m *Memory) PutSetting(_ context.Context, v loop.Move) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.putSetting(v); err != nil {
		return fmt.Errorf("put setting of %s: %w", v.Actuator, err)
	}
	return nil
}

func (m *Memory) putSetting(v loop.Move) error {
	body, err := encodeMove(v)
	if err != nil {
		return err
	}
	if v.Epoch < m.epoch {
		return fmt.Errorf("epoch %d, the newest is %d: %w", v.Epoch, m.epoch, loop.ErrDeposed)
	}
	r, ok := m.decisions[v.Decision]
	if !ok || !carriesOut(v, r.Decision) {
		return fmt.Errorf("decision %s: %w", v.Decision, ErrNotFound)
	}
	if _, ok := m.put[v.Decision]; ok {
		return nil
	}
	if last, ok := m.settings[v.Actuator]; ok {
		if err := v.Fence().Admit(last.Fence(), last.Decision); err != nil {
			return err
		}
	}
	if _, err := m.append(settingsTable(), body); err != nil {
		return err
	}
	m.settings[v.Actuator], m.put[v.Decision] = v, v
	return nil
}

// append adds a row to a chain.
func (m *Memory) append(t table, body []byte) (link, error) {
	l, err := m.head(t.name).next(t, bytes.Clone(body))
	if err == nil {
		m.links[t.name] = append(m.links[t.name], l)
	}
	return l, err
}

func (m *Memory) head(chain string) Head {
	h := Head{Chain: chain, Seq: int64(len(m.links[chain]))}
	if h.Seq > 0 {
		h.Hash = m.links[chain][h.Seq-1].hash
	}
	return h
}
