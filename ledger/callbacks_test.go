package ledger_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/loop"
)

// TestCallbacks keeps what tools ask by messages until it is answered, and
// knows them afterwards.
func TestCallbacks(t *testing.T) {
	p, ctx := open(t, clustertest.DSN(t)), t.Context()
	first := loop.Callback{ID: "github-1", Tool: "github", Question: loop.GateQuestion{Service: "shop"}, To: map[string]string{"path": "/x"}, At: noon()}
	second := loop.Callback{ID: "github-2", Tool: "github", At: noon().Add(time.Second)}
	add := func(c loop.Callback, want bool) {
		t.Helper()
		if fresh, err := p.AddCallback(ctx, c); err != nil || fresh != want {
			t.Errorf("add %s: fresh %t, want %t (%v)", c.ID, fresh, want, err)
		}
	}
	waiting := func(want ...loop.Callback) {
		t.Helper()
		got, err := p.Callbacks(ctx)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v, waiting (-want +got):\n%s", err, diff)
		}
	}
	add(second, true)
	add(first, true)
	add(first, false)
	waiting(first, second)
	first.Said, first.Told = "no-data hold", 1
	if err := p.KeepCallback(ctx, first); err != nil {
		t.Error(err)
	}
	waiting(first, second)
	first.Done = noon().Add(time.Hour)
	if err := p.KeepCallback(ctx, first); err != nil {
		t.Error(err)
	}
	waiting(second)
	add(first, false) // sent again after it was answered
	second.Done = noon().AddDate(1, 0, 0)
	if err := p.KeepCallback(ctx, second); err != nil {
		t.Error(err)
	}
	add(first, true) // forgotten in the meantime
}
