package loop_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func baseRule(objective string) slo.Rule {
	return slo.Rule{Name: objective, Objective: objective, Law: slo.Bases, Base: &slo.Base{
		Window: time.Minute, Quantile: slo.NewDecimal(999, 3), History: 7 * 24 * time.Hour, Every: 24 * time.Hour, Samples: 50, Growth: slo.NewDecimal(125, 2),
	}}
}

// drawLearned draws what may have been seen of work in the last ten days.
func drawLearned(t *rapid.T) *loop.Learned {
	if !rapid.Bool().Draw(t, "learns") {
		return nil
	}
	l := &loop.Learned{Base: rapid.Int64Range(0, 40_000).Draw(t, "base")}
	if l.Base > 0 {
		l.Since = noon.Add(-time.Duration(rapid.IntRange(1, 50).Draw(t, "learned before")) * time.Hour)
	}
	for day := -10; day <= 0; day++ {
		p := loop.Part{From: noon.Truncate(24*time.Hour).AddDate(0, 0, day), Cut: int64(rapid.IntRange(0, 1).Draw(t, "cut"))}
		for _, ms := range slices.Compact(slices.Sorted(slices.Values(rapid.SliceOfN(rapid.IntRange(1, 60_000), 0, 3).Draw(t, "took")))) {
			p.Took = append(p.Took, [2]int64{int64(ms), int64(rapid.IntRange(1, 40).Draw(t, "how many"))})
		}
		l.Parts = append(l.Parts, p)
	}
	return l
}

// healthy is a look at a loop that only learns, while all is well.
func healthy(l *loop.Learned) loop.Input {
	a := slo.Actuator{Name: "dial", Service: "shop", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1, Unit: "s"}
	r := baseRule("fast")
	w := budget.Window{Length: r.Base.Window, Counts: sli.Counts{Good: 100 * sli.Event, Covered: r.Base.Window}, Known: true}
	return loop.Input{
		At: noon, Actuator: a, Current: 30, Learned: l, Loop: slo.ControlLoop{Name: "protect", Actuator: "dial", Mode: slo.Act, Rules: []slo.Rule{r}},
		Evidence: []budget.State{{Objective: "fast", Target: slo.NewDecimal(99, 2), Status: budget.OK, Windows: []budget.Window{w}}},
	}
}

// TestBaseIsTheQuantile compares a lesson with what sorting every single
// duration gives, no further from the last base than it may go.
func TestBaseIsTheQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := healthy(drawLearned(t))
		last, all := int64(30_000), []int64{}
		if in.Learned != nil {
			if in.Learned.Base > 0 {
				last = min(max(in.Learned.Base, 1000), 30_000)
			}
			for _, p := range in.Learned.Parts {
				if p.From.Add(24 * time.Hour).After(noon.Add(-7 * 24 * time.Hour)) {
					for _, took := range p.Took {
						all = append(all, slices.Repeat([]int64{took[0]}, int(took[1]))...)
					}
					all = append(all, slices.Repeat([]int64{math.MaxInt64}, int(p.Cut))...)
				}
			}
		}
		slices.Sort(all)
		want := last
		if n := len(all); n >= 50 && (in.Learned.Since.IsZero() || noon.Sub(in.Learned.Since) >= 24*time.Hour) {
			want = min(max(all[(n*999+999)/1000-1], last*100/125), last*125/100)
			want = min(max(want, 1000), 30_000)
		}
		if got := loop.Decide(in).Pulls[0]; int64(math.Round(got.Wanted*1000)) != want {
			t.Fatalf("wants %g after %d of %d statements, want %d ms (%s)", got.Wanted, last, len(all), want, got.Why)
		}
	})
}

// TestNothingIsLearned while anything is not well: the base stays where it was.
func TestNothingIsLearned(t *testing.T) {
	order, tight := &loop.Order{ID: "o", By: "ann", Why: "drill", Setting: new(float64)}, slo.Rule{Name: "tight", Objective: "fast", Law: slo.Watermarks, Watermark: slo.Watermark{Signal: slo.SignalRemaining, Tighten: slo.NewDecimal(2, 0), Relax: slo.NewDecimal(3, 0), Step: 25}}
	unseen := tight
	unseen.Objective = "unseen"
	for name, ill := range map[string]func(*loop.Input){
		"ledger down":   func(in *loop.Input) { in.LedgerDown = "no route" },
		"unreadable":    func(in *loop.Input) { in.Unreadable = "no route" },
		"foreign":       func(in *loop.Input) { in.Foreign = "somebody" },
		"stopped":       func(in *loop.Input) { in.Conditions.Stop = order },
		"frozen":        func(in *loop.Input) { in.Conditions.Freeze = order },
		"pinned":        func(in *loop.Input) { in.Conditions.Pin = order },
		"tightened":     func(in *loop.Input) { in.Current = 10 },
		"burning":       func(in *loop.Input) { in.Evidence[0].Windows[0].Counts.Bad = 2 * sli.Event },
		"another rule":  func(in *loop.Input) { in.Loop.Rules = append(in.Loop.Rules, tight) },
		"a blind rule":  func(in *loop.Input) { in.Loop.Rules = append(in.Loop.Rules, unseen) },
		"out of sight":  func(in *loop.Input) { in.Evidence[0].Windows[0].Known = false },
		"not measured":  func(in *loop.Input) { in.Evidence = nil },
		"all is well":   func(*loop.Input) {},
		"of late alone": func(in *loop.Input) { in.Learned.Since = noon.Add(-time.Hour) },
	} {
		seen := loop.Learned{Base: 20_000, Since: noon.AddDate(0, 0, -2), Parts: []loop.Part{{From: noon.Truncate(24 * time.Hour), Took: [][2]int64{{5000, 1000}}}}}
		in := healthy(&seen)
		in.Current = 20
		ill(&in)
		p := loop.Decide(in).Pulls[0]
		if learned := p.Wanted == 16; learned != (name == "all is well") {
			t.Errorf("%s: wants %g (%s)", name, p.Wanted, p.Why)
		}
	}
}

// FuzzLearned reads what a ledger may hold of lessons; what can be read at all
// can be decided by, and comes to the same again.
func FuzzLearned(f *testing.F) {
	f.Add(`{"base":24000,"since":"2026-03-01T12:00:00Z","parts":[{"from":"2026-03-02T00:00:00Z","took":[[22769,1000]],"cut":2}]}`)
	f.Add(`{"base":-1,"parts":[{"took":[[-5,9223372036854775807],[1,1]],"cut":-3}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var l loop.Learned
		if json.Unmarshal([]byte(text), &l) != nil {
			return
		}
		in := healthy(&l)
		if d := loop.Decide(in); d.To < 1 || d.To > 30 || d.Words != loop.Decide(in).Words {
			t.Errorf("decides for %g (%s)", d.To, d.Words)
		}
	})
}
