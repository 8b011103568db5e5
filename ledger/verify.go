package ledger

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
)

// A FaultKind says what was done to a row.
type FaultKind string

// The kinds of fault.
const (
	Altered   FaultKind = "altered"   // its body, a column or its hash is not what was written
	Deleted   FaultKind = "deleted"   // it is gone
	Inserted  FaultKind = "inserted"  // it was not added by the ledger
	Reordered FaultKind = "reordered" // it stood in another place
)

// A Fault names rows of the ledger that are not as they were written.
type Fault struct {
	Table string    `json:"table"`
	Seq   int64     `json:"seq"`  // number of the row, the first of several; 0 = not known
	Last  int64     `json:"last"` // number of the last row; Seq unless several in a row are gone
	ID    string    `json:"id,omitempty"`
	Kind  FaultKind `json:"kind"`
	Why   string    `json:"why"` // in words
}

// String is the fault in words, as "decisions 12 (k3x-checkout) altered: …".
func (f Fault) String() string {
	where := fmt.Sprintf("%s %d", f.Table, f.Seq)
	switch {
	case f.Seq == 0:
		where = f.Table
	case f.Last > f.Seq:
		where = fmt.Sprintf("%s %d–%d", f.Table, f.Seq, f.Last)
	}
	if f.ID != "" {
		where += " (" + f.ID + ")"
	}
	return fmt.Sprintf("%s %s: %s", where, f.Kind, f.Why)
}

// chains are the rows of a ledger, to be verified.
type chains interface {
	Heads(ctx context.Context) ([]Head, error)
	// page returns rows above a number in order, up to a limit; none = no more.
	page(ctx context.Context, t table, after int64, limit int) ([]link, error)
}

// verify walks every chain from its first row, or from where it was pruned to.
// Rows may be added meanwhile, and dropped behind a pruning.
func verify(ctx context.Context, c chains, remembered []Head) ([]Fault, error) {
	var faults []Fault
	for _, t := range tables() {
		more, err := verifyTable(ctx, c, t, remembered)
		if err != nil {
			return nil, fmt.Errorf("verify %s: %w", t.name, err)
		}
		faults = append(faults, more...)
	}
	return faults, nil
}

func verifyTable(ctx context.Context, c chains, t table, remembered []Head) ([]Fault, error) {
	for {
		ends, faults, err := pruned(ctx, c)
		if err != nil {
			return nil, err
		}
		before, err := c.Heads(ctx)
		if err != nil {
			return nil, err
		}
		w := newWalk(t, ends[t.name], append(before, remembered...))
		if err := w.all(ctx, c); err != nil {
			return nil, err
		}
		after, err := c.Heads(ctx)
		if err != nil {
			return nil, err
		}
		later, _, err := pruned(ctx, c)
		if err != nil {
			return nil, err
		}
		if later[t.name] != ends[t.name] {
			continue // rows were dropped while they were read
		}
		if t.name != "prunings" {
			faults = nil
		}
		return append(w.end(after), faults...), nil
	}
}

// A walk goes along one chain.
type walk struct {
	table    table
	pruned   Head           // the last row that was dropped; Seq 0 = none was
	known    map[int64]Hash // :: number → hash that the row must carry
	last     Head           // the row before
	suspects []link         // altered rows whose hash may tell where they stood
	missing  []int64        // numbers that are gone
	named    map[int64]int  // :: number → index of its fault
	faults   []Fault
}

// maxSuspects bounds the search for where altered rows stood, whose cost is
// the square of it.
const maxSuspects = 200

func newWalk(t table, pruned Head, heads []Head) *walk {
	w := &walk{table: t, pruned: pruned, known: map[int64]Hash{}, named: map[int64]int{}}
	for _, h := range append([]Head{pruned}, heads...) {
		if h.Chain != t.name || h.Seq == 0 {
			continue
		}
		if other, ok := w.known[h.Seq]; ok && other != h.Hash {
			w.fault(link{seq: h.Seq}, Altered, "the end of the chain that is remembered has another hash than the end that is stored")
		}
		w.known[h.Seq] = h.Hash
	}
	return w
}

