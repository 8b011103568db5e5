//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/ledger/cluster"
)

var (
	chaosFor   = flag.Duration("chaos", 0, "run the nemesis for so long and write docs/chaos.md")
	chaosSeed  = flag.Uint64("chaos-seed", 1, "what its faults are drawn by")
	chaosBreak = flag.String("chaos-break", "", "take a safeguard away, which the run must find out: chain or blind")
)

// chaosDataAge is how old the data behind an allowance may be: an objective is
// out of sight after five slices of 5 s, a slice is read 1 s after it ended, and
// the policy asks for a look of the last 3 s; the rest is for a busy machine.
const chaosDataAge = 40 * time.Second

// fewAnswers is how many a run has at least that are on record.
const fewAnswers = 20

// TestChaos lets faults loose on two instances over one ledger while pipelines
// ask the gate, and holds the record against what they were told. In tests it
// runs for a moment; `make chaos` runs it for ten minutes.
func TestChaos(t *testing.T) {
	t.Parallel()
	lasts := *chaosFor
	if lasts == 0 {
		lasts = 4 * time.Second
	}
	n := newNemesis(t)
	n.start()
	pipelines := n.pipelines(4)
	for until := time.Now().Add(lasts); time.Now().Before(until); {
		n.strike(*chaosFor > 0)
	}
	n.heal()
	within(t, 60*time.Second, "pipelines have answers that are on record", func() bool { return n.told() >= fewAnswers })
	pipelines()
	found := n.judge()
	if *chaosFor > 0 && *chaosBreak == "" {
		must(t, os.WriteFile("../../docs/chaos.md", n.report(lasts, found), 0o644))
	}
	for _, f := range found[:min(len(found), 20)] {
		t.Error(f)
	}
	t.Logf("%d answers, %d questions without one, %d wrong; %s", len(n.answers), n.failed, len(found), n.verified)
}

// A nemesis is what does harm to two instances and their ledger, and what
// pipelines were told meanwhile.
type nemesis struct {
	t        *testing.T
	rng      *rand.Rand
	cfg      cluster.Config
	ledger   *cluster.Cluster
	backend  *liar
	servers  []*server
	next     []string // faults that were not done yet, in this turn
	struck   map[string]int
	archived map[int64][]recorded // :: number of the row, of all that were on record when it was looked
	checks   checks               // of the prunings; without a file there was none
	verified string

	mu      sync.Mutex
	answers map[string]client.Answer // :: release, which is asked about once
	failed  int                      // questions without an answer
}

func newNemesis(t *testing.T) *nemesis {
	n := &nemesis{t: t, rng: rand.New(rand.NewPCG(*chaosSeed, 0)), struck: map[string]int{}, archived: map[int64][]recorded{}, answers: map[string]client.Answer{}}
	n.cfg = cluster.Config{Dir: stateDir(t), Name: "chaos", NoSync: true, Settings: map[string]string{"max_connections": "40"}}
	n.raise()
	t.Cleanup(func() { must(t, n.ledger.Stop()) })
	s := openShop(t)
	n.backend = newLiar(t, metricsURL(t))
	for range 2 {
		v := newServer(s, "act", "1s")
		v.dsn = n.ledger.DSN("postgres")
		v.env = append(v.env, "DATABASE_URL="+v.dsn, "METRICS_URL="+n.backend.url)
		v.args = append(v.args, "--spool", filepath.Join(t.TempDir(), "spool"))
		n.policy(v)
		n.servers = append(n.servers, v)
	}
	return n
}

// policy has the gate deny what it cannot judge.
func (n *nemesis) policy(v *server) {
	blind := "deny"
	if *chaosBreak == "blind" {
		blind = "allow"
	}
	edit(n.t, v, "onNoData: hold, staleAfter: 30s}", "onNoData: "+blind+", staleAfter: 3s}")
}

// raise starts the ledger's database, again if need be.
func (n *nemesis) raise() {
	n.t.Helper()
	within(n.t, 60*time.Second, "the ledger's database starts", func() bool {
		c, err := cluster.Start(context.Background(), n.cfg)
		if err == nil && !c.Adopted {
			n.ledger = c
		}
		return err == nil
	})
}

func (n *nemesis) start() {
	for _, v := range n.servers {
		v.start()
	}
	n.servers[0].inSight()
	if *chaosBreak == "chain" {
		conn := n.servers[0].connect(n.t.Context())
		defer conn.Close(context.Background())
		_, err := conn.Exec(n.t.Context(), `alter table setpoint.verdicts disable trigger verdicts_chained`)
		must(n.t, err)
	}
}

