package slo_test

import (
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/slo"
)

// inSight are facts of an objective that is seen.
func inSight() slo.Facts {
	return slo.Facts{
		Objective: "shop", Service: "shop", At: time.Date(2026, 3, 29, 0, 59, 0, 0, time.UTC), State: "ok", Remaining: 0.5, Coverage: 1, InSight: true,
		Burn: func(d time.Duration) (float64, bool) { return d.Hours(), d <= 6*time.Hour },
	}
}

func TestCondition(t *testing.T) {
	tests := []struct {
		text  string
		holds bool
		blind string // part of the error
	}{
		{"remaining == 0.5", true, ""},
		{"remaining < 0.5", false, ""},
		{`burn("90m") > 1.4 and burn("90m") < 1.6`, true, ""},
		{`burn("7h") > 1`, false, "the burn rate of shop over 7h is not known"},
		{`remaining > 0.9 and burn("7h") > 1`, false, ""}, // what is not asked for need not be known
		{`hour("Europe/Berlin") == 1`, true, ""},          // the last minute before the clocks go on
		{`labels.tier == "1"`, true, ""},
		{`labels["tier"] in ["1", "2"]`, true, ""},
		{`service matches "^sh"`, true, ""},
		{`remaining > 0.4 ? state == "ok" : false`, true, ""},
		{`1 % 0 == 1`, false, "judge"},
	}
	for _, tt := range tests {
		c := slo.Condition{Text: tt.text, Labels: map[string]string{"tier": "1"}}
		holds, err := c.Holds(inSight())
		if holds != tt.holds || (err != nil) != (tt.blind != "") || err != nil && !strings.Contains(err.Error(), tt.blind) {
			t.Errorf("%s: got %v, %v; want %v, %q", tt.text, holds, err, tt.holds, tt.blind)
		}
	}
}

// TestConditionBounds judges what would cost much, in a record of another
// version: it fails soon.
func TestConditionBounds(t *testing.T) {
	for name, text := range map[string]string{
		"a long list": "remaining in 1..100000000", "many parts": strings.Repeat("not ", 300) + "true", "deep": strings.Repeat("(", 5000) + "true" + strings.Repeat(")", 5000),
	} {
		within(t, 64, 5*time.Second, func() {
			if _, err := (slo.Condition{Text: text}).Holds(inSight()); err == nil && name != "deep" {
				t.Errorf("%s is judged", name)
			}
		})
	}
}

// FuzzCondition reads and judges any text.
func FuzzCondition(f *testing.F) {
	for _, text := range []string{
		`remaining < 0.1 and burn("1h") >= 2 and not (weekday("Europe/Berlin") in ["Saturday", "Sunday"])`,
		`labels.team == "a" ? coverage > 0.5 : change != "feature"`, `date("UTC") matches "12-2[456]$"`, "all(1..9, # > 0)", "let x = 1; x > remaining",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		defer lean(t)
		c := slo.Condition{Text: text}
		first, err := c.Holds(inSight())
		again, wrong := c.Holds(inSight())
		if first != again || (err == nil) != (wrong == nil) {
			t.Fatalf("%q is judged in two ways: %v %v, %v %v", text, first, err, again, wrong)
		}
		_ = c.Windows()
	})
}
