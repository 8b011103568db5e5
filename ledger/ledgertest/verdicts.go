package ledgertest

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// Verdict is a valid verdict, for tests.
func Verdict(service, release string, when time.Time) loop.Verdict {
	return loop.Verdict{Tool: "api", Answer: loop.GateAnswer{
		Verdict: slo.Deny, Service: service, Release: release, At: when, Words: "deny: <nothing> is left & “gone”", Policy: "default", DataAge: 12.5, DataAsOf: when,
		Reasons: []loop.GateReason{{Code: loop.GateBudget, Verdict: slo.Deny, Objective: service, Value: -0.25, Message: "no budget"}},
	}}
}

// Batch is a batch of verdicts, for tests.
func Batch(t testing.TB, id string, all ...loop.Verdict) ledger.Batch {
	t.Helper()
	var encoded []ledger.Encoded
	for _, v := range all {
		e, err := ledger.EncodeVerdict(v)
		if err != nil {
			t.Fatal(err)
		}
		encoded = append(encoded, e)
	}
	b, err := ledger.NewBatch(id, encoded...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustJudge(t *testing.T, l Ledger, b ledger.Batch) {
	t.Helper()
	check(t, "Judge", l.Judge(t.Context(), b))
}

// A verdict is read back as it was recorded, with its ID.
func verdicts(t *testing.T, l Ledger) {
	shop, cart := Verdict("shop", "v1", at(0)), Verdict("cart", "", at(1))
	mustJudge(t, l, Batch(t, "a", shop, cart))
	got, err := l.Verdict(t.Context(), "a.1")
	check(t, "Verdict", err)
	cart.ID, cart.Answer.ID = "a.1", "a.1"
	diff(t, "verdict", got, cart)
	for _, id := range []string{"a.2", "a.-1", "a.01", "a", "b.0", ""} {
		_, err := l.Verdict(t.Context(), id)
		wantErr(t, "Verdict "+id, err, ledger.ErrNotFound)
	}
	faults, err := l.Verify(t.Context())
	check(t, "Verify", err)
	diff(t, "faults", faults, []ledger.Fault(nil))
}

func verdictsTwice(t *testing.T, l Ledger) {
	b := Batch(t, "a", Verdict("shop", "v1", at(0)))
	mustJudge(t, l, b)
	mustJudge(t, l, Batch(t, "b", Verdict("shop", "v2", at(1))))
	mustJudge(t, l, b)
	wantErr(t, "Judge of other content", l.Judge(t.Context(), Batch(t, "a", Verdict("shop", "v3", at(0)))), ledger.ErrConflict)
	mustJudge(t, l, Batch(t, "c", Verdict("shop", "v4", at(2))))
	diff(t, "IDs", verdictIDs(t, l, ledger.VerdictFilter{}), "c.0 b.0 a.0")
}

func verdictsRefused(t *testing.T, l Ledger) {
	_, err := ledger.NewBatch("a")
	wantErr(t, "NewBatch of nothing", err, ledger.ErrInvalid)
	e, err := ledger.EncodeVerdict(Verdict("shop", "", at(0)))
	check(t, "EncodeVerdict", err)
	for _, id := range []string{"", "a b", `a"b`, "a<b", "ä", strings.Repeat("a", 201)} {
		_, err = ledger.NewBatch(id, e)
		wantErr(t, fmt.Sprintf("NewBatch with ID %q", id), err, ledger.ErrInvalid)
	}
	tests := map[string]func(*loop.Verdict){
		"no tool":    func(v *loop.Verdict) { v.Tool = "" },
		"no time":    func(v *loop.Verdict) { v.Answer.At = time.Time{} },
		"no verdict": func(v *loop.Verdict) { v.Answer.Verdict = "" },
		"infinite":   func(v *loop.Verdict) { v.Answer.DataAge = math.Inf(1) },
		"too long":   func(v *loop.Verdict) { v.Answer.Words = strings.Repeat("x", 1<<20) },
	}
	for name, spoil := range tests {
		v := Verdict("shop", "", at(0))
		spoil(&v)
		_, err := ledger.EncodeVerdict(v)
		wantErr(t, "EncodeVerdict with "+name, err, ledger.ErrInvalid)
	}
	odd := Verdict("sh\nop\x00", "v\t1", at(0))
	mustJudge(t, l, Batch(t, "a", odd))
}

// The newest come first, within a batch and over batches, and pages join.
func verdictPages(t *testing.T, l Ledger) {
	for i, id := range []string{"a", "b", "c"} {
		release := fmt.Sprint("v", i)
		mustJudge(t, l, Batch(t, id, Verdict("shop", release, at(i)), Verdict("cart", release, at(i)), Verdict("shop", "x", at(i))))
	}
	tests := []struct {
		name string
		f    ledger.VerdictFilter
		want string
	}{
		{"all", ledger.VerdictFilter{}, "c.2 c.1 c.0 b.2 b.1 b.0 a.2 a.1 a.0"},
		{"few", ledger.VerdictFilter{Limit: 4}, "c.2 c.1 c.0 b.2"},
		{"the page behind", ledger.VerdictFilter{Limit: 4, Before: "b.2"}, "b.1 b.0 a.2 a.1"},
		{"a service", ledger.VerdictFilter{Service: "cart"}, "c.1 b.1 a.1"},
		{"its page behind", ledger.VerdictFilter{Service: "shop", Before: "b.2", Limit: 2}, "b.0 a.2"},
		{"a release", ledger.VerdictFilter{Service: "shop", Release: "v1"}, "b.0"},
		{"none", ledger.VerdictFilter{Service: "nobody"}, ""},
		{"before a batch that is not there", ledger.VerdictFilter{Before: "z.0"}, ""},
	}
	for _, tt := range tests {
		diff(t, tt.name, verdictIDs(t, l, tt.f), tt.want)
	}
}

func verdictIDs(t *testing.T, l Ledger, f ledger.VerdictFilter) string {
	t.Helper()
	found, err := l.Verdicts(t.Context(), f)
	check(t, "Verdicts", err)
	var out []string
	for _, v := range found {
		out = append(out, v.ID)
	}
	return strings.Join(out, " ")
}