// pipelines ask both instances until the function that is returned is called,
// each time about another release.
func (n *nemesis) pipelines(clients int) (stop func()) {
	ctx, cancel := context.WithCancel(n.t.Context())
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				n.ask(c, i)
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

func (n *nemesis) ask(c, i int) {
	release := fmt.Sprintf("r%d-%d", c, i)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	url := n.servers[(c+i)%len(n.servers)].shown.Load()
	a, err := client.Client{URL: *url}.Gate(ctx, client.Question{Service: "checkout", Release: release})
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.failed++
		return
	}
	n.answers[release] = a
}

// told is how many answers were given that are on record, or will be.
func (n *nemesis) told() (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range n.answers {
		if a.ID != "" {
			count++
		}
	}
	return count
}

// heal ends all faults and waits until both instances are themselves again.
func (n *nemesis) heal() {
	n.raise()
	for _, v := range n.servers {
		v.within(60*time.Second, "an instance is itself again", func() bool {
			s, err := v.client().Status(n.t.Context())
			return err == nil && s.Ledger.Up && !s.Stale
		})
	}
}

// judge holds what is on record against what was told, and returns what is
// wrong.
func (n *nemesis) judge() (wrong []string) {
	told := map[string]client.Answer{}
	for _, a := range n.answers {
		if a.ID != "" {
			told[a.ID] = a
		} else if a.Verdict == client.Allow {
			wrong = append(wrong, fmt.Sprintf("%s was allowed and is not recorded", a.Release))
		}
		if age := a.At.Sub(a.DataAsOf); a.Verdict == client.Allow && (age > chaosDataAge || slices.Contains(a.DegradedBy, "stale") || slices.Contains(a.DegradedBy, "no-data")) {
			wrong = append(wrong, fmt.Sprintf("%s was allowed on data of %s before, degraded by %v", a.Release, age, a.DegradedBy))
		}
	}
	var kept map[string][]recorded
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		kept = n.recorded()
		missing := slices.ContainsFunc(slices.Collect(maps.Keys(told)), func(id string) bool { return len(kept[id]) == 0 })
		if !missing && len(n.waiting()) == 0 || time.Now().After(deadline) {
			break
		}
	}
	for _, name := range n.waiting() {
		wrong = append(wrong, "left in a spool: "+name)
	}
	for id, a := range told {
		if all := kept[id]; len(all) != 1 || all[0].verdict != string(a.Verdict) || all[0].release != a.Release {
			wrong = append(wrong, fmt.Sprintf("verdict %s on %s, told as %s, is on record as %v", id, a.Release, a.Verdict, all))
		}
	}
	wrong = append(wrong, doubled(kept)...)
	return append(wrong, n.sound()...)
}

// waiting are the files in the spools.
func (n *nemesis) waiting() (out []string) {
	for _, v := range n.servers {
		out = append(out, n.spooled(v)...)
	}
	return out
}

// sound verifies the record, and makes every decision on it again.
func (n *nemesis) sound() (wrong []string) {
	args := []string{"verify"}
	if n.checks.file != "" {
		args = append(args, "--checkpoints", n.checks.file, "--key", n.checks.key+".pub")
	}
	r := n.servers[0].run(args...)
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if n.verified = lines[len(lines)-1]; r.code != 0 { // those before it tell of prunings
		wrong = append(wrong, "setpoint verify: "+r.String())
	}
	if r := n.servers[0].run("replay"); r.code != 0 {
		wrong = append(wrong, "setpoint replay: "+r.String())
	}
	return wrong
}

// recorded is a verdict on record.
type recorded struct{ id, release, verdict string }

// recorded are the verdicts that are or were on record :: ID.
func (n *nemesis) recorded() map[string][]recorded {
	n.archive()
	out := map[string][]recorded{}
	for _, row := range n.archived {
		for _, r := range row {
			out[r.id] = append(out[r.id], r)
		}
	}
	return out
}

// onRecord reads the verdicts on record :: number of the row.
func (n *nemesis) onRecord() map[int64][]recorded {
	type row struct {
		Seq                  int64
		ID, Release, Verdict string
	}
	out := map[int64][]recorded{}
	for _, r := range rows[row](n.servers[0], `select seq, id || '.' || (place - 1), coalesce(v #>> '{answer,release}', ''), v #>> '{answer,verdict}'
		from setpoint.verdicts, json_array_elements(body::json -> 'verdicts') with ordinality as all_of (v, place)`) {
		out[r.Seq] = append(out[r.Seq], recorded{r.ID, r.Release, r.Verdict})
	}
	return out
}

// doubled are releases that are on record more than once, though each was
// asked about once.
func doubled(kept map[string][]recorded) (wrong []string) {
	times := map[string]int{}
	for _, all := range kept {
		for _, r := range all {
			times[r.release]++
		}
	}
	for release, n := range times {
		if n > 1 {
			wrong = append(wrong, fmt.Sprintf("the verdict on %s is on record %d times", release, n))
		}
	}
	return wrong
}
