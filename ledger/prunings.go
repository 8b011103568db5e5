package ledger

import (
	"context"
	"crypto/ed25519"
	"strings"
	"time"
)

// A Pruning is on record of verdicts that were dropped because they were old:
// all up to one row, at which a signed checkpoint had found the end of the
// chain. What is left continues that row, so it is verified from there on.
type Pruning struct {
	Chain      string     `json:"chain"`   // always "verdicts"
	Through    int64      `json:"through"` // number of the last row that was dropped
	Hash       Hash       `json:"hash"`    // of that row
	Before     time.Time  `json:"before"`  // what was decided before this was to be dropped
	By         string     `json:"by"`
	Why        string     `json:"why"`
	At         time.Time  `json:"at"`
	Checkpoint Checkpoint `json:"checkpoint"` // one of its heads is the row
}

// Prunings returns what was dropped, the oldest first.
func (p *Postgres) Prunings(ctx context.Context) ([]Pruning, error) {
	var out []Pruning
	err := p.do(ctx, func(ctx context.Context) error {
		return ask(ctx, p.pool, collect(query(`select body from prunings order by seq`), &out, decodeRow[Pruning]))
	})
	return out, wrap(err, "read prunings")
}

// Unsigned names the prunings whose checkpoint was not signed with the
// private part of a key. They are told in the order of the record.
func Unsigned(all []Pruning, key ed25519.PublicKey) (faults []Fault) {
	for i, p := range all {
		if p.Checkpoint.Genuine(key) != nil {
			seq := int64(i + 1)
			faults = append(faults, Fault{Table: "prunings", Seq: seq, Last: seq, Kind: Inserted, Why: "its checkpoint was not signed with this key"})
		}
	}
	return faults
}

// end is where a pruning says that the rest of its chain begins; ok is false
// when the checkpoint that it names knows of no such end.
func (p Pruning) end() (h Head, ok bool) {
	h = Head{p.Chain, p.Through, p.Hash}
	for _, c := range p.Checkpoint.Heads {
		ok = ok || c == h
	}
	return h, ok
}

func pruningsTable() table {
	return table{"prunings", `chain, through, by, at`, from(func(p Pruning) []any { return []any{p.Chain, p.Through, p.By, p.At} })}
}

func checkPruning(p Pruning) error {
	_, covered := p.end()
	return broke("pruning", []rule{
		{p.Chain == "verdicts" && p.Through > 0, "names the last of the verdicts that it drops"},
		{strings.TrimSpace(p.By) != "" && strings.TrimSpace(p.Why) != "", "says by whom and why"},
		{!p.At.IsZero() && !p.Before.IsZero(), "has a time, and the time before which is dropped"},
		{covered, "ends where a checkpoint found the end"},
	})
}

// pruned reads how far chains were pruned, and names the prunings that no
// checkpoint covers: those count for nothing.
func pruned(ctx context.Context, c chains) (ends map[string]Head, faults []Fault, err error) {
	ends = map[string]Head{}
	for after := int64(0); ; {
		links, err := c.page(ctx, pruningsTable(), after, pageRows)
		if err != nil || len(links) == 0 {
			return ends, faults, err
		}
		for _, l := range links {
			after = l.seq
			p, err := decode[Pruning](l.body)
			end, ok := p.end()
			switch {
			case err != nil: // named by the walk along prunings
			case !ok:
				faults = append(faults, Fault{Table: "prunings", Seq: l.seq, Last: l.seq, Kind: Altered, Why: "no checkpoint that it names ends at the row up to which was dropped"})
			case end.Seq > ends[end.Chain].Seq:
				ends[end.Chain] = end
			}
		}
	}
}
