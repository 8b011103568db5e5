package ledger_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// Two databases that were one: the record goes on in the first; the second is
// the backup that was made then, and that somebody takes into use. It is told
// by what is remembered of the first; of moves that its leader makes in a term
// that is not newer, targets know better ones.
func TestRestoredBackup(t *testing.T) {
	first, _ := populated(t)
	backup, _ := populated(t)
	p, restored := open(t, first), open(t, backup)
	takeOver(t, p)
	term := takeOverAnew(t, p)
	must(t, p.Give(t.Context(), ledgertest.Order("o7", noon(), loop.OrderFreeze, "shop")))
	heads, err := p.Heads(t.Context())
	must(t, err)

	must(t, p.Give(t.Context(), ledgertest.Order("o8", noon(), loop.OrderFreeze, "shop")))
	if faults, err := p.Lacks(t.Context(), heads); err != nil || len(faults) > 0 {
		t.Errorf("what went on lacks %v, %v", faults, err)
	}
	older := takeOver(t, restored)
	faults, err := restored.Lacks(t.Context(), heads)
	must(t, err)
	want := []string{fmt.Sprintf("leadership %d deleted", term.Epoch), "orders 7 deleted"}
	if d := cmp.Diff(want, short(faults)); d != "" {
		t.Errorf("the backup lacks (-want +got):\n%s", d)
	}
	move := loop.Move{Term: older, At: noon().Add(1)}
	wantErr(t, "a move of the restored side", move.Fence().Admit(loop.Move{Term: term, At: noon()}.Fence(), "d"), loop.ErrDeposed)
}

// takeOverAnew gives up the lead and takes it again.
func takeOverAnew(t *testing.T, p *ledger.Postgres) loop.Term {
	t.Helper()
	p.Resign()
	return takeOver(t, p)
}
