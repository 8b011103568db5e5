//go:build linux

package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

// Two instances over one ledger: what one takes or decides reaches the other
// long before its next look, and a release that one allowed stays allowed at
// the other, and after a restart.
func TestReplicas(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	dsn := clustertest.DSN(t)
	one, other := newServer(s, "act", "1s"), newServer(s, "act", "1s")
	for _, v := range []*server{one, other} {
		v.dsn, v.env = dsn, append(v.env, "DATABASE_URL="+dsn)
		edit(t, v, "staleAfter: 30s}", "staleAfter: 30s, bindFor: 10m}") // the gate stands by what it allowed
	}
	other.args = append(other.args, "--every", "12s")
	one.start()
	other.start()
	one.inSight()
	given := one.ask("v1")
	if given.Verdict != client.Allow || given.BoundUntil.IsZero() {
		t.Fatalf("the gate says %s, bound until %v; want allow, bound", given.Words, given.BoundUntil)
	}

	hearsStops(t, one, other)
	s.burning()
	one.within(60*time.Second, "releases are frozen", func() bool { return one.setting("releases") == 1 })
	other.within(30*time.Second, "the other knows it, and why", func() bool {
		st := other.status()
		return other.setting("releases") == 1 && !st.Leader && len(st.Decisions) == 2
	})
	one.stop()
	one.start()
	for name, v := range map[string]*server{"the instance that was started again": one, "the other": other} {
		v.within(60*time.Second, name+" is bound to what was allowed", func() bool { return v.ask("v1").ID == given.ID })
		if a := v.ask("v2"); a.Verdict == client.Allow {
			t.Errorf("%s allows another release: %s", name, a.Words)
		}
	}
}

// hearsStops gives orders at one instance and waits for them at the other.
func hearsStops(t *testing.T, one, other *server) {
	t.Helper()
	for _, order := range []struct {
		kind    client.Kind
		inForce int
	}{{client.Stop, 1}, {client.Resume, 0}} {
		other.ticked(1) // so that the next look is far
		looked := other.status().At
		_, err := one.client().Give(t.Context(), client.Order{Kind: order.kind, Target: "*", By: "ann", Why: "a drill"})
		must(t, err)
		began := time.Now()
		other.within(30*time.Second, "the other has heard of "+string(order.kind), func() bool { return len(other.status().Orders) == order.inForce })
		t.Logf("%s was heard of after %s", order.kind, time.Since(began).Round(time.Millisecond))
		if !other.status().At.Equal(looked) {
			t.Errorf("the other has looked before it had heard of %s", order.kind)
		}
	}
}

// edit changes a server's definitions.
func edit(t *testing.T, v *server, old, text string) {
	t.Helper()
	path := v.args[slices.IndexFunc(v.args, func(a string) bool { return strings.HasSuffix(a, ".yaml") })]
	is, err := os.ReadFile(path)
	must(t, err)
	if !strings.Contains(string(is), old) {
		t.Fatalf("the definitions do not say %q", old)
	}
	must(t, os.WriteFile(path, []byte(strings.Replace(string(is), old, text, 1)), 0o600))
}

// ask asks the gate about a release.
func (v *server) ask(release string) client.Answer {
	v.t.Helper()
	a, err := v.client().Gate(v.t.Context(), client.Question{Service: "checkout", Release: release})
	must(v.t, err)
	return a
}
