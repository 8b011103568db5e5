package loop_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// staged is the healthy shop with its freeze at a stage, which thaws at two
// releases an hour.
func staged(stage float64, lets ...loop.Let) loop.GateView {
	v := view()
	v.Set.Actuators[0].Freezing.Thaw = slo.Thaw{For: 24 * time.Hour, Releases: 2, Per: time.Hour}
	v.Set.Policies = []slo.ReleasePolicy{{Name: "p", Service: "shop", AlwaysAllowed: []string{"security"}}}
	v.Report.Settings[0].Value = stage
	v.Let = lets
	return v
}

// TestStages: what goes at each stage of a freeze, by class of change.
func TestStages(t *testing.T) {
	for stage, want := range map[float64]map[string]slo.Verdict{
		slo.StageOpen:       {"": slo.Allow, "feature": slo.Allow, "small": slo.Allow, "fix": slo.Allow, "security": slo.Allow},
		slo.StageCaution:    {"": slo.Hold, "feature": slo.Hold, "small": slo.Allow, "fix": slo.Allow, "security": slo.Allow},
		slo.StageThawing:    {"": slo.Allow, "feature": slo.Allow, "small": slo.Allow, "fix": slo.Allow, "security": slo.Allow},
		0.6:                 {"": slo.Deny, "feature": slo.Deny, "small": slo.Deny, "fix": slo.Allow, "security": slo.Allow},
		slo.StageRestricted: {"": slo.Deny, "feature": slo.Deny, "small": slo.Deny, "fix": slo.Allow, "security": slo.Allow},
		slo.StageFrozen:     {"": slo.Deny, "feature": slo.Deny, "small": slo.Deny, "fix": slo.Deny, "security": slo.Allow},
	} {
		for change, verdict := range want {
			a := loop.Gate(staged(stage), loop.GateQuestion{Service: "shop", At: noon, Change: change})
			if a.Verdict != verdict || a.State != slo.Stage(stage) {
				t.Errorf("a %q at %s: got %s in state %s, want %s: %s", change, slo.Stage(stage), a.Verdict, a.State, verdict, a.Words)
			}
		}
	}
}

// TestClassesOfYourOwn: what goes at a stage can be said, and nothing can.
func TestClassesOfYourOwn(t *testing.T) {
	v := staged(slo.StageCaution)
	v.Set.Actuators[0].Freezing.Caution = []string{"copy"}
	ask := func(change string) slo.Verdict {
		return loop.Gate(v, loop.GateQuestion{Service: "shop", At: noon, Change: change}).Verdict
	}
	if got := ask("copy"); got != slo.Allow {
		t.Errorf("a class that is named: got %s", got)
	}
	if got := ask("fix"); got != slo.Hold {
		t.Errorf("a class that is not named: got %s", got)
	}
	v.Set.Actuators[0].Freezing.Caution = []string{}
	if got := ask("copy"); got != slo.Hold {
		t.Errorf("no class is named: got %s", got)
	}
}

// TestPacedThaw: while a freeze thaws releases go one after the other.
func TestPacedThaw(t *testing.T) {
	ago := func(m int) time.Time { return noon.Add(-time.Duration(m) * time.Minute) }
	for name, tt := range map[string]struct {
		lets    []loop.Let
		release string
		change  string
		want    slo.Verdict
		counts  bool      // the answer counts for those after it
		until   time.Time // zero: nothing is waited for
	}{
		"the first":                          {nil, "v1", "", slo.Allow, true, time.Time{}},
		"the last that may":                  {[]loop.Let{{Release: "v1", At: ago(1)}}, "v2", "", slo.Allow, true, time.Time{}},
		"one too many":                       {[]loop.Let{{Release: "v2", At: ago(1)}, {Release: "v1", At: ago(20)}}, "v3", "", slo.Hold, false, noon.Add(40 * time.Minute)},
		"one more, of those who went before": {[]loop.Let{{Release: "v2", At: ago(1)}, {Release: "v1", At: ago(20)}}, "v1", "", slo.Allow, true, time.Time{}},
		"asked about often":                  {[]loop.Let{{Release: "v1", At: ago(1)}, {Release: "v1", At: ago(20)}}, "v2", "", slo.Allow, true, time.Time{}},
		"an hour later":                      {[]loop.Let{{Release: "v2", At: ago(1)}, {Release: "v1", At: ago(60)}}, "v3", "", slo.Allow, true, time.Time{}},
		"without names":                      {[]loop.Let{{At: ago(1)}, {At: ago(20)}}, "", "", slo.Hold, false, noon.Add(40 * time.Minute)},
		"more than may":                      {[]loop.Let{{At: ago(1)}, {At: ago(20)}, {At: ago(30)}}, "", "", slo.Hold, false, noon.Add(40 * time.Minute)},
		"what mends":                         {[]loop.Let{{At: ago(1)}, {At: ago(20)}}, "v9", "fix", slo.Allow, false, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			a := loop.Gate(staged(slo.StageThawing, tt.lets...), loop.GateQuestion{Service: "shop", At: noon, Release: tt.release, Change: tt.change})
			if a.Verdict != tt.want || !a.MayChangeAt.Equal(tt.until) {
				t.Errorf("got %s until %s, want %s until %s: %s", a.Verdict, a.MayChangeAt, tt.want, tt.until, a.Words)
			}
			if got := len(loop.LetGo([]loop.Verdict{{Answer: a}})) == 1; got != tt.counts {
				t.Errorf("counts for those after it: %t, want %t", got, tt.counts)
			}
		})
	}
}

// TestPaces: releases are counted while a freeze of the service thaws, and
// only then.
func TestPaces(t *testing.T) {
	for stage, want := range map[float64]time.Duration{slo.StageOpen: 0, slo.StageThawing: time.Hour, slo.StageFrozen: 0} {
		if got := staged(stage).Paces(loop.GateQuestion{Service: "shop"}); got != want {
			t.Errorf("paces at %s: got %s, want %s", slo.Stage(stage), got, want)
		}
	}
	if got := staged(slo.StageThawing).Paces(loop.GateQuestion{Service: "other"}); got != 0 {
		t.Errorf("paces another service: %s", got)
	}
}

// TestTightestStage: of several freezes the tightest is the answer's state, a
// person's goes before all, and one without freezes has none.
func TestTightestStage(t *testing.T) {
	v := staged(slo.StageRestricted)
	v.Set.Actuators = append(v.Set.Actuators, slo.Actuator{Name: "more", Service: "shop", Kind: slo.Freeze, Tight: 1})
	v.Report.Settings = append(v.Report.Settings, loop.Setting{Actuator: "more", Service: "shop", Kind: "freeze", Value: slo.StageCaution})
	q := loop.GateQuestion{Service: "shop", At: noon}
	if got := loop.Gate(v, q).State; got != "restricted" {
		t.Errorf("of two: state %q", got)
	}
	v.Report.Orders = []loop.Order{{Kind: loop.OrderFreeze, Target: "shop", By: "ann", Why: "audit", At: noon}}
	if got := loop.Gate(v, q).State; got != "frozen" {
		t.Errorf("frozen by a person: state %q", got)
	}
	v = view()
	v.Set.Actuators, v.Report.Settings = nil, nil
	if got := loop.Gate(v, q).State; got != "" {
		t.Errorf("without a freeze: state %q", got)
	}
}
