package loop_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// shadows renders the shadow of each loop: its score, what it lacks and its
// wishes, the oldest first.
func (w *world) shadows(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, c := range w.set.Loops {
		a := actuatorOf(w.set, c.Actuator)
		var entries []loop.Entry
		err := w.ledger.Memory.Each(t.Context(), func(r ledger.Record) error {
			text, err := w.ledger.Definition(t.Context(), r.Decision.Input.Policy)
			if err != nil {
				return err
			}
			if rules, err := loop.RulesOf(text); err != nil || r.Decision.Loop == c.Name && rules == loop.Rules(c, a) {
				entries = append(entries, loop.Entry{Decision: r.Decision, Outcomes: r.Outcomes})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s := loop.ShadowOf(c, a, entries, w.given)
		score := "none"
		if s.Score != nil {
			score = fmt.Sprintf("%.2f", *s.Score)
		}
		fmt.Fprintf(&b, "%s score %s: %d same, %d needed, %d needless, %d opposed, %d disputed, %d open, %d missed; %v sooner\n", c.Name, score, s.Same, s.Needed, s.Needless, s.Opposed, s.Disputed, s.Open, s.Missed, s.Sooner)
		for _, x := range s.Wishes {
			fmt.Fprintf(&b, "%s-%s %s %g -> %g %s\n", clockOf(x.At), clockOf(x.Until), x.Verb, x.From, x.Wanted, strings.TrimSpace(string(x.Turned)+" "+x.Person))
		}
		for _, lack := range s.Lacks(c.Promotion) {
			fmt.Fprintf(&b, "lacks: %s\n", lack)
		}
	}
	return b.String()
}

// rulesOf is what the loop of an actuator goes by.
func (w *world) rulesOf(actuator string) string {
	for _, c := range w.set.Loops {
		if c.Actuator == actuator {
			return loop.Rules(c, actuatorOf(w.set, actuator))
		}
	}
	return ""
}

func actuatorOf(set *slo.Set, name string) slo.Actuator {
	return set.Actuators[slices.IndexFunc(set.Actuators, func(a slo.Actuator) bool { return a.Name == name })]
}

// TestLacks says what is missing, one by one, and nothing when all is there.
func TestLacks(t *testing.T) {
	p := slo.Promotion{Days: 2, Score: 0.8, Within: time.Minute}
	good, poor := 0.8, 0.5
	for _, c := range []struct {
		name string
		s    loop.Shadow
		p    slo.Promotion
		want []string
	}{
		{"all is there", loop.Shadow{Owner: "ann", Looked: 48 * time.Hour, Score: &good}, p, nil},
		{"nothing is asked for", loop.Shadow{}, slo.Promotion{}, nil},
		{"nothing is there", loop.Shadow{}, p, []string{"no owner", "has looked for 0s", "no score"}},
		{"too short, too poor", loop.Shadow{Owner: "ann", Looked: 47 * time.Hour, Score: &poor}, p, []string{"has looked for 1d23h", "score is 50.0 %, 80.0 % is asked for"}},
	} {
		got := c.s.Lacks(c.p)
		ok := len(got) == len(c.want)
		for i := range c.want {
			ok = ok && strings.Contains(got[i], c.want[i])
		}
		if !ok {
			t.Errorf("%s: lacks %q, want %q", c.name, got, c.want)
		}
	}
}

// TestRules: what was learnt of a loop holds while its rules are the same,
// whoever owns it and however far it is trusted.
func TestRules(t *testing.T) {
	c, a := slo.ControlLoop{Name: "l", Actuator: "dial", Mode: slo.Observe}, knob()
	same := c
	same.Mode, same.RelaxMode, same.Owner, same.Promotion, same.ByHand = slo.Act, slo.Ask, "ann", slo.Promotion{Days: 3}, slo.ByHand{Minutes: 5}
	if loop.Rules(c, a) != loop.Rules(same, a) {
		t.Error("rules differ by mode, owner, promotion or what people spend")
	}
	other, wider := c, a
	other.Cooldown, wider.Rest = time.Minute, a.Rest+1
	if loop.Rules(c, a) == loop.Rules(other, a) || loop.Rules(c, a) == loop.Rules(c, wider) {
		t.Error("rules are the same with another cooldown or another range")
	}
}
