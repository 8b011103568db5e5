//go:build linux

package main

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/client"
)

// While the ledger does not answer nothing is moved, however it burns, and
// the gate says that it is degraded; afterwards everything is on record. A
// ledger that is killed is started again.
func TestOutage(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.watch()
	v := newServer(s, "act", "1s")
	v.start()
	v.inSight()

	halted(t, v)
	killedLedger(t, v)
	s.healthy()
	v.within(60*time.Second, "all is at rest again", func() bool {
		return v.setting("reports-timeout") == 30 && v.setting("releases") == 0
	})
	checkRecord(t, v)
	complete(t, v.slices())
	v.stop()
	if r := v.run("replay"); r.code != 0 {
		t.Errorf("replay: %s", r)
	}
}

// outage is how long the ledger is halted: longer than one tick waits for it.
const outage = 20 * time.Second

// halted halts the ledger while the shop begins to burn.
func halted(t *testing.T, v *server) {
	t.Helper()
	resume := v.halt()
	v.shop.burning()
	asked := askGate(t, v)
	<-time.After(outage) // nothing is to happen, which no condition tells
	asked.stop()
	if got := v.shop.changed(); len(got) > 0 {
		t.Errorf("while the ledger was halted the target was changed to %v", got)
	}
	resume()
	v.within(60*time.Second, "the incident is met", func() bool {
		return v.setting("reports-timeout") == 1 && v.setting("releases") == 1
	})
	asked.check(t)
	asked.recorded(v)
	if after := asked.degradedAfter(); after < 0 || after > outage/2 {
		t.Errorf("the gate said after %s that it was degraded, want well before the end of the outage", after)
	}
	wantHold(t, v, "ledger-down")
}

// wantHold expects a hold for a reason on record, with its length.
func wantHold(t *testing.T, v *server, reason string) {
	t.Helper()
	for _, actuator := range []string{"reports-timeout", "releases"} {
		all := v.decisions()
		i := slices.IndexFunc(all, func(d decided) bool { return d.Actuator == actuator && d.Reason == reason })
		if i < 0 {
			t.Errorf("no hold of %s for %s is on record", actuator, reason)
			continue
		}
		if d := all[i]; d.Verb != "hold" || d.Ticks == nil || *d.Ticks < 1 || d.Until == nil {
			t.Errorf("%s is on record as %+v, want a hold and how long it lasted", d.ID, d)
		}
	}
}

// killedLedger kills the ledger's server; setpoint starts it again.
func killedLedger(t *testing.T, v *server) {
	t.Helper()
	before, epoch, pid := v.shop.changed(), v.status().Epoch, v.postmaster()
	asked := askGate(t, v)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	v.within(60*time.Second, "the lead is regained in a ledger that was started again", func() bool {
		s := v.status()
		return s.Leader && s.Ledger.Up && s.Epoch > epoch
	})
	asked.stop()
	asked.check(t)
	asked.recorded(v)
	if now := v.postmaster(); now == pid {
		t.Errorf("the ledger's server is still process %d", pid)
	}
	if diff := cmp.Diff(before, v.shop.changed()); diff != "" {
		t.Errorf("the target was changed by an outage in the same incident (-before +after):\n%s", diff)
	}
}

// An asking is a pipeline that asks the gate again and again.
type asking struct {
	mu      sync.Mutex
	took    []time.Duration
	answers []client.Answer
	errs    []error
	stop    func()
}

// gatePatience is how long the pipeline waits for an answer. It is generous:
// what counts is that answers come while the ledger gives none.
const gatePatience = time.Second

func askGate(t *testing.T, v *server) *asking {
	t.Helper()
	a := &asking{}
	ctx, cancel := context.WithCancel(t.Context())
	asker := client.Client{URL: v.url, HTTP: &http.Client{Timeout: gatePatience}}
	var all sync.WaitGroup
	all.Go(func() {
		for ctx.Err() == nil {
			began := time.Now()
			answer, err := asker.Gate(context.WithoutCancel(ctx), client.Question{Service: "checkout"})
			a.note(answer, err, time.Since(began))
			time.Sleep(20 * time.Millisecond)
		}
	})
	a.stop = func() { cancel(); all.Wait() }
	t.Cleanup(a.stop)
	return a
}

func (a *asking) note(answer client.Answer, err error, took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.took, a.answers = append(a.took, took), append(a.answers, answer)
	if err != nil {
		a.errs = append(a.errs, err)
	}
}

// recorded expects every answer to come on record, once.
func (a *asking) recorded(v *server) {
	v.t.Helper()
	given := map[string]int{}
	for _, answer := range a.answers {
		given[answer.ID]++
	}
	v.within(60*time.Second, "every answer of the gate is on record, once", func() bool {
		found := verdictsOnRecord(v)
		for id, n := range given {
			if id == "" || n != 1 || found[id] > 1 {
				v.t.Fatalf("verdict %q was given %d times and is on record %d times", id, n, found[id])
			}
			if found[id] == 0 {
				return false
			}
		}
		return true
	})
}

// verdictsOnRecord counts the rows of each verdict on record.
func verdictsOnRecord(v *server) map[string]int {
	found, before := map[string]int{}, ""
	for {
		page, err := client.Client{URL: v.url}.Verdicts(v.t.Context(), client.VerdictFilter{Service: "checkout", Before: before, Limit: 500})
		if err != nil {
			return nil // the ledger is coming back
		}
		for _, r := range page {
			found[r.Answer.ID]++
			before = r.Answer.ID
		}
		if len(page) < 500 {
			return found
		}
	}
}

// degradedAfter is how long it took until an answer said that the ledger is
// down.
func (a *asking) degradedAfter() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.answers, func(answer client.Answer) bool { return slices.Contains(answer.DegradedBy, "ledger-down") })
	if i < 0 {
		return -1
	}
	return a.answers[i].At.Sub(a.answers[0].At).Round(time.Millisecond)
}

// check expects that every question was answered.
func (a *asking) check(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.errs) > 0 {
		t.Errorf("%d of %d questions to the gate were not answered, the first: %v", len(a.errs), len(a.took), a.errs[0])
	}
	slices.Sort(a.took)
	t.Logf("the gate answered %d times: median %s, p99 %s, slowest %s", len(a.took), a.took[len(a.took)/2], a.took[len(a.took)*99/100], a.took[len(a.took)-1])
}
