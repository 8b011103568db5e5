//go:build linux

package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/slo"
)

// TestSimulate: the arms are there and stand in the order that the model is
// known for.
func TestSimulate(t *testing.T) {
	t.Parallel()
	plot := filepath.Join(t.TempDir(), "step.svg")
	got := command(t, nil, "simulate", "testdata/shop.yaml", "--loop", "protect-checkout", "--fault", "runaways@60s+45s", "--output", "json", "--plot", plot)
	if got.code == 0 {
		t.Fatalf("definitions with words to be filled in were read: %s", got)
	}
	got = command(t, nil, "simulate", pastDefinitions(t, "2"), "--duration", "45m", "--fault", "runaways@12m+15m", "--other-seed", "6", "--output", "json", "--plot", plot)
	var r simulated
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.code != 0 {
		t.Fatalf("%v: %s", err, got)
	}
	arm := func(name string) arm {
		i := slices.IndexFunc(r.Arms, func(a arm) bool { return strings.HasPrefix(a.Name, name) })
		if i < 0 {
			t.Fatalf("no arm %q in %s", name, got.out)
		}
		return r.Arms[i]
	}
	off, safe, loop := arm("off"), arm("static 2s"), arm("the loop")
	if off.BadShare < 0.2 || safe.BadShare > 0.01 || loop.BadShare > off.BadShare*0.75 {
		t.Errorf("bad: off %.3f, static 2s %.3f, the loop %.3f", off.BadShare, safe.BadShare, loop.BadShare)
	}
	if loop.Moves < 2 || loop.Moves != r.Trial.Loops[0].Moves || loop.UsefulSeconds < safe.UsefulSeconds || loop.Recovered == nil {
		t.Errorf("the loop: %+v", loop)
	}
	if off.Moves != 0 || arm("watermarks at rest").Cancelled != 0 {
		t.Errorf("off moves %d times, watermarks at rest cancel %d", off.Moves, arm("watermarks at rest").Cancelled)
	}
	checkXML(t, plot)
}

func TestLadder(t *testing.T) {
	for _, c := range []struct {
		rest, tight float64
		asked       []time.Duration
		want        []time.Duration
	}{
		{30, 1, nil, []time.Duration{10e9, 7e9, 5e9, 4e9, 3e9, 2e9, 1e9}},
		{4, 2, nil, []time.Duration{4e9, 3e9, 2e9}},
		{300, 60, nil, []time.Duration{60e9}},
		{30, 1, []time.Duration{25e9}, []time.Duration{25e9}},
	} {
		if got := ladder(slo.Actuator{Rest: c.rest, Tight: c.tight}, c.asked); !slices.Equal(got, c.want) {
			t.Errorf("%g to %g, %v: got %v, want %v", c.rest, c.tight, c.asked, got, c.want)
		}
	}
}
