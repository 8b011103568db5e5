package ledgertest

import (
	"math"
	"testing"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
)

func settings(t *testing.T, l Ledger) {
	mustLead(t, l)
	want := func(what string, value float64, ok bool) {
		t.Helper()
		v, found, err := l.Setting(t.Context(), "query-timeout")
		check(t, "Setting", err)
		if v != value || found != ok {
			t.Errorf("%s: setting %v, %v, want %v, %v", what, v, found, value, ok)
		}
	}
	want("before any", 0, false)
	first, late, second := Move("d1", at(0), 1), Move("late", at(0), 0.25), Move("d2", at(1), 0.5)
	mustBegin(t, l, first, late, second)
	check(t, "PutSetting", l.PutSetting(t.Context(), Carry(first)))
	want("first", 1, true)
	check(t, "PutSetting", l.PutSetting(t.Context(), Carry(second)))
	check(t, "PutSetting twice", l.PutSetting(t.Context(), Carry(second)))
	want("second", 0.5, true)
	check(t, "PutSetting of the first again", l.PutSetting(t.Context(), Carry(first)))
	want("an old move that arrives again changes nothing", 0.5, true)
	wantErr(t, "PutSetting of an older move that is late", l.PutSetting(t.Context(), Carry(late)), loop.ErrDeposed)
	want("an older move that is late is refused", 0.5, true)
	other := Move("d3", at(2), 1)
	other.Actuator, other.Input.Actuator.Name = "freeze", "freeze"
	mustBegin(t, l, other)
	check(t, "PutSetting of another", l.PutSetting(t.Context(), Carry(other)))
	kept, err := l.Kept(t.Context())
	check(t, "Kept", err)
	var got []string
	for _, d := range kept {
		got = append(got, d.ID)
	}
	diff(t, "the newest of each actuator", got, []string{"d3", "d2"})
}

// What is not on record is not done.
func settingsRefused(t *testing.T, l Ledger) {
	mustLead(t, l)
	mustBegin(t, l, Move("d1", at(0), 1), Hold("h", at(0)))
	tests := []struct {
		name  string
		spoil func(*loop.Move)
		want  error
	}{
		{"unknown decision", func(m *loop.Move) { m.Decision = "d9" }, ledger.ErrNotFound},
		{"another setting", func(m *loop.Move) { m.Setting = 0 }, ledger.ErrNotFound},
		{"another actuator", func(m *loop.Move) { m.Actuator = "freeze" }, ledger.ErrNotFound},
		{"another epoch", func(m *loop.Move) { m.Epoch = 7 }, ledger.ErrNotFound},
		{"a hold", func(m *loop.Move) { m.Decision, m.Setting = "h", 2 }, ledger.ErrNotFound},
		{"epoch 0", func(m *loop.Move) { m.Epoch = 0 }, ledger.ErrInvalid},
		{"no decision", func(m *loop.Move) { m.Decision = "" }, ledger.ErrInvalid},
		{"no actuator", func(m *loop.Move) { m.Actuator = "" }, ledger.ErrInvalid},
		{"not a number", func(m *loop.Move) { m.Setting = math.Inf(-1) }, ledger.ErrInvalid},
	}
	for _, test := range tests {
		m := Carry(Move("d1", at(0), 1))
		test.spoil(&m)
		wantErr(t, test.name, l.PutSetting(t.Context(), m), test.want)
	}
	if _, ok, err := l.Setting(t.Context(), "query-timeout"); ok || err != nil {
		t.Errorf("Setting after refusals: %v, %v, want none", ok, err)
	}
}

func definitions(t *testing.T, l Ledger) {
	text := []byte("loop: protect-checkout\nwords: \"<≤ & ü>\"\n")
	check(t, "Define", l.Define(t.Context(), "sha256:1f", text))
	check(t, "Define twice", l.Define(t.Context(), "sha256:1f", text))
	got, err := l.Definition(t.Context(), "sha256:1f")
	check(t, "Definition", err)
	diff(t, "definition", string(got), string(text))
	wantErr(t, "Define other text", l.Define(t.Context(), "sha256:1f", []byte("other")), ledger.ErrConflict)
	wantErr(t, "Define without a policy", l.Define(t.Context(), "", text), ledger.ErrInvalid)
	wantErr(t, "Define what is not text", l.Define(t.Context(), "sha256:2e", []byte{0xff}), ledger.ErrInvalid)
	wantErr(t, "Define NUL", l.Define(t.Context(), "sha256:2e", []byte{0}), ledger.ErrInvalid)
	_, err = l.Definition(t.Context(), "sha256:2e")
	wantErr(t, "Definition of none", err, ledger.ErrNotFound)
}
