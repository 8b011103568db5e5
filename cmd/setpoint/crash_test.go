//go:build linux

package main

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A server that is killed in the middle of an incident, three times and at
// the worst moments, does nothing twice, loses no decision, and counts what
// another one counts that was never interrupted.
func TestCrash(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.watch()
	acting, observing := newServer(s, "act", "2s"), newServer(s, "observe", "2s")
	acting.start()
	observing.start()
	acting.inSight()

	killedBeforeApply(t, acting)
	killedForAWhile(t, acting, observing)
	killedAfterApply(t, acting)
	acting.within(60*time.Second, "all is at rest again", func() bool {
		return acting.setting("reports-timeout") == 30 && acting.setting("releases") == 0
	})
	sameBudgets(t, acting, observing)

	checkRecord(t, acting)
	sameSlices(t, acting, observing)
	replayed := acting.run("replay")
	if replayed.code != 0 {
		t.Errorf("replay beside the server: %s", replayed)
	}
	acting.stop()
	observing.stop()
	for _, v := range []*server{acting, observing} {
		if r := v.run("replay"); r.code != 0 {
			t.Errorf("replay of a stopped ledger: %s", r)
		}
	}
	tamper(t, acting)
}

// killedBeforeApply kills the server when a move is on record and not yet
// carried out.
func killedBeforeApply(t *testing.T, v *server) {
	t.Helper()
	release := v.shop.hinder()
	v.shop.burning()
	cut := awaitUnfinished(v, "tighten")
	v.kill()
	release()
	if got := v.shop.changed(); len(got) > 0 {
		t.Errorf("the target was changed to %v by a move that was hindered", got)
	}
	v.start()
	v.within(30*time.Second, "the incident is met", func() bool {
		return v.setting("reports-timeout") == 1 && v.setting("releases") == 1
	})
	d := find(t, v, cut.ID)
	if d.Outcomes != 1 || d.applied() || *d.Error == "" {
		t.Errorf("the move that was cut off is %+v, want one outcome: not applied, and why", d)
	}
}

// killedForAWhile kills the server when nothing is under way, and leaves it
// dead for longer than a slice. The other one sees how time passes.
func killedForAWhile(t *testing.T, v, other *server) {
	t.Helper()
	before := v.shop.changed()
	counted := other.status().Objectives[0].Newest
	v.kill()
	other.within(30*time.Second, "two slices have passed", func() bool {
		return other.status().Objectives[0].Newest.Sub(counted) >= 10*time.Second
	})
	v.start()
	v.ticked(3)
	if diff := cmp.Diff(before, v.shop.changed()); diff != "" {
		t.Errorf("after a restart in the same incident the target was changed (-before +after):\n%s", diff)
	}
}

// killedAfterApply kills the server when a move was carried out and its
// outcome could not be recorded.
func killedAfterApply(t *testing.T, v *server) {
	t.Helper()
	release := v.shop.hinder()
	v.shop.healthy()
	done := awaitUnfinished(v, "relax")
	resume := v.halt()
	before := len(v.shop.changed())
	release()
	v.within(10*time.Second, "the move is carried out", func() bool { return len(v.shop.changed()) > before })
	v.kill()
	resume()
	v.start()
	d := find(t, v, done.ID)
	if d.Outcomes != 1 || !d.applied() {
		t.Errorf("the move whose outcome was lost is %+v, want one outcome: applied", d)
	}
}

// awaitUnfinished waits for a move of the timeout that is on record without
// an outcome.
func awaitUnfinished(v *server, verb string) (open decided) {
	v.t.Helper()
	v.within(60*time.Second, "a move is on record and hindered", func() bool {
		moves := v.moves("reports-timeout")
		if len(moves) > 0 {
			open = moves[len(moves)-1]
		}
		return open.Verb == verb && open.Outcomes == 0
	})
	return open
}

func find(t *testing.T, v *server, id string) decided {
	t.Helper()
	all := v.decisions()
	i := slices.IndexFunc(all, func(d decided) bool { return d.ID == id })
	if i < 0 {
		t.Fatalf("decision %s is not on record", id)
	}
	return all[i]
}

// checkRecord compares what is on record with what was seen at the targets.
func checkRecord(t *testing.T, v *server) {
	t.Helper()
	var stamped []string
	for _, c := range v.shop.changed() {
		var stamp struct {
			Decision     string `json:"decision"`
			Milliseconds int    `json:"ms"`
		}
		must(t, json.Unmarshal([]byte(c.Stamp), &stamp))
		if strconv.Itoa(stamp.Milliseconds) != c.Timeout {
			t.Errorf("the role's timeout was %s ms beside the stamp %s", c.Timeout, c.Stamp)
		}
		stamped = append(stamped, stamp.Decision)
	}
	if diff := cmp.Diff(v.appliedTo("reports-timeout"), stamped); diff != "" {
		t.Errorf("moves of the timeout (-on record +at the target):\n%s", diff)
	}
	type kept struct{ Decision string }
	var frozen []string
	for _, k := range rows[kept](v, `select decision from setpoint.settings where actuator = 'releases' order by seq`) {
		frozen = append(frozen, k.Decision)
	}
	if diff := cmp.Diff(v.appliedTo("releases"), frozen); diff != "" {
		t.Errorf("moves of the freeze (-on record +put in force):\n%s", diff)
	}
	alternate(t, v.moves("reports-timeout"))
	alternate(t, v.moves("releases"))
}

// alternate checks that each move that was carried out begins where the one
// before it ended, and that every move has one outcome.
func alternate(t *testing.T, moves []decided) {
	t.Helper()
	last := (*decided)(nil)
	for _, m := range moves {
		if m.Outcomes != 1 {
			t.Errorf("move %s has %d outcomes, want 1", m.ID, m.Outcomes)
		}
		if last != nil && m.From != last.To {
			t.Errorf("move %s begins at %g, the one before ended at %g", m.ID, m.From, last.To)
		}
		if m.applied() {
			last = &m
		}
	}
	if last == nil {
		t.Error("no move was carried out")
	}
}