// all walks to the end.
func (w *walk) all(ctx context.Context, c chains) error {
	return w.each(ctx, c, func(link) bool { return true })
}

// each walks on while goOn says so, which is told of each row that was judged.
// While rows are judged the next ones are read, and what can be told of a row
// alone is told by all processors.
func (w *walk) each(ctx context.Context, c chains, goOn func(link) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begun := false
	for page := range pages(ctx, c, w.table) {
		if page.err != nil {
			return page.err
		}
		if !begun {
			w.begin(page.links[0])
			begun = true
		}
		for _, v := range viewed(w.table, page.links) {
			w.step(v)
			if !goOn(v.link) {
				return nil
			}
		}
	}
	if !begun {
		w.begin(link{seq: w.pruned.Seq + 1})
	}
	return ctx.Err()
}

// begin says what the first row that is there continues: the last row that
// was dropped or, while not all of those are gone, the row before it. What is
// remembered of rows before that cannot be looked at any more.
func (w *walk) begin(first link) {
	w.last = w.pruned
	if first.seq > 1 && first.seq <= w.pruned.Seq {
		w.last = Head{w.table.name, first.seq - 1, first.prev}
	} else if first.seq == 1 {
		w.last = Head{Chain: w.table.name}
	}
	for seq, hash := range w.known {
		if seq == w.last.Seq && hash != w.last.Hash {
			w.fault(link{seq: seq}, Altered, "the end of the chain that is remembered is not the row up to which it was pruned")
		}
		if seq <= w.last.Seq {
			delete(w.known, seq)
		}
	}
}

// A page is some rows in order, or why they could not be read.
type page struct {
	links []link
	err   error
}

// pageRows is how many rows of a chain are read at once.
const pageRows = 2000

