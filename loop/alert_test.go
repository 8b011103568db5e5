package loop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// alarmed is an objective of 99 % with one policy of two tiers.
func alarmed(change func(*slo.AlertPolicy)) slo.Objective {
	p := slo.AlertPolicy{
		Name: "pager", Title: "Burn", Breaching: true, Resolved: true,
		Conditions: []slo.AlertCondition{
			{Name: "fast", Severity: "page", Burn: slo.NewDecimal(144, 1), Window: time.Hour, Short: 5 * time.Minute},
			{Name: "slow", Severity: "ticket", Burn: slo.NewDecimal(6, 0), Window: 6 * time.Hour, Short: 30 * time.Minute},
		},
	}
	change(&p)
	return slo.Objective{Name: "checkout", Service: "shop", Target: slo.NewDecimal(99, 2), Window: slo.Window{Length: 30 * 24 * time.Hour}, Slice: time.Minute, Alerts: []slo.AlertPolicy{p}}
}

// burning is a state in which windows burn at rates: of 5 min, 30 min, 1 h and
// 6 h. A rate below 0 is a window that is not known.
func burning(at time.Time, rates ...float64) budget.State {
	s := budget.State{
		Objective: "checkout", Service: "shop", Slice: time.Minute, Target: slo.NewDecimal(99, 2),
		Status: budget.OK, At: at, Newest: at, Remaining: 0.15,
	}
	for i, length := range []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour} {
		w := budget.Window{Length: length, Burn: rates[i], Known: rates[i] >= 0}
		if w.Known {
			w.Counts = sli.Counts{Bad: sli.Count(rates[i] * 1000), Good: sli.Count(100_000 - rates[i]*1000), Covered: length}
		}
		s.Windows = append(s.Windows, w)
	}
	return s
}

