package slo_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/slo"
)

// same compares definitions.
func same() cmp.Option {
	return cmp.Comparer(func(a, b slo.Decimal) bool { return a == b })
}

// TestDefinitionsRoundTrip reads what is on record for a replay: it must be
// all that decisions depend on, and must not depend on where it stood.
func TestDefinitionsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loop := slo.ControlLoop{
			Name: word(t), Actuator: word(t), Mode: slo.Act, Owner: word(t), Cooldown: span(t), Stale: span(t),
			Step: slo.Step{Tighten: number(t), Relax: number(t)}, Pace: slo.Pace{Moves: 3, Per: span(t)},
			Rules: rapid.SliceOfN(rapid.Custom(rule), 1, 3).Draw(t, "rules"),
		}
		roundTrip(t, loop)
		moved := loop
		moved.Position, moved.Title, moved.Description = slo.Position{File: "x", Line: 3, Col: 4}, "title", "words"
		if a, b := encode(t, loop), encode(t, moved); !bytes.Equal(a, b) {
			t.Errorf("the place changes the record:\n%s\n%s", a, b)
		}
		actuator := slo.Actuator{
			Name: word(t), Service: word(t), Kind: slo.PGQueryTimeout, Rest: number(t), Tight: number(t), Unit: "s",
			Query: slo.QueryTimeout{Role: word(t), Workers: 8, High: .75, Low: .6, Every: span(t), CancelsPerTick: 4, CancelsPerMin: 60, RoleDefault: true},
		}
		roundTrip(t, actuator)
		actuator.Query.DatabaseURL = "postgres://a:" + secret + "@b/c"
		if text := encode(t, actuator); strings.Contains(string(text), secret) {
			t.Errorf("the record shows a secret: %s", text)
		}
		roundTrip(t, slo.ReleasePolicy{Name: word(t), Service: word(t), MinRemaining: decimals().Draw(t, "min"), HasMin: true, MaxBurn: []slo.BurnLimit{{Burn: decimals().Draw(t, "burn"), Window: span(t)}}, AlwaysAllowed: []string{}})
	})
}

func rule(t *rapid.T) slo.Rule {
	r := slo.Rule{Name: word(t), Objective: word(t), Law: slo.Tiers}
	if rapid.Bool().Draw(t, "watermark") {
		r.Law = slo.Watermarks
		r.Watermark = slo.Watermark{Signal: slo.SignalBurn, Window: span(t), Tighten: decimals().Draw(t, "tighten"), Relax: decimals().Draw(t, "relax"), Step: number(t)}
		return r
	}
	r.Tiers = []slo.Tier{{Name: word(t), Burn: decimals().Draw(t, "burn"), Long: span(t), Short: span(t), Setting: number(t), Leave: decimals().Draw(t, "leave"), Hold: span(t), MinBad: 7, Exhausted: true}}
	return r
}

func word(t *rapid.T) string    { return rapid.StringMatching(`[a-z]{1,8}`).Draw(t, "word") }
func number(t *rapid.T) float64 { return rapid.Float64Range(0, 1e9).Draw(t, "number") }
func span(t *rapid.T) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "span"))
}

func roundTrip[T any](t *rapid.T, want T) {
	t.Helper()
	text := encode(t, want)
	var got T
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if diff := cmp.Diff(want, got, same()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", text, diff)
	}
	if again := encode(t, got); !bytes.Equal(text, again) {
		t.Errorf("encoded twice:\n%s\n%s", text, again)
	}
}

func encode(t *rapid.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