// pages reads the rows of a chain, one page ahead, until ctx ends.
func pages(ctx context.Context, c chains, t table) <-chan page {
	out := make(chan page, 1)
	go func() {
		defer close(out)
		for after := int64(0); ; {
			links, err := c.page(ctx, t, after, pageRows)
			if len(links) == 0 && err == nil {
				return
			}
			select {
			case out <- page{links, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
			after = links[len(links)-1].seq
		}
	}()
	return out
}

// A view is a row and what it tells alone.
type view struct {
	link
	sound bool   // its content has its hash
	odd   string // what of its columns is not as its body says; "" = all is
}

// viewed looks at rows, a share of them on each processor.
func viewed(t table, links []link) []view {
	out := make([]view, len(links))
	share := len(links)/runtime.GOMAXPROCS(0) + 1
	var all sync.WaitGroup
	for from := 0; from < len(links); from += share {
		all.Go(func() {
			for i := from; i < min(from+share, len(links)); i++ {
				out[i] = viewOf(t, links[i])
			}
		})
	}
	all.Wait()
	return out
}

func viewOf(t table, l link) view {
	v := view{link: l, sound: sum(t.name, l.seq, l.prev, l.body) == l.hash}
	if v.sound {
		v.odd = t.odd(l)
	}
	return v
}

// odd says which column is not what the body says from which it was copied.
func (t table) odd(l link) string {
	want, err := t.values(l.body)
	if err != nil {
		return "its body cannot be read"
	}
	for i := range want {
		if !agree(l.values[i], want[i]) {
			column := strings.Split(t.columns, ", ")[i]
			return fmt.Sprintf("column %s says %v, the body %v", strings.Trim(column, `"`), l.values[i], want[i])
		}
	}
	return ""
}

func agree(stored, want any) bool {
	a, isTime := stored.(time.Time)
	b, both := want.(time.Time)
	if isTime && both {
		return a.Equal(b)
	}
	return stored == want
}

// step judges a row by itself and by the row before it.
func (w *walk) step(v view) {
	l := v.link
	follows := l.seq == w.last.Seq+1
	switch {
	case l.seq <= w.last.Seq:
		w.fault(l, Inserted, "there is another row of this number")
		return
	case !follows:
		w.gap(w.last.Seq+1, l.seq-1, "")
	}
	switch {
	case !v.sound:
		w.fault(l, Altered, w.whyUnsound(l))
		w.suspects = append(w.suspects, l)
	case follows && l.prev != w.last.Hash && l.seq == 1:
		w.fault(l, Altered, "the first row continues another")
	case follows && l.prev != w.last.Hash:
		w.fault(link{seq: l.seq - 1}, Altered, fmt.Sprintf("row %d was written after a row with another hash", l.seq))
	}
	if v.odd != "" {
		w.fault(l, Altered, v.odd)
	}
	if hash, ok := w.known[l.seq]; ok && hash != l.hash {
		w.fault(l, Altered, "the row that was the end of the chain had another hash")
	}
	w.last = Head{w.table.name, l.seq, l.hash}
}

func (w *walk) whyUnsound(l link) string {
	switch {
	case sum(w.table.name, l.seq, w.last.Hash, l.body) == l.hash:
		return "its hash of the row before it was changed"
	case w.known[l.seq] == sum(w.table.name, l.seq, l.prev, l.body):
		return "its hash was changed"
	}
	return "its content does not have its hash"
}

// end judges the end of the chain, after is where it ends now.
func (w *walk) end(after []Head) []Fault {
	highest := w.last.Seq
	for seq := range w.known {
		highest = max(highest, seq)
	}
	if highest > w.last.Seq {
		w.gap(w.last.Seq+1, highest, ", cut off at the end")
	}
	for _, h := range after {
		if h.Chain == w.table.name && h.Seq < w.last.Seq {
			w.fault(link{seq: w.last.Seq}, Inserted, fmt.Sprintf("the chain ends at row %d", h.Seq))
		}
	}
	w.reorder()
	return w.faults
}

// reorder finds where altered rows stood: a row that was moved has the right
// hash under its old number, and a body that was moved under its old row.
func (w *walk) reorder() {
	if len(w.suspects) > maxSuspects || len(w.missing) > maxSuspects {
		return
	}
	for _, a := range w.suspects {
		for _, seq := range w.missing {
			w.tryPlace(a, seq)
		}
		for _, b := range w.suspects {
			if a.seq == b.seq {
				continue
			}
			w.tryPlace(a, b.seq)
			if sum(w.table.name, b.seq, b.prev, a.body) == b.hash {
				w.rename(a, fmt.Sprintf("its body is that of row %d", b.seq))
			}
		}
	}
}

func (w *walk) tryPlace(a link, seq int64) {
	if sum(w.table.name, seq, a.prev, a.body) == a.hash {
		w.rename(a, fmt.Sprintf("it was row %d", seq))
	}
}

func (w *walk) rename(l link, why string) {
	f := &w.faults[w.named[l.seq]]
	f.Kind, f.Why = Reordered, why
}

func (w *walk) gap(from, to int64, where string) {
	for seq := from; seq <= to && len(w.missing) <= maxSuspects; seq++ {
		w.missing = append(w.missing, seq)
	}
	w.fault(link{seq: from}, Deleted, "there is no such row"+where)
	w.faults[w.named[from]].Last = to
}

// fault names a row, once.
func (w *walk) fault(l link, kind FaultKind, why string) {
	if _, ok := w.named[l.seq]; ok {
		return
	}
	w.named[l.seq] = len(w.faults)
	f := Fault{Table: w.table.name, Seq: l.seq, Last: l.seq, Kind: kind, Why: why}
	if id, ok := first(l.values).(string); ok {
		f.ID = id
	}
	w.faults = append(w.faults, f)
}

func first(values []any) any {
	if len(values) == 0 {
		return nil
	}
	return values[0]
}
