package loop

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A Let is a release that the gate let go while the freeze of its service
// thawed. One without a name is counted each time that it is asked about.
type Let struct {
	Release string    `json:"release"`
	At      time.Time `json:"at"`
}

// LetGo is which releases verdicts let go by the pace of a thaw, the newest
// first as the verdicts are.
func LetGo(verdicts []Verdict) []Let {
	var out []Let
	for _, v := range verdicts {
		if LetByPace(v.Answer) {
			out = append(out, Let{Release: v.Answer.Release, At: v.Answer.At})
		}
	}
	return out
}

// LetByPace reports whether an answer lets a release go that counts for the
// pace of a thaw.
func LetByPace(a GateAnswer) bool {
	return a.Verdict == slo.Allow && slices.ContainsFunc(a.Reasons, func(r GateReason) bool {
		return r.Code == GateThawing && r.Verdict == slo.Allow
	})
}

// Paces is the longest stretch over which the gate counts what it lets go, of
// what a question is about: 0 while no freeze of it thaws.
func (v GateView) Paces(q GateQuestion) time.Duration {
	longest := time.Duration(0)
	asked := func(actuator string) bool {
		policies, _ := policiesFor(v.Set, q)
		return slices.ContainsFunc(policies, func(p slo.ReleasePolicy) bool { return slices.Contains(p.Freezes, actuator) })
	}
	for _, s := range v.Report.Settings {
		if s.Kind == string(slo.Freeze) && slo.Stage(s.Value) == "thawing" && asked(s.Actuator) {
			longest = max(longest, v.freezing(s.Actuator).Thaw.Per)
		}
	}
	return longest
}

// freezing is what a freeze that is declared, or was, lets go.
func (v GateView) freezing(actuator string) slo.Freezing {
	for _, set := range []*slo.Set{v.Set, v.Report.Set} {
		if set == nil {
			continue
		}
		if i := slices.IndexFunc(set.Actuators, func(a slo.Actuator) bool { return a.Name == actuator }); i >= 0 {
			return set.Actuators[i].Freezing
		}
	}
	return slo.Freezing{}
}

// staged is what a freeze that is not open says about a change.
func staged(v GateView, s Setting, q GateQuestion) GateReason {
	f, stage := v.freezing(s.Actuator), slo.Stage(s.Value)
	r := GateReason{Code: stage, Verdict: slo.Deny, Actuator: s.Actuator, Value: s.Value, Message: stageWords(s, stage, v.Report.Decisions)}
	switch {
	case stage == "thawing":
		return paced(v, f, q, r)
	case f.Lets(s.Value, q.Change):
		r.Verdict = slo.Allow
		r.Message += fmt.Sprintf("; a %s goes all the same", q.Change)
	case stage == "caution":
		r.Verdict = slo.Hold
		r.Message += "; " + cmp.Or(named(q.Change), "a change of no class") + " waits"
	}
	return r
}

func named(change string) string {
	if change == "" {
		return ""
	}
	return "a " + change
}

// paced lets releases go one after the other while a freeze thaws. What went
// already goes on, and what restricted lets go does not count.
func paced(v GateView, f slo.Freezing, q GateQuestion, r GateReason) GateReason {
	if f.Lets(slo.StageRestricted, q.Change) {
		r.Code, r.Verdict = GateThawingFree, slo.Allow
		r.Message += fmt.Sprintf("; a %s goes all the same", q.Change)
		return r
	}
	t := f.Thaw
	if t.Releases == 0 { // somebody set it by hand
		t = slo.Thaw{Releases: 1, Per: time.Hour}
	}
	of, went := letWithin(v.Let, q, t.Per)
	r.Value, r.Limit = float64(len(of)), float64(t.Releases)
	switch {
	case went:
		r.Verdict = slo.Allow
		r.Message += fmt.Sprintf("; %s was let go already", q.Release)
	case len(of) < t.Releases:
		r.Verdict = slo.Allow
		r.Message += fmt.Sprintf("; release %d of %d in %s", len(of)+1, t.Releases, slo.Span(t.Per))
	default:
		r.Verdict = slo.Hold
		r.Message += fmt.Sprintf("; %d went within %s, as many as may", len(of), slo.Span(t.Per))
		r.Until = of[len(of)-t.Releases].At.Add(t.Per)
	}
	return r
}

// letWithin are the releases that count at the time of a question, or went
// while it waited for its turn, each once,
// the oldest first, and whether the one that is asked about is among them.
func letWithin(lets []Let, q GateQuestion, per time.Duration) (of []Let, went bool) {
	lets = slices.Clone(lets)
	slices.SortStableFunc(lets, func(a, b Let) int { return a.At.Compare(b.At) })
	seen := map[string]bool{}
	for _, l := range lets {
		if q.At.Sub(l.At) >= per || l.Release != "" && seen[l.Release] {
			continue
		}
		seen[l.Release] = true
		of = append(of, l)
	}
	return of, q.Release != "" && seen[q.Release]
}

// stageWords says what keeps a freeze from being open.
func stageWords(s Setting, stage string, decisions []Decision) string {
	is := map[string]string{"caution": "asks for caution", "thawing": "thaws"}[stage]
	words := s.Actuator + " " + cmp.Or(is, "is "+stage)
	for _, d := range decisions {
		if d.Actuator == s.Actuator {
			return words + ": " + d.grounds()
		}
	}
	return words
}
