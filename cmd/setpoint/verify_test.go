//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

// TestCheckpoints: somebody with all rights takes an order out of the record
// and makes the chain end before it. The record alone looks sound; the
// checkpoint that serve left at its end tells.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	v := newServer(s, "observe", "1s")
	v.dsn = clustertest.DSN(t)
	v.env = append(v.env, "DATABASE_URL="+asUser(v.dsn, served(t, v)))
	dir := t.TempDir()
	key, public, file := filepath.Join(dir, "key"), filepath.Join(dir, "key.pub"), filepath.Join(dir, "checkpoints")
	made := v.run("checkpoint", "--make-key", key)
	must(t, os.WriteFile(public, []byte(made.out), 0o600))
	if r := v.run("checkpoint", "--make-key", key); made.code != 0 || r.code != 1 || r.out != "" {
		t.Errorf("a key was made: %s; and made anew: %s", made, r)
	}
	v.args = append(v.args, "--checkpoints", file, "--checkpoint-key", key)
	v.start()
	if r := v.run("freeze", "checkout", "--why", "a drill"); r.code != 0 {
		t.Fatal(r)
	}
	asked := askThrice(t, v)
	v.stop()
	checkExport(t, v, asked)
	against := []string{"verify", "--checkpoints", file, "--key", public}
	wantVerified(t, v, against, 0, "0 faults; held against 1 checkpoints")

	v.unguarded(`with gone as (delete from setpoint.orders where seq = $1 returning prev_hash)
		update setpoint.heads set seq = $1 - 1, hash = gone.prev_hash from gone where chain = 'orders'`, 1)
	wantVerified(t, v, []string{"verify"}, 0, "0 faults; no checkpoints")
	wantVerified(t, v, against, 1, "record: orders 1 deleted")
	if r := v.run(v.args...); r.code != 1 || !strings.Contains(r.err, "orders 1 deleted: it is remembered, and not on record; was an old backup restored?") {
		t.Errorf("served what lacks an order: %s", r)
	}
	more := v.run("checkpoint", "--key", key)
	must(t, os.WriteFile(file, []byte(more.out), 0o600))
	wantVerified(t, v, against, 0, "0 faults; held against 1")
	must(t, os.WriteFile(file, []byte(strings.Replace(more.out, `"seq":0`, `"seq":1`, 1)), 0o600))
	wantVerified(t, v, against, 1, "line 1: it was not signed with this key")
	must(t, os.WriteFile(file, []byte(more.out), 0o600))
	checkPrune(t, v, checks{file, key}, public)
	wantVerified(t, v, []string{"verify", "--checkpoints", file, "--key", key}, 1, "does not begin with -----BEGIN PUBLIC KEY-----")
}

// served is a role that may serve a server's ledger and owns none of it.
func served(t *testing.T, v *server) string {
	t.Helper()
	role := "server_of_" + v.shop.name
	v.shop.exec("create role " + role + " login")
	t.Cleanup(func() {
		v.stop()
		conn := v.connect(context.Background())
		defer conn.Close(context.Background())
		_, err := conn.Exec(context.Background(), "drop owned by "+role+"; drop role "+role)
		must(t, err)
	})
	made := command(t, []string{"DATABASE_URL=" + v.dsn}, "migrate", "--grant", role)
	if made.code != 0 || !strings.Contains(made.out, "role "+role+" may insert and read") {
		t.Fatal(made)
	}
	return role
}

// wantVerified runs verify and wants an exit code and words.
func wantVerified(t *testing.T, v *server, line []string, code int, says string) {
	t.Helper()
	if r := v.run(line...); r.code != code || !strings.Contains(r.out+r.err, says) {
		t.Errorf("%s, want exit code %d and %q: %s", line, code, says, r)
	}
}
