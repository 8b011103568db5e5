package ledger_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// A standby is promoted and the old primary lives on, each with a leader of the
// same epoch. What the one of the old side tries at the new side is refused,
// and targets that have heard of the newer one refuse it too.
func TestFailoverWithTheOldPrimaryAlive(t *testing.T) {
	old := newServer(t)
	p := open(t, old.running.DSN("postgres"))
	takeOver(t, p)
	must(t, p.Begin(t.Context(), hold("before")))
	p.Close()
	promoted := old.promote(t)

	a, b := open(t, old.running.DSN("postgres")), open(t, promoted.running.DSN("postgres"))
	stale, newer := takeOver(t, a), takeOver(t, b)
	if stale.Epoch != newer.Epoch || stale.Compare(newer) >= 0 {
		t.Fatalf("terms %s and %s, want the same epoch and a higher timeline at the promoted side", stale.Show(), newer.Show())
	}
	move := ledgertest.Move("d1", noon(), 1)
	move.Input.Term = newer
	must(t, b.Begin(t.Context(), move))

	late := hold("d2") // of a leader whose address leads to the promoted side now
	late.Input.Term = stale
	wantErr(t, "Begin", b.Begin(t.Context(), late), loop.ErrDeposed)
	put := loop.Move{Actuator: move.Actuator, Setting: move.To, Term: stale, Decision: "d1", At: noon()}
	wantErr(t, "PutSetting", b.PutSetting(t.Context(), put), loop.ErrDeposed)
	wantErr(t, "KeepAlerts", b.KeepAlerts(t.Context(), stale, nil), loop.ErrDeposed)
	target := loop.Move{Term: newer, At: noon()}
	wantErr(t, "Apply at a target", loop.Move{Term: stale, At: noon().Add(1)}.Fence().Admit(target.Fence(), "d1"), loop.ErrDeposed)
	put.Term = newer
	must(t, b.PutSetting(t.Context(), put))
	for name, l := range map[string]*ledger.Postgres{"old": a, "promoted": b} {
		if faults, err := l.Verify(t.Context()); err != nil || len(faults) > 0 {
			t.Errorf("the %s side has faults: %v, %v", name, faults, err)
		}
	}
}

// promote makes a standby of s as it is now and promotes it; both go on.
func (s *server) promote(t *testing.T) *server {
	t.Helper()
	dir, err := clustertest.Dir()
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	out := &server{config: s.config}
	out.config.Dir = dir
	s.stop(t)
	text, err := exec.Command("cp", "-a", filepath.Join(s.config.Dir, s.config.Name), dir).CombinedOutput()
	if err != nil {
		t.Fatalf("copy the primary: %v: %s", err, text)
	}
	data := filepath.Join(dir, s.config.Name, "data")
	text, err = exec.Command("cp", "-a", filepath.Join(data, "PG_VERSION"), filepath.Join(data, "standby.signal")).CombinedOutput() // its content does not count, its owner does
	if err != nil {
		t.Fatalf("make it a standby: %v: %s", err, text)
	}
	s.start(t)
	out.start(t)
	t.Cleanup(func() { out.stop(t) })
	await(t, "promotion", func(ctx context.Context) error {
		_, err := connect(t, out.running.DSN("postgres")).Exec(ctx, `select pg_promote()`)
		return err
	})
	return out
}
