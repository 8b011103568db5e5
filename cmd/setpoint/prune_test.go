//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// checkPrune drops the answers of a server that has ended: first as who may
// not, then as serve does, and as the owner of the ledger.
func checkPrune(t *testing.T, v *server, k checks, public string) {
	t.Helper()
	line := []string{"prune", "--before", "now", "--checkpoints", k.file, "--key", public, "--why", "a drill"}
	owner := []string{"DATABASE_URL=" + v.dsn}
	r := command(t, owner, append(line, "--dry-run")...)
	if r.code != 0 || !strings.Contains(r.out, " would be dropped") || strings.Contains(r.out, "nothing") {
		t.Errorf("a dry run: %s", r)
	}
	if r := v.run(line...); r.code != 1 || !strings.Contains(r.err, "this role does not own the ledger: its owner prunes") {
		t.Errorf("pruned by the role that serves: %s", r)
	}
	if d, err := pruneAsServe(t, v, k, time.Now()); err != nil || d.Rows != 0 {
		t.Errorf("serve dropped %+v, %v of what is young", d, err)
	}
	d, err := pruneAsServe(t, v, k, time.Now().Add(500*24*time.Hour))
	if err != nil || d.Rows == 0 || d.Answers < d.Rows {
		t.Errorf("serve dropped %+v, %v after 500 days", d, err)
	}
	if r := command(t, owner, line...); r.code != 0 || !strings.Contains(r.out, "nothing dropped") {
		t.Errorf("pruned again: %s", r)
	}
	wantVerified(t, v, []string{"verify", "--checkpoints", k.file, "--key", public}, 0, "by setpoint serve: --keep-verdicts 9600h0m0s\n")
	other := v.run("checkpoint", "--make-key", public+".other")
	must(t, os.WriteFile(public+".another", []byte(other.out), 0o600))
	wantVerified(t, v, []string{"verify", "--key", public + ".another"}, 1, "prunings 1 inserted: its checkpoint was not signed with this key")
	wantVerified(t, v, []string{"verify", "--checkpoints", k.file}, usage, "--checkpoints needs --key")
}

// pruneAsServe prunes as a server does whose role may not, with the address of
// the owner.
func pruneAsServe(t *testing.T, v *server, k checks, now time.Time) (dropped, error) {
	t.Helper()
	p, err := newPruner(9600*time.Hour, k)
	must(t, err)
	p.owner = v.dsn
	return p.prune(t.Context(), nil, now)
}

func TestKeepVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keep time.Duration
		k    checks
		says string
	}{
		{0, checks{}, ""},
		{9600 * time.Hour, checks{"f", "k"}, ""},
		{time.Hour, checks{"f", "k"}, "is less than the 840h0m0s"},
		{9600 * time.Hour, checks{}, "needs --checkpoints and --checkpoint-key"},
	} {
		_, err := newPruner(c.keep, c.k)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s with %v: %v, want %q", c.keep, c.k, err, c.says)
		}
	}
}
