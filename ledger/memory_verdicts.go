package ledger

import (
	"context"
	"iter"
	"slices"

	"setpoint.dev/setpoint/loop"
)

// Judge records a batch of verdicts; see Postgres.Judge.
func (m *Memory) Judge(_ context.Context, b Batch) error {
	return wrap(m.judge(b), "record verdicts %s", b.ID)
}

func (m *Memory) judge(b Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i, ok := m.batches[b.ID]; ok {
		return same(m.links["verdicts"][i].body, b.body)
	}
	l, err := m.append(verdictsTable(), b.body)
	if err == nil {
		m.batches[b.ID] = int(l.seq - 1)
	}
	return err
}

// Verdicts returns verdicts, the newest first; see Postgres.Verdicts.
func (m *Memory) Verdicts(_ context.Context, f VerdictFilter) ([]loop.Verdict, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := m.links["verdicts"]
	batch, place := "", -1
	if f.Before != "" {
		var err error
		if batch, place, err = splitVerdictID(f.Before); err != nil {
			return nil, wrap(err, "read verdicts before %q", f.Before)
		}
		i, ok := m.batches[batch]
		if !ok {
			return []loop.Verdict{}, nil
		}
		rows = rows[:i+1]
	}
	return f.collect(newest(rows), batch, place)
}

// newest are the bodies of rows, the last first.
func newest(rows []link) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, l := range slices.Backward(rows) {
			if !yield(string(l.body)) {
				return
			}
		}
	}
}

// Verdict returns one verdict; see Postgres.Verdict.
func (m *Memory) Verdict(_ context.Context, id string) (loop.Verdict, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	batch, i, err := splitVerdictID(id)
	if err != nil {
		return loop.Verdict{}, wrap(err, "read verdict %s", id)
	}
	var bodies []string
	if at, ok := m.batches[batch]; ok {
		bodies = append(bodies, string(m.links["verdicts"][at].body))
	}
	v, err := pick(bodies, i)
	return v, wrap(err, "read verdict %s", id)
}
