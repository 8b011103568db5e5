package loop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A country is a backend in which regions come and go. All requests of a
// region fail while it is broken.
type country struct {
	lives  map[string][2]time.Time // :: region → from, until
	broken string
	down   bool
	asked  int
}

func (c *country) Groups(_ context.Context, g slo.Grouping, at time.Time) (out []slo.Group, err error) {
	c.asked++
	if c.down {
		return nil, errors.New("no route to backend")
	}
	for region, life := range c.lives {
		if !at.Before(life[0]) && at.Before(life[1]) {
			out = append(out, slo.Group{region})
		}
	}
	return out, nil
}

// Counts reads the region that an objective is about from its query.
func (c *country) Counts(_ context.Context, o slo.Objective, from, to time.Time) (out []sli.Slice, _ error) {
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		s := sli.Slice{Start: at}
		for region, life := range c.lives {
			if of := fmt.Sprintf("region=%q", region); at.Before(life[0]) || !at.Before(life[1]) || strings.Contains(o.Indicator.Total, "region=") && !strings.Contains(o.Indicator.Total, of) {
				continue
			}
			s.Covered = o.Slice
			if region == c.broken {
				s.Bad += 10 * sli.Event
			} else {
				s.Good += 10 * sli.Event
			}
		}
		out = append(out, s)
	}
	return out, nil
}

func grouped(t *testing.T, notes string) *slo.Set {
	t.Helper()
	set, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: []byte(`
apiVersion: openslo/v1
kind: SLO
metadata: {name: fast, annotations: {setpoint.dev/slice: 1m, setpoint.dev/groupBy: region` + notes + `}}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: 2h, isRolling: true}]
  objectives: [{target: 0.9}]
  indicator:
    metadata: {name: fast}
    spec: {ratioMetric: {counter: true, bad: {metricSource: {spec: {query: bad_total}}}, total: {metricSource: {spec: {query: all_total}}}}}
`)}}, func(string) (string, bool) { return "http://localhost:9090", true })
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return set
}

func namesOf(set *slo.Set) (names []string) {
	for _, o := range set.Objectives {
		names = append(names, o.Name)
	}
	return names
}

// Groups that are there, and those that were within the window, have an
// objective; one that is gone for longer leaves.
func TestCensus(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ever := now.Add(1000 * time.Hour)
	land := &country{lives: map[string][2]time.Time{
		"eu": {now.Add(-1000 * time.Hour), ever}, "old": {now.Add(-1000 * time.Hour), now.Add(-50 * time.Minute)},
		"gone": {now.Add(-1000 * time.Hour), now.Add(-6 * time.Hour)}, "us west": {now.Add(30 * time.Minute), ever},
	}}
	set, census := grouped(t, ""), loop.Census{}
	for _, step := range []struct {
		at   time.Duration
		want string
	}{
		{0, "fast fast/region=eu fast/region=old"},
		{31 * time.Minute, "fast fast/region=eu fast/region=old fast/region=us%20west"},
		{2*time.Hour + 10*time.Minute, "fast fast/region=eu fast/region=us%20west"},
	} {
		census.Look(t.Context(), land, set, now.Add(step.at))
		if got := strings.Join(namesOf(set.WithGroups(census.Groups(now.Add(step.at)))), " "); got != step.want {
			t.Errorf("after %s: %s, want %s", step.at, got, step.want)
		}
	}
	if errs := census.Problems(); len(errs) > 0 || land.asked > 10 {
		t.Errorf("problems %v after %d questions", errs, land.asked)
	}
	land.down = true
	census.Look(t.Context(), land, set, now.Add(3*time.Hour))
	if got := len(set.WithGroups(census.Groups(now.Add(3 * time.Hour))).Objectives); got != 3 || len(census.Problems()) != 1 {
		t.Errorf("a backend that is down leaves %d objectives and the problems %v", got, census.Problems())
	}
}

