package loop_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
)

// replay makes every decision and every judgement again and wants no
// difference.
func (w *world) replay(t *testing.T) {
	t.Helper()
	for _, o := range w.outcomes(t) {
		if again, same := loop.Rejudge(o); !same {
			t.Errorf("judgement of %s does not come out the same: %+v", o.Decision, again)
		}
	}
	for _, d := range w.decisions(t) {
		text, err := w.ledger.Definition(t.Context(), d.Input.Policy)
		if err != nil {
			t.Fatal(err)
		}
		again, same, err := loop.Redecide(d, text)
		if err != nil || !same {
			t.Errorf("decision %s does not come out the same (err %v):\n%s", d.ID, err, cmp.Diff(d, again))
		}
	}
}

func (w *world) outcomes(t *testing.T) (out []loop.Outcome) {
	t.Helper()
	err := w.ledger.Memory.Each(t.Context(), func(r ledger.Record) error {
		out = append(out, r.Outcomes...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