// shown is alerts in one line: those that are told with a star.
func shown(alerts []loop.Alert) string {
	var out []string
	for _, a := range alerts {
		text := a.Condition + " " + string(a.Phase)
		if a.Told {
			text += "*"
		}
		if a.Blind {
			text += " blind"
		}
		if a.Quiet != "" {
			text += " (" + a.Quiet + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// A look is a state after so many minutes, and the alerts that there are then.
type look struct {
	minute int
	rates  []float64
	status budget.Status
	want   string
}

func TestAlarms(t *testing.T) {
	calm, hot, after, dark := []float64{0, 0, 0, 0}, []float64{20, 20, 20, 20}, []float64{1, 15, 20, 20}, []float64{-1, -1, -1, -1}
	tests := []struct {
		name   string
		change func(*slo.AlertPolicy)
		looks  []look
	}{
		{"both windows begin it, the short one ends it", func(*slo.AlertPolicy) {}, []look{
			{0, calm, "", ""},
			{1, []float64{20, 1, 10, 1}, "", ""},
			{2, hot, "", "fast firing*, slow firing*"},
			{3, after, "", "fast resolved*, slow firing*"},
			{4, calm, "", "fast resolved*, slow resolved*"},
			{17, calm, "", "fast resolved*, slow resolved*"},
			{18, calm, "", "slow resolved*"},
			{19, calm, "", ""},
		}},
		{"after", func(p *slo.AlertPolicy) { p.Conditions[0].After = 2 * time.Minute; p.Conditions[1].Off = true }, []look{
			{0, hot, "", "fast pending"},
			{1, calm, "", ""},
			{2, hot, "", "fast pending"},
			{3, dark, "", ""},
			{4, hot, "", "fast pending"},
			{6, hot, "", "fast firing*"},
		}},
		{"what cannot be seen ends nothing", func(p *slo.AlertPolicy) { p.Conditions[1].Off = true }, []look{
			{0, hot, "", "fast firing*"},
			{1, dark, budget.NoData, "fast firing* blind"},
			{600, dark, budget.NoData, "fast firing* blind"},
			{601, hot, "", "fast firing*"},
			{602, calm, "", "fast resolved*"},
		}},
		{"faster ones keep slower ones quiet", func(p *slo.AlertPolicy) { p.Inhibit = true }, []look{
			{0, hot, "", "fast firing*, slow firing (fast fires already)"},
			{1, after, "", "fast resolved*, slow firing*"},
			{2, hot, "", "fast firing*, slow firing*"},
		}},
		{"kept firing", func(p *slo.AlertPolicy) { p.Keep = 3 * time.Minute; p.Conditions[1].Off = true }, []look{
			{0, hot, "", "fast firing*"},
			{1, calm, "", "fast firing*"},
			{2, hot, "", "fast firing*"},
			{3, calm, "", "fast firing*"},
			{5, dark, "", "fast firing* blind"},
			{6, calm, "", "fast resolved*"},
		}},
		{"few bad events", func(p *slo.AlertPolicy) { p.Conditions[0].MinBad = 21; p.Conditions[1].MinBad = 20 }, []look{
			{0, hot, "", "slow firing*"},
		}},
		{"all together", func(p *slo.AlertPolicy) { p.All = true }, []look{
			{0, []float64{20, 1, 20, 20}, "", ""},
			{1, hot, "", "all firing*"},
			{2, []float64{20, 1, 20, 20}, "", "all resolved*"},
		}},
		{"no data", func(p *slo.AlertPolicy) {
			p.Conditions, p.Breaching = nil, false
			p.NoData = slo.NoDataAlert{On: true, Name: "Unseen", Severity: "ticket", After: 10 * time.Minute}
		}, []look{
			{0, dark, budget.NoData, "no-data pending"},
			{9, dark, budget.NoData, "no-data pending"},
			{10, dark, budget.NoData, "no-data firing*"},
			{11, calm, "", "no-data resolved*"},
		}},
		{"nobody is told", func(p *slo.AlertPolicy) { p.Breaching = false; p.Conditions[1].Off = true }, []look{
			{0, hot, "", "fast firing (the policy tells nobody)"},
		}},
		{"what is used up", func(p *slo.AlertPolicy) {
			p.Conditions = []slo.AlertCondition{{Name: "gone", Spent: slo.NewDecimal(8, 1), Burn: slo.NewDecimal(8, 1), Window: 30 * 24 * time.Hour}}
		}, []look{
			{0, calm, "", "gone firing*"},
			{1, calm, budget.NoData, "gone firing* blind"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, alerts := alarmed(tt.change), []loop.Alert(nil)
			for _, k := range tt.looks {
				s := burning(at(k.minute), k.rates...)
				if k.status != "" {
					s.Status = k.status
				}
				s.Budget = budget.Window{Length: o.Window.Length, Counts: sli.Counts{Bad: 850, Good: 99_150}}
				alerts = loop.Alarms([]slo.Objective{o}, []budget.State{s}, alerts, at(k.minute))
				if diff := cmp.Diff(k.want, shown(alerts)); diff != "" {
					t.Fatalf("minute %d (-want +got):\n%s", k.minute, diff)
				}
			}
		})
	}
}

func at(minute int) time.Time {
	return time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC).Add(time.Duration(minute) * time.Minute)
}

// An alert says when it began, how it is named, and its figures.
func TestAlarmSays(t *testing.T) {
	o := alarmed(func(p *slo.AlertPolicy) { p.Conditions[0].After = time.Minute; p.Conditions[1].Off = true })
	alerts := loop.Alarms([]slo.Objective{o}, []budget.State{burning(at(0), 20, 20, 18, 20)}, nil, at(0))
	alerts = loop.Alarms([]slo.Objective{o}, []budget.State{burning(at(1), 21, 20, 18.5, 20)}, alerts, at(1))
	want := loop.Alert{
		Key: "checkout/pager/fast", Objective: "checkout", Service: "shop", Policy: "pager", Condition: "fast", Name: "Burn", Severity: "page",
		Burn: slo.NewDecimal(144, 1), Phase: loop.AlertFiring, Since: at(0), Fired: at(1), Told: true,
		Why: "checkout burns at 18.5 over 1h and 21.0 over 5m, 14.4 is the limit", Rule: o.Alerts[0],
	}
	if diff := cmp.Diff([]loop.Alert{want}, alerts, cmp.AllowUnexported(slo.Decimal{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	alerts = loop.Alarms(nil, nil, alerts, at(2))
	if got := shown(alerts) + ": " + alerts[0].Why; got != "fast resolved*: it is not defined any more" {
		t.Errorf("an alert without a definition: %s", got)
	}
}

// What nothing happens in is no reason to go on alarming: where a window was
// seen and has no bad event any more, its alert ends.
func TestAlarmWithoutTraffic(t *testing.T) {
	o := alarmed(func(p *slo.AlertPolicy) { p.Conditions[1].Off = true })
	alerts := loop.Alarms([]slo.Objective{o}, []budget.State{burning(at(0), 20, 20, 20, 20)}, nil, at(0))
	silent := burning(at(1), -1, 20, 20, 20)
	silent.Windows[0].Covered = 5 * time.Minute
	if alerts = loop.Alarms([]slo.Objective{o}, []budget.State{silent}, alerts, at(1)); shown(alerts) != "fast firing* blind" {
		t.Errorf("traffic has ceased: %s", shown(alerts))
	}
	silent = burning(at(90), -1, -1, -1, 20)
	silent.Windows[2].Covered = time.Hour
	if alerts = loop.Alarms([]slo.Objective{o}, []budget.State{silent}, alerts, at(90)); shown(alerts) != "fast resolved*" {
		t.Errorf("the incident has left the window: %s", shown(alerts))
	}
}
