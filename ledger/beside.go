package ledger

import (
	"context"
	"fmt"
)

// Beside verifies one row of a chain by itself and against the rows before and
// after it: its content has its hash, it continues the row before it, and the
// row after it, or the end of the chain, continues it. It costs two questions
// however long the chain is. Who rewrote a chain from there to its end is seen
// by VerifyFrom only.
func (p *Postgres) Beside(ctx context.Context, chain string, seq int64) ([]Fault, error) {
	return beside(ctx, p.stored(), chain, seq)
}

// Beside verifies one row; see Postgres.Beside.
func (m *Memory) Beside(ctx context.Context, chain string, seq int64) ([]Fault, error) {
	return beside(ctx, m, chain, seq)
}

func beside(ctx context.Context, c chains, chain string, seq int64) ([]Fault, error) {
	t, err := tableOf(chain)
	if err != nil {
		return nil, err
	}
	heads, err := c.Heads(ctx)
	if err != nil {
		return nil, err
	}
	ends, _, err := pruned(ctx, c)
	if err != nil {
		return nil, err
	}
	if seq < 1 {
		return []Fault{{Table: chain, Seq: seq, Last: seq, Kind: Deleted, Why: "there is no such row"}}, nil
	}
	first := max(seq-1, 1)
	if end := ends[chain].Seq; end < seq {
		first = max(first, end+1)
	}
	links, err := c.page(ctx, t, first-1, int(seq-first)+2)
	if err != nil {
		return nil, fmt.Errorf("verify row %d of %s: %w", seq, chain, err)
	}
	w := newWalk(t, Head{}, heads)
	w.last = Head{Chain: chain, Seq: first - 1}
	switch {
	case first-1 == ends[chain].Seq:
		w.last.Hash = ends[chain].Hash
	case len(links) > 0: // what it continues is not looked at
		w.last.Hash = links[0].prev
	}
	for _, v := range viewed(t, links) {
		w.step(v)
	}
	if end := reach(heads, chain, seq); w.last.Seq < end {
		w.gap(w.last.Seq+1, end, "")
	}
	w.reorder()
	return w.faults, nil
}

// reach is the number of the row after seq, or seq when the chain ends there.
func reach(heads []Head, chain string, seq int64) int64 {
	for _, h := range heads {
		if h.Chain == chain && h.Seq > seq {
			return seq + 1
		}
	}
	return seq
}

func tableOf(chain string) (table, error) {
	for _, t := range tables() {
		if t.name == chain {
			return t, nil
		}
	}
	return table{}, fmt.Errorf("verify %s: there is no such chain", chain)
}