// Beyond the limit the groups that were there first are kept, and it is told.
func TestCensusLimit(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	land := &country{lives: map[string][2]time.Time{}}
	for i := range 5 {
		land.lives[fmt.Sprintf("r%d", i)] = [2]time.Time{now.Add(-time.Hour - time.Duration(i)*time.Minute), now.Add(time.Hour)}
	}
	set, census := grouped(t, `, setpoint.dev/groupLimit: "2"`), loop.Census{}
	census.Look(t.Context(), land, set, now.Add(time.Minute))
	land.lives["a"] = [2]time.Time{now.Add(time.Minute), now.Add(time.Hour)}
	census.Look(t.Context(), land, set, now.Add(2*time.Minute))
	full := set.WithGroups(census.Groups(now.Add(2 * time.Minute)))
	if got := namesOf(full); len(got) != 3 || slices.Contains(got, "fast/region=a") {
		t.Errorf("objectives %v", got)
	}
	if errs := census.Problems(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "fast has 6 groups and keeps 2 of them") {
		t.Errorf("problems %v", errs)
	}
}

// One region fails: its own budget is gone; of all together a third is bad by
// events, all of it where any that is down counts, nothing where all have to
// be. A region that appears is taken in while the loop runs.
func TestGroupsInTheLoop(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for notes, want := range map[string]float64{"": 1. / 3, ", setpoint.dev/groupAggregate: anyDown": 1, ", setpoint.dev/groupAggregate: allDown": 0, `, setpoint.dev/groupWeights: "us=2"`: 0.5} {
		ever := [2]time.Time{now.Add(-1000 * time.Hour), now.Add(1000 * time.Hour)}
		land := &country{broken: "us", lives: map[string][2]time.Time{"eu": ever, "us": ever, "asia": {now.Add(-10 * time.Hour), ever[1]}}}
		set, census := grouped(t, notes), loop.Census{}
		census.Look(t.Context(), land, set, now)
		full := set.WithGroups(census.Groups(now))
		l, err := loop.New(loop.Config{Set: full, Source: loop.SourceFunc(land.Counts), Records: ledger.NewMemory()})
		if err != nil {
			t.Fatal(err)
		}
		l.Tick(t.Context(), now.Add(5*time.Second))
		shares := badShares(t, l.Tick(t.Context(), now.Add(65*time.Second)))
		if shares["fast"] < want-1e-9 || shares["fast"] > want+1e-9 || shares["fast/region=us"] != 1 || shares["fast/region=eu"] != 0 || len(shares) != 4 {
			t.Errorf("%q: shares of bad %v, want %g of all", notes, shares, want)
		}
		land.lives["moon"] = [2]time.Time{now, ever[1]}
		census.Look(t.Context(), land, set, now.Add(2*time.Minute))
		if err := l.Use(set.WithGroups(census.Groups(now.Add(2*time.Minute))), loop.SourceFunc(land.Counts), nil); err != nil {
			t.Fatal(err)
		}
		if shares := badShares(t, l.Tick(t.Context(), now.Add(185*time.Second))); len(shares) != 5 || shares["fast/region=moon"] != 0 || shares["fast/region=us"] != 1 {
			t.Errorf("%q: with a new region %v", notes, shares)
		}
	}
}

func badShares(t *testing.T, r loop.Report) map[string]float64 {
	t.Helper()
	if len(r.Errs) > 0 {
		t.Fatal(r.Errs)
	}
	out := map[string]float64{}
	for _, s := range r.States {
		out[s.Objective] = float64(s.Budget.Bad) / float64(max(s.Budget.Total(), 1))
	}
	return out
}

// The gate goes by all groups together unless a policy names one.
func TestGateOfGroups(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	full := grouped(t, "").WithGroups(map[string][]slo.Group{"fast": {{"eu"}, {"us"}}})
	a := loop.Gate(loop.GateView{Set: full, Report: loop.Report{At: now}}, loop.GateQuestion{Service: "shop", At: now})
	for _, r := range a.Reasons {
		if strings.Contains(r.Objective, "/") {
			t.Errorf("the gate goes by %s", r.Objective)
		}
	}
}
