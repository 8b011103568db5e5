package ledgertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
)

func decisionIDs(records []ledger.Record) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.Decision.ID)
	}
	return out
}

func decisions(t *testing.T, l Ledger) {
	mustLead(t, l)
	other := Move("d3", at(3), 1)
	other.Actuator = "freeze"
	mustBegin(t, l, Hold("d1", at(1)), Move("d2", at(2), 1), other, Move("d4", at(4), 3), Hold("d5", at(5)))
	mustFinish(t, l, loop.Outcome{Decision: "d4", At: at(4), Applied: true, ReadBack: 3})
	tests := []struct {
		name string
		f    ledger.DecisionFilter
		want []string
	}{
		{"all", ledger.DecisionFilter{}, []string{"d5", "d4", "d3", "d2", "d1"}},
		{"of an actuator", ledger.DecisionFilter{Actuator: "query-timeout"}, []string{"d5", "d4", "d2", "d1"}},
		{"moves", ledger.DecisionFilter{Moves: true}, []string{"d4", "d3", "d2"}},
		{"between", ledger.DecisionFilter{From: at(2), To: at(4)}, []string{"d3", "d2"}},
		{"a page", ledger.DecisionFilter{Limit: 2}, []string{"d5", "d4"}},
		{"the next page", ledger.DecisionFilter{Limit: 2, Before: 4}, []string{"d3", "d2"}},
		{"everything at once", ledger.DecisionFilter{Actuator: "query-timeout", Moves: true, Before: 4, From: at(0), To: at(9), Limit: 1}, []string{"d2"}},
		{"none", ledger.DecisionFilter{Actuator: "unheard-of"}, nil},
	}
	for _, test := range tests {
		got, err := l.Decisions(t.Context(), test.f)
		check(t, test.name, err)
		diff(t, test.name, decisionIDs(got), test.want)
	}
	got, err := l.Decisions(t.Context(), ledger.DecisionFilter{Before: 5, Limit: 1})
	check(t, "Decisions", err)
	diff(t, "record", got, []ledger.Record{{Seq: 4, Decision: Move("d4", at(4), 3), Outcomes: []loop.Outcome{{Decision: "d4", At: at(4), Applied: true, ReadBack: 3}}}})
}

func decisionByPrefix(t *testing.T, l Ledger) {
	mustLead(t, l)
	mustBegin(t, l, Hold("abc", at(1)), Hold("abcd", at(2)), Hold("ab%", at(3)), Hold("zz-é", at(4)))
	tests := []struct {
		id, want string
		err      error
	}{
		{"abcd", "abcd", nil},
		{"abc", "abc", nil}, // exact goes before the longer one
		{"ab%", "ab%", nil}, // no wildcard
		{"z", "zz-é", nil},
		{"zz-é", "zz-é", nil},
		{"ab", "", ledger.ErrAmbiguous},
		{"%", "", ledger.ErrNotFound},
		{"abx", "", ledger.ErrNotFound},
		{"zzz", "", ledger.ErrNotFound},
		{"", "", ledger.ErrNotFound},
	}
	for _, test := range tests {
		got, err := l.Decision(t.Context(), test.id)
		if got.Decision.ID != test.want || !errors.Is(err, test.err) {
			t.Errorf("Decision(%q) = %q, %v, want %q, %v", test.id, got.Decision.ID, err, test.want, test.err)
		}
	}
}

// Each goes over pages, in order, and stops when told.
func each(t *testing.T, l Ledger) {
	mustLead(t, l)
	const n = 7
	for i := range n {
		mustBegin(t, l, Hold(fmt.Sprintf("d%d", i), at(i)))
	}
	var got []int64
	check(t, "Each", l.Each(t.Context(), func(r ledger.Record) error {
		got = append(got, r.Seq)
		return nil
	}))
	diff(t, "order", got, []int64{1, 2, 3, 4, 5, 6, 7})
	enough, calls := errors.New("enough"), 0
	err := l.Each(t.Context(), func(ledger.Record) error {
		if calls++; calls == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || calls != 3 {
		t.Errorf("Each that is stopped: %v after %d calls, want %v after 3", err, calls, enough)
	}
}

func settingHistory(t *testing.T, l Ledger) {
	mustLead(t, l)
	blind := Hold("blind", at(40))
	blind.Input.Unreadable = "timeout"
	other := Move("other", at(15), 1)
	other.Actuator = "freeze"
	later := Hold("h2", at(20))
	later.From, later.To, later.Wanted = 1, 1, 1
	mustBegin(t, l, Hold("h1", at(0)), Move("m1", at(10), 1), other, later, blind, Move("failed", at(45), 0.5))
	mustFinish(t, l,
		loop.Outcome{Decision: "h1", At: at(10), Until: at(9), Ticks: 10},
		loop.Outcome{Decision: "m1", At: at(10), Applied: true, ReadBack: 1},
		loop.Outcome{Decision: "h2", At: at(40), Until: at(39), Ticks: 20},
		loop.Outcome{Decision: "blind", At: at(45), Until: at(44), Ticks: 5},
		loop.Outcome{Decision: "failed", At: at(45), Error: "refused"})
	read := func(what string, from, to time.Time, want ...ledger.Point) {
		t.Helper()
		got, err := l.SettingHistory(t.Context(), "query-timeout", from, to)
		check(t, "SettingHistory", err)
		diff(t, what, got, want)
	}
	all := []ledger.Point{{At: at(0), Value: 2, Decision: "h1"}, {At: at(9), Value: 2, Decision: "h1"},
		{At: at(10), Value: 2, Decision: "m1"}, {At: at(10), Value: 1, Decision: "m1"},
		{At: at(20), Value: 1, Decision: "h2"}, {At: at(39), Value: 1, Decision: "h2"}, {At: at(45), Value: 2, Decision: "failed"}}
	read("all", at(-1), at(60), all...)
	read("from within a hold", at(15), at(40), all[3:6]...)
	read("the end is not included", at(-1), at(10), all[:2]...)
	read("nothing but what came before", at(50), at(60), all[6])
	read("before the first", at(-9), at(-5))
}
