package ledgertest

import (
	"errors"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
)

// fill writes into every chain.
func fill(t *testing.T, l Ledger) {
	t.Helper()
	mustLead(t, l)
	check(t, "Define", l.Define(t.Context(), "sha256:1f", []byte("text")))
	check(t, "Revise", l.Revise(t.Context(), []loop.Version{Version("checkout", "a", -1), Version("checkout", "b", 2)}))
	mustGive(t, l, Order("o1", at(0), loop.OrderPin, "query-timeout"), Order("o2", at(1), loop.OrderUnpin, "query-timeout"))
	mustBegin(t, l, Hold("d1", at(0)), Move("d2", at(1), 1), Hold("d3", at(2)), Hold("d4", at(3)))
	check(t, "PutSetting", l.PutSetting(t.Context(), Carry(Move("d2", at(1), 1))))
	mustJudge(t, l, Batch(t, "a", Verdict("shop", "v1", at(0))))
	mustFinish(t, l, loop.Outcome{Decision: "d1", At: at(1), Until: at(1), Ticks: 1}, loop.Outcome{Decision: "d2", At: at(1), Applied: true, ReadBack: 1})
}

func verify(t *testing.T, l Ledger) {
	faults, err := l.Verify(t.Context())
	check(t, "Verify", err)
	diff(t, "faults of an empty ledger", faults, []ledger.Fault(nil))
	fill(t, l)
	heads, err := l.Heads(t.Context())
	check(t, "Heads", err)
	seqs := map[string]int64{}
	for _, h := range heads {
		seqs[h.Chain] = h.Seq
	}
	diff(t, "heads", seqs, map[string]int64{"decisions": 4, "definitions": 1, "deploys": 0, "leadership": 1, "orders": 2, "outcomes": 2, "prunings": 0, "sendings": 0, "settings": 1, "tokens": 0, "verdicts": 1, "versions": 2})
	mustBegin(t, l, Hold("d5", at(5)))
	faults, err = l.VerifyFrom(t.Context(), heads)
	check(t, "VerifyFrom", err)
	diff(t, "faults", faults, []ledger.Fault(nil))
	for seq := range int64(7) {
		faults, err = l.Beside(t.Context(), "decisions", seq)
		check(t, "Beside", err)
		if sound := seq > 0 && seq < 6; sound != (len(faults) == 0) {
			t.Errorf("faults beside row %d of 5: %v", seq, faults)
		}
	}
	if _, err := l.Beside(t.Context(), "decision", 1); err == nil {
		t.Error("a chain that is none can be verified")
	}
	heads[0].Hash[7]++
	faults, err = l.VerifyFrom(t.Context(), heads)
	check(t, "VerifyFrom", err)
	if len(faults) != 1 || faults[0].Table != heads[0].Chain || faults[0].Seq != heads[0].Seq {
		t.Errorf("faults from another head: %v, want row %d of %s", faults, heads[0].Seq, heads[0].Chain)
	}
}

// What cannot be kept exactly is brought into the form that can.
func canonical(t *testing.T, l Ledger) {
	mustLead(t, l)
	d := Move("d1", at(0).Add(1234567).In(time.FixedZone("CET", 3600)), 1)
	d.Words = "a\x00b\xffc <&> ü"
	d.Input.Conditions.Tightened = []time.Time{at(0).Add(999)}
	given := d.Input.Conditions.Tightened[0]
	mustBegin(t, l, d, d)
	got, err := l.Decision(t.Context(), "d1")
	check(t, "Decision", err)
	want := Move("d1", at(0).Add(1234000), 1)
	want.Words = "a\uFFFDb\uFFFDc <&> ü"
	want.Input.Conditions.Tightened = []time.Time{at(0)}
	want.Input.Evidence = got.Decision.Input.Evidence
	diff(t, "decision", got.Decision, want)
	if e := got.Decision.Input.Evidence[0]; !e.At.Equal(at(0).Add(1234000)) {
		t.Errorf("evidence at %v, want whole microseconds", e.At)
	}
	if d.Input.Conditions.Tightened[0] != given {
		t.Error("the caller's decision was changed")
	}
	mustBegin(t, l, got.Decision) // what was read back is the same decision
	huge := Hold("d2", at(1))
	huge.Words = string(make([]byte, 1<<20))
	if err := l.Begin(t.Context(), huge); !errors.Is(err, ledger.ErrInvalid) {
		t.Errorf("Begin of a row above 1 MiB: %v, want %v", err, ledger.ErrInvalid)
	}
}
