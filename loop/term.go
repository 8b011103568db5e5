package loop

import (
	"cmp"
	"fmt"
)

// A Term is one leader's time in office. Epochs alone are not enough: when a
// standby of the ledger's database is promoted and the old primary lives on,
// both sides may give out the same epoch. The promoted side has the higher
// timeline from then on, so its leader is the newer one.
type Term struct {
	Timeline int64 `json:"timeline,omitempty"` // of the ledger's database, which rises with each promotion; 0 = it has none
	Epoch    int64 `json:"epoch"`              // rises with each change of leader
}

// Compare is negative when t is older than u, positive when it is newer.
func (t Term) Compare(u Term) int {
	return cmp.Or(cmp.Compare(t.Timeline, u.Timeline), cmp.Compare(t.Epoch, u.Epoch))
}

// Show is the epoch, with the timeline where there is one: "epoch 4",
// "timeline 2, epoch 4".
func (t Term) Show() string {
	if t.Timeline == 0 {
		return fmt.Sprint("epoch ", t.Epoch)
	}
	return fmt.Sprintf("timeline %d, epoch %d", t.Timeline, t.Epoch)
}

// A Fence orders all moves of an actuator. A target keeps that of the newest
// move and refuses what is older.
type Fence struct {
	Term
	Sequence int64 `json:"sequence"` // µs since 1970: rises from each move of a term to the next
}

// Compare is negative when f is older than g, positive when it is newer.
func (f Fence) Compare(g Fence) int {
	return cmp.Or(f.Term.Compare(g.Term), cmp.Compare(f.Sequence, g.Sequence))
}

// Admit returns ErrDeposed, and says why, when f is older than the newest,
// which is that of a decision.
func (f Fence) Admit(newest Fence, decision string) error {
	if f.Compare(newest) >= 0 {
		return nil
	}
	why := ErrDeposed
	if f.Term == newest.Term {
		why = ErrSetBack
	}
	return fmt.Errorf("%s is older than %s of decision %s, in force there: %w", f.Show(), newest.Show(), decision, why)
}

// ErrSetBack says that a move is older than one of the same term. It is an
// ErrDeposed too: it must not be made. Whoever sees it gives up the lead, since
// moves of the next term are newer whatever the clock says.
var ErrSetBack error = setBack{}

type setBack struct{}

func (setBack) Error() string { return "the clock was set back since, or the move is late" }

func (setBack) Is(target error) bool { return target == ErrDeposed }

// Show is the term and the sequence.
func (f Fence) Show() string { return fmt.Sprintf("%s, sequence %d", f.Term.Show(), f.Sequence) }

// Fence is what targets compare m by.
func (m Move) Fence() Fence { return Fence{Term: m.Term, Sequence: m.At.UnixMicro()} }
