package ledger

import "context"

// Lacks names the rows that remembered ends of chains say were there, and that
// are not, or are others: an old backup was restored, or the address leads to
// another database. It costs a question for each chain, however long they are.
func (p *Postgres) Lacks(ctx context.Context, remembered []Head) ([]Fault, error) {
	faults, err := lacks(ctx, p.stored(), remembered)
	return faults, wrap(err, "look for what is remembered")
}

func lacks(ctx context.Context, c chains, remembered []Head) (faults []Fault, err error) {
	ends, _, err := pruned(ctx, c)
	for _, h := range remembered {
		t, unknown := tableOf(h.Chain)
		if err != nil || unknown != nil || h.Seq <= ends[h.Chain].Seq {
			continue
		}
		var links []link
		links, err = c.page(ctx, t, h.Seq-1, 1)
		f := Fault{Table: h.Chain, Seq: h.Seq, Last: h.Seq}
		switch {
		case err != nil:
		case len(links) == 0 || links[0].seq != h.Seq:
			f.Kind, f.Why = Deleted, "it is remembered, and not on record"
			faults = append(faults, f)
		case links[0].hash != h.Hash:
			f.Kind, f.Why = Altered, "it is remembered with another hash"
			faults = append(faults, f)
		}
	}
	return faults, err
}
