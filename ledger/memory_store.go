package ledger

import (
	"cmp"
	"context"
	"slices"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
)

// Keep writes slices; see loop.Store.
func (m *Memory) Keep(_ context.Context, all ...loop.Counted) error {
	if err := checkSlices(all); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range all {
		kept := slices.Clone(k.Slices)
		for i, s := range kept {
			kept[i].Start, kept[i].Covered = moment(s.Start), s.Covered.Truncate(time.Millisecond)
		}
		m.slices[k.Objective] = putAll(m.slices[k.Objective], kept)
	}
	return nil
}

// putAll puts slices among others, which are in order, without doubles. A stretch of history
// goes in whole: one by one it would move all that is newer each time.
func putAll(all, some []sli.Slice) []sli.Slice {
	if len(some) > 0 && slices.IsSortedFunc(some, func(a, b sli.Slice) int { return cmp.Or(a.Start.Compare(b.Start), -1) }) {
		i, there := after(all, some[0].Start)
		if !there && (i == len(all) || some[len(some)-1].Start.Before(all[i].Start)) {
			return slices.Insert(all, i, some...)
		}
	}
	for _, s := range some {
		all = put(all, s)
	}
	return all
}

// put puts a slice in its place among others, which are in order; mostly that
// is the end.
func put(all []sli.Slice, s sli.Slice) []sli.Slice {
	if len(all) == 0 || all[len(all)-1].Start.Before(s.Start) {
		return append(all, s)
	}
	i, there := after(all, s.Start)
	if !there {
		return slices.Insert(all, i, s)
	}
	all[i] = s
	return all
}

// after is where in slices an instant is, or would be.
func after(all []sli.Slice, at time.Time) (i int, there bool) {
	return slices.BinarySearchFunc(all, at, func(s sli.Slice, at time.Time) int { return s.Start.Compare(at) })
}

// Slices returns slices; see loop.Store.
func (m *Memory) Slices(_ context.Context, asks ...loop.Stretch) ([][]sli.Slice, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([][]sli.Slice, len(asks))
	for i, a := range asks {
		all := m.slices[a.Objective]
		from, _ := after(all, a.From)
		if to, _ := after(all, a.To); from < to {
			out[i] = slices.Clone(all[from:to])
		}
	}
	return out, nil
}

// Sums adds slices up; see loop.Store.
func (m *Memory) Sums(ctx context.Context, asks ...loop.Stretch) ([]loop.Total, error) {
	all, err := m.Slices(ctx, asks...)
	out := make([]loop.Total, len(asks))
	for i, some := range all {
		for _, s := range some {
			out[i].Add(s)
		}
	}
	return out, err
}

// Extents returns which slices there are; see loop.Archive.
func (m *Memory) Extents(_ context.Context, objectives ...string) ([]loop.Extent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]loop.Extent, len(objectives))
	for i, name := range objectives {
		if all := m.slices[name]; len(all) > 0 {
			out[i] = loop.Extent{Oldest: all[0].Start, Newest: all[len(all)-1].Start}
		}
	}
	return out, nil
}

// Tidy drops old slices; see loop.Archive.
func (m *Memory) Tidy(_ context.Context, t loop.Tidying) error {
	if len(t.Oldest) == 0 && t.Others.IsZero() {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, all := range m.slices {
		oldest, known := t.Oldest[name]
		if !known {
			oldest = t.Others
		}
		i, _ := after(all, hourStart(24*dayOf(hourOf(oldest))))
		m.slices[name] = slices.Clone(all[i:])
	}
	return nil
}
