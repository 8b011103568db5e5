package ledger_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// Whatever a row was made of, its form is stable: what is decoded from it
// encodes to the same bytes, which Postgres can keep as text.
func FuzzCanonicalForm(f *testing.F) {
	for _, v := range []any{
		ledgertest.Move("d1", noon().Add(time.Nanosecond), 1), ledgertest.Hold("d\x00\xff", noon().In(time.FixedZone("", 20700))),
		ledgertest.Order("o1", noon(), loop.OrderPin, "a"), loop.Outcome{Decision: "d", At: noon(), Until: noon(), Ticks: 1e9, ReadBack: 1e-7},
	} {
		text, err := json.Marshal(v)
		must(f, err)
		f.Add(text)
	}
	f.Add([]byte(`{"to":-0,"from":1e300,"wanted":0.1,"words":"\u0000\ud800<","checks":[],"pulls":null}`))
	f.Add([]byte(`{"input":{"at":"0000-01-01T00:00:00+23:59","evidence":[{"target":0.9990}],"conditions":{"tightened":["2026-01-01T00:00:00.123456789Z"]}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		stable[loop.Decision](t, text)
		stable[loop.Order](t, text)
		stable[loop.Outcome](t, text)
		stable[loop.Move](t, text)
	})
}

func stable[T any](t *testing.T, text []byte) {
	t.Helper()
	v, err := ledger.DecodeForTest[T](text)
	if err != nil {
		return
	}
	once, err := ledger.EncodeForTest(v)
	if err != nil {
		return // a year beyond 9999, say: refused
	}
	back, err := ledger.DecodeForTest[T](once)
	if err != nil {
		t.Fatalf("decode %s: %v", once, err)
	}
	twice, err := ledger.EncodeForTest(back)
	if err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("encoded %s\nthen    %s (%v)", once, twice, err)
	}
	if bytes.Contains(once, []byte(`\u0000`)) && !bytes.Contains(once, []byte(`\\u0000`)) {
		t.Fatalf("NUL in %s", once)
	}
}

func FuzzHash(f *testing.F) {
	f.Add([]byte("00ff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var h, back ledger.Hash
		if h.UnmarshalText(text) != nil {
			return
		}
		again, err := h.MarshalText()
		must(t, err)
		must(t, back.UnmarshalText(again))
		if back != h || !bytes.EqualFold(again, text) {
			t.Fatalf("%s became %s", text, again)
		}
	})
}
