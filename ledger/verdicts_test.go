package ledger_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A verdict is kept in the bytes in which anything else would be.
func TestVerdictsAreCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "\x00", "a\xffb", `\u0000`, "<&>\u2028"}))
		when := rapid.Custom(func(t *rapid.T) time.Time {
			zone := time.FixedZone("", 60*rapid.IntRange(-700, 700).Draw(t, "zone"))
			return rapid.SampledFrom([]time.Time{{}, time.Unix(1, 999), time.Unix(2e9, 123456789)}).Draw(t, "time").In(zone)
		})
		v := loop.Verdict{Tool: "api", Repeats: rapid.IntRange(0, 3).Draw(t, "repeats"), Answer: loop.GateAnswer{
			Verdict: slo.Allow, At: time.Unix(2e9, int64(rapid.IntRange(0, 1e9).Draw(t, "ns"))), Service: text.Draw(t, "service"), Words: text.Draw(t, "words"), Policy: "p",
			Release: text.Draw(t, "release"), DataAsOf: when.Draw(t, "as of"), MayChangeAt: when.Draw(t, "may"), BoundUntil: when.Draw(t, "bound"), DataAge: rapid.Float64().Draw(t, "age"),
			DegradedBy: rapid.SliceOf(text).Draw(t, "by"),
			Reasons:    []loop.GateReason{{Code: "x", Message: text.Draw(t, "message")}},
		}}
		e, err := ledger.EncodeVerdict(v)
		want, wantErr := ledger.EncodeForTest(v)
		if (err == nil) != (wantErr == nil) || string(e.BytesForTest()) != string(want) {
			t.Fatalf("encoded as\n%s, %v; want\n%s, %v", e.BytesForTest(), err, want, wantErr)
		}
	})
}
