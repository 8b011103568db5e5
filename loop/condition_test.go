package loop_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// burningInput is a freeze that is open and a tier that asks for it to be
// tight, while a condition holds.
func burningInput(when string, change func(*budget.State)) loop.Input {
	hour := budget.Window{Length: time.Hour, Counts: sli.Counts{Good: 900 * sli.Event, Bad: 100 * sli.Event, Covered: time.Hour}, Burn: 10, Known: true}
	s := budget.State{
		Objective: "fast", Service: "shop", At: noon, Newest: noon, Since: noon.Add(-time.Hour), Slice: time.Minute, Target: slo.NewDecimal(99, 2),
		Status: budget.Burning, Remaining: 0.4, Budget: hour, Windows: []budget.Window{hour},
	}
	if change != nil {
		change(&s)
	}
	tier := slo.Tier{Name: "fast", Burn: slo.NewDecimal(6, 0), Long: time.Hour, Short: time.Hour, Setting: 1, Leave: slo.NewDecimal(3, 0), Hold: time.Hour}
	return loop.Input{
		At: noon, Evidence: []budget.State{s}, Term: loop.Term{Epoch: 1},
		Actuator: slo.Actuator{Name: "releases", Kind: slo.Freeze, Tight: 1},
		Loop: slo.ControlLoop{Name: "releases", Actuator: "releases", Mode: slo.Act, Rules: []slo.Rule{{
			Name: "fast", Objective: "fast", Law: slo.Tiers, Tiers: []slo.Tier{tier},
			When: &slo.Condition{Text: when, Labels: map[string]string{"team": "a"}},
		}}},
	}
}

// TestWhen decides by rules with conditions: one that holds lets its rule
// speak, one that does not lets it ask for nothing, and one that cannot be
// judged makes it blind.
func TestWhen(t *testing.T) {
	unseen := func(s *budget.State) { s.Status, s.Windows[0].Known = budget.NoData, false }
	tests := []struct {
		when    string
		change  func(*budget.State)
		current float64
		verb    loop.Verb
		blind   loop.Reason
	}{
		{"remaining < 0.5", nil, 0, loop.Tighten, ""},
		{"remaining < 0.3", nil, 0, loop.Hold, ""},
		{"remaining < 0.3", nil, 1, loop.Relax, ""},
		{`burn("1h") > 9 and state == "burning" and coverage == 1`, nil, 0, loop.Tighten, ""},
		{`burn("2h") > 9`, nil, 1, loop.Hold, loop.ReasonNoData},
		{"remaining < 0.3", unseen, 1, loop.Hold, loop.ReasonNoData},
		{"coverage > 0.3", unseen, 1, loop.Hold, loop.ReasonNoData},
		{`state != "no-data" and remaining < 0.3`, unseen, 1, loop.Hold, loop.ReasonNoData},
		{`labels.team == "a" and labels.tier == "" and service == "shop" and objective == "fast"`, nil, 0, loop.Tighten, ""},
		{`weekday("Europe/Berlin") == "` + noon.Weekday().String() + `" and date("UTC") == "` + noon.Format(time.DateOnly) + `" and hour("UTC") == 12`, nil, 0, loop.Tighten, ""},
		{`hour("Asia/Tokyo") == 21`, nil, 0, loop.Tighten, ""},
		{`change == "" and environment == ""`, nil, 0, loop.Tighten, ""},
		{"nonsense(", nil, 1, loop.Hold, loop.ReasonNoData}, // of a newer version, in a record
	}
	for _, tt := range tests {
		in := burningInput(tt.when, tt.change)
		in.Current = tt.current
		d := loop.Decide(in)
		if d.Verb != tt.verb || d.Pulls[0].Blind != tt.blind || d.Pulls[0].Why == "" {
			t.Errorf("%s: got %s, blind %q (%s); want %s, %q", tt.when, d.Verb, d.Pulls[0].Blind, d.Words, tt.verb, tt.blind)
		}
		replays(t, in)
	}
}

// replays makes a decision again from what the ledger keeps of it.
func replays(t *testing.T, in loop.Input) {
	t.Helper()
	text := loop.Definition(in.Loop, in.Actuator)
	in.Policy = loop.PolicyHash(text)
	body, err := json.Marshal(loop.Decide(in))
	if err != nil {
		t.Fatal(err)
	}
	var kept loop.Decision
	if err := json.Unmarshal(body, &kept); err != nil {
		t.Fatal(err)
	}
	if again, same, err := loop.Redecide(kept, text); err != nil || !same {
		t.Errorf("replay: %v, same %v: %s", err, same, again.Words)
	}
}

// TestGateRules asks a gate whose policy has rules of its own.
func TestGateRules(t *testing.T) {
	rule := func(when string) slo.ReleaseRule {
		return slo.ReleaseRule{Name: "own", Verdict: slo.Deny, Message: "not today", When: map[string]slo.Condition{"fast": {Text: when}}}
	}
	tests := []struct {
		when     string
		onNoData slo.Verdict
		status   budget.Status
		change   string
		verdict  slo.Verdict
		code     string
	}{
		{"remaining < 0.9", "", budget.OK, "", slo.Deny, loop.GateRule},
		{"remaining < 0.7", "", budget.OK, "", slo.Allow, loop.GateBudget},
		{`change == "feature" and environment == "prod"`, "", budget.OK, "feature", slo.Deny, loop.GateRule},
		{`change == "feature"`, "", budget.OK, "docs", slo.Allow, loop.GateBudget},
		{"remaining < 0.9", "", budget.OK, "rollback", slo.Allow, loop.GateExempt},
		{`burn("6h") > 1`, slo.Allow, budget.OK, "", slo.Hold, loop.GateNoData},
		{`burn("6h") > 1`, slo.Deny, budget.OK, "", slo.Deny, loop.GateNoData},
		{"remaining > 0.9", slo.Allow, budget.NoData, "", slo.Hold, loop.GateNoData},
	}
	for _, tt := range tests {
		v := view()
		v.Report.States[0].Status = tt.status
		v.Set.Policies = []slo.ReleasePolicy{{Name: "p", Service: "shop", OnNoData: tt.onNoData, Rules: []slo.ReleaseRule{rule(tt.when)}}}
		a := loop.Gate(v, loop.GateQuestion{Service: "shop", At: noon, Change: tt.change, Environment: "prod"})
		if a.Verdict != tt.verdict || !slices.ContainsFunc(a.Reasons, func(r loop.GateReason) bool { return r.Code == tt.code }) {
			t.Errorf("%s: got %s (%+v), want %s by %s", tt.when, a.Verdict, a.Reasons, tt.verdict, tt.code)
		}
		if tt.code == loop.GateRule && !strings.Contains(a.Words, "not today") {
			t.Errorf("%s: the message is not said: %s", tt.when, a.Words)
		}
	}
}

// TestWhenIsMeasured keeps the windows that conditions look at.
func TestWhenIsMeasured(t *testing.T) {
	c := slo.Condition{Text: `burn("45m") > 1 or burn("3h") > 2 or burn("45m") > remaining`}
	if got := c.Windows(); !slices.Equal(got, []time.Duration{45 * time.Minute, 3 * time.Hour, 45 * time.Minute}) {
		t.Errorf("got %v", got)
	}
}
