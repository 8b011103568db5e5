package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/slo"
)

// poolLength is how long an arm of the pool lasts; reports run away from
// poolSurge on.
const (
	poolLength = 60 * time.Second
	poolSurge  = 10 * time.Second
)

// A poolScenario is how long reports run away. The plant is the shop of
// cmd/demo, with its load.
type poolScenario struct {
	name  string
	surge time.Duration
}

func poolScenarios() []poolScenario {
	return []poolScenario{{"runaways for 30 s", 30 * time.Second}, {"runaways for 8 s", 8 * time.Second}}
}

// A poolArm is a statement timeout that stays as it is, none, or the loop.
type poolArm struct {
	name    string
	timeout time.Duration // 0 = none
	loop    bool
}

// poolTimeouts are the static settings that are tried.
func poolTimeouts() []time.Duration {
	return []time.Duration{5 * time.Second, 3 * time.Second, 2 * time.Second, 1500 * time.Millisecond, time.Second}
}

func poolArms() []poolArm {
	out := []poolArm{{name: "off"}}
	for _, timeout := range poolTimeouts() {
		out = append(out, poolArm{name: "static " + timeout.String(), timeout: timeout})
	}
	return append(out, poolArm{name: theLoop, loop: true})
}

// poolSet is the loop: reports hold at most 5 of 8 workers, the oldest go, and
// none that is younger than the setting. It is lowered while checkouts are
// slow.
func poolSet(dsn string) *slo.Set {
	a := slo.Actuator{Name: "reports", Service: "checkout", Kind: slo.PGQueryTimeout, Rest: 0.75, Tight: 0.25, Unit: "s", Query: slo.QueryTimeout{
		DatabaseURL: dsn, Role: "reports", Workers: 8, High: 0.625, Low: 0.5, Every: 250 * time.Millisecond, CancelsPerTick: 4, CancelsPerMin: 240,
	}}
	tier := func(name string, burn int64, setting float64) slo.Tier {
		return slo.Tier{Name: name, Burn: slo.NewDecimal(burn, 0), Long: controlSlice, Short: controlSlice, Setting: setting, Leave: slo.NewDecimal(5, 1), Hold: 10 * controlSlice}
	}
	return controlSet(a, slo.NewDecimal(99, 2), slo.ControlLoop{
		Cooldown: 5 * time.Second, Step: slo.Step{Relax: 0.25},
		Rules: []slo.Rule{{Law: slo.Tiers, Tiers: []slo.Tier{tier("hot", 2, a.Tight), tier("warm", 1, 0.5)}}},
	})
}

// ridePool plays one arm: a shop of its own in a database of its own.
func ridePool(t *testing.T, program string, s poolScenario, arm poolArm, seed uint64) *ride {
	t.Helper()
	out := newRide(s.name, arm.name, seed, poolLength)
	dsn, summary := clustertest.DSN(t), filepath.Join(t.TempDir(), "summary.json")
	shop := exec.Command(program, "shop", "-database", dsn, "-summary", summary, "-seed", fmt.Sprint(seed),
		"-duration", poolLength.String(), "-surge-after", poolSurge.String(), "-surge-for", s.surge.String())
	shop.Stderr = os.Stderr
	words, err := shop.StdoutPipe()
	must(t, err)
	must(t, shop.Start())
	line, err := bufio.NewReader(words).ReadString('\n')
	must(t, err)
	fields := strings.Fields(line)
	if arm.timeout > 0 {
		limitReports(t, dsn, arm.timeout)
	}
	end := func() {}
	if arm.loop {
		end = watchShop(t, dsn, fields[len(fields)-1], out)
	}
	must(t, shop.Wait())
	end()
	out.summed(t, summary, poolSurge+s.surge)
	return out
}

// limitReports is what somebody does who sets a timeout and leaves it.
func limitReports(t *testing.T, dsn string, timeout time.Duration) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), fmt.Sprintf(`do $$ begin execute format('alter role reports in database %%I set statement_timeout = %d', current_database()); end $$`, timeout.Milliseconds()))
	must(t, err)
}

// watchShop starts an engine with the reaper, which counts by what the shop
// tells of itself.
func watchShop(t *testing.T, dsn, url string, out *ride) (end func()) {
	set := poolSet(dsn)
	act, reaper, err := actuators.New(set.Actuators[0], actuators.Deps{Held: func() bool { return false }})
	must(t, err)
	seen := newTally()
	ctx, cancel := context.WithCancel(context.Background())
	var beside sync.WaitGroup
	beside.Go(func() { _ = reaper.Run(ctx) })
	beside.Go(func() { scrape(ctx, url+"/metrics", seen) })
	e := startEngine(t, sockets(), set, seen, act)
	return func() { e.stop(); cancel(); beside.Wait(); reaper.Close(); e.into(t, out) }
}

// scrape books what the shop's counters have grown by, four times a second.
func scrape(ctx context.Context, url string, seen *tally) {
	var good, all int
	for ctx.Err() == nil {
		if g, a, err := checkouts(ctx, url); err == nil {
			seen.add(g-good, a-all-(g-good))
			good, all = g, a
		}
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// checkouts reads two counters.
func checkouts(ctx context.Context, url string) (good, all int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.ParseFloat(value, 64)
		switch name {
		case "checkout_good_total":
			good = int(n)
		case "checkout_requests_total":
			all = int(n)
		}
	}
	return good, all, lines.Err()
}

// summed takes over what customers saw.
func (r *ride) summed(t *testing.T, path string, after time.Duration) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	var s struct {
		Useful    float64 `json:"useful_report_seconds"`
		PerSecond []beat  `json:"per_second"`
	}
	must(t, json.Unmarshal(text, &s))
	r.Useful = s.Useful
	for i, b := range s.PerSecond[:min(len(s.PerSecond), len(r.PerSecond))] {
		r.PerSecond[i] = b
		r.Good, r.Bad = r.Good+b.Good, r.Bad+b.Bad
	}
	r.Recovered = r.recovered(after)
}

// buildDemo builds the program that the shop is in.
func buildDemo(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "demo")
	if out, err := exec.Command("go", "build", "-o", program, "../demo").CombinedOutput(); err != nil {
		t.Fatalf("build demo: %v\n%s", err, out)
	}
	return program
}
