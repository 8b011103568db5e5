package loop

import (
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// free reports whether a loop could act by itself when it decided.
func free(c slo.ControlLoop, a slo.Actuator, d Decision) bool {
	now := d.Input.Conditions
	return d.Mode == slo.Act && now.Demotion == nil && unpromoted(c, a, now.Promotion) == ""
}

// wishes gathers the moves that a loop would have made: what it wished without
// a break in one direction is one wish. The newest comes first.
func wishes(a slo.Actuator, entries []Entry) []Wish {
	out := []Wish{}
	for _, e := range entries {
		d, going := e.Decision, len(out) > 0 && !out[len(out)-1].over
		v := wished(a, d)
		if going && out[len(out)-1].Verb != v {
			out[len(out)-1].end(a, d)
			going = false
		}
		switch {
		case v == Hold:
		case going:
			out[len(out)-1].goOn(a, e)
		default:
			out = append(out, begin(e, v))
		}
	}
	slices.Reverse(out)
	return out
}

// wished is which way a loop would have moved that was not free to: what it
// only observed, what nobody approved, and what somebody did approve.
func wished(a slo.Actuator, d Decision) Verb {
	if d.Reason == ReasonObserving || d.Reason == ReasonUnapproved {
		return verb(a, d.From, d.Wanted)
	}
	if d.Reason == ReasonPinned || d.Reason == ReasonReverting {
		return Hold
	}
	return d.Verb
}

func begin(e Entry, v Verb) Wish {
	d := e.Decision
	w := Wish{Decision: d.ID, At: d.Input.At, Until: e.until(), Verb: v, From: d.From, Wanted: d.Wanted, Words: d.Words, followed: d.Verb == v, remaining: map[string]float64{}}
	for _, s := range d.Input.Evidence {
		w.remaining[s.Objective] = s.Remaining
	}
	return w
}

// goOn adds an entry that wishes the same way.
func (w *Wish) goOn(a slo.Actuator, e Entry) {
	w.Until = e.until()
	w.followed = w.followed || e.Decision.Verb == w.Verb || verb(a, w.From, e.Decision.From) == w.Verb
	if verb(a, w.Wanted, e.Decision.Wanted) == w.Verb {
		w.Wanted = e.Decision.Wanted
	}
}

// end is told the first decision that does not wish the same any more.
func (w *Wish) end(a slo.Actuator, d Decision) {
	w.over, w.Until = true, d.Input.At
	w.followed = w.followed || verb(a, w.From, d.From) == w.Verb
	for _, s := range d.Input.Evidence {
		if before, ok := w.remaining[s.Objective]; ok {
			w.spent = max(w.spent, before-s.Remaining)
		}
	}
}

// turn judges a wish by what people did, else by how long it lasted.
func (s *Shadow) turn(w *Wish, a slo.Actuator, people []Order) {
	for _, o := range people {
		t := ordered(o, a, *w)
		if t == "" || o.At.Before(w.At) || o.At.After(w.At.Add(s.Within)) {
			continue
		}
		w.Turned, w.Person = t, o.By
		if t == TurnedSame {
			s.Sooner += max(o.At.Sub(w.At), 0)
		}
		return
	}
	lasted := w.Until.Sub(w.At)
	switch {
	case w.followed && lasted <= s.Within:
		w.Turned = TurnedSame
		s.Sooner += lasted
	case lasted >= s.Within:
		w.Turned = TurnedNeeded
	case w.over:
		w.Turned = TurnedNeedless
	default:
		w.Turned = TurnedOpen
	}
}

// ordered is what an order makes of a wish; "" when it is about something else.
func ordered(o Order, a slo.Actuator, w Wish) Turned {
	if o.Kind == OrderAdjust && o.Adjust != nil {
		_, looked := w.remaining[o.Adjust.Objective]
		if looked && w.Verb == Tighten && o.Adjust.Effect != slo.Annotate && o.Adjust.From.Before(w.Until) && o.Adjust.To.After(w.At.Add(-time.Hour)) {
			return TurnedDisputed
		}
		return ""
	}
	switch v := direction(o, a, w.From); {
	case v == w.Verb:
		return TurnedSame
	case v == Hold && !(o.Kind == OrderPin && o.Target == a.Name), o.Kind == OrderApprove: // a pin where it is says no
		return ""
	}
	return TurnedOpposed
}

// direction is which way an order moves an actuator from a setting; Hold when
// it does not.
func direction(o Order, a slo.Actuator, from float64) Verb {
	mine := o.Target == a.Name
	releases := a.Kind == slo.Freeze && a.Service != "" && o.Target == a.Service
	switch {
	case mine && (o.Kind == OrderPin || o.Kind == OrderApprove) && o.Setting != nil:
		return verb(a, from, *o.Setting)
	case mine && o.Kind == OrderUnpin, releases && o.Kind == OrderThaw:
		return verb(a, from, a.Rest)
	case releases && o.Kind == OrderFreeze:
		return verb(a, from, a.Tight)
	}
	return Hold
}

// missed adds what people tightened while the loop wished nothing like it.
func (s *Shadow) missed(a slo.Actuator, entries []Entry, people []Order) {
	for _, o := range people {
		if o.At.Before(s.From) || o.At.After(s.To) || o.Kind == OrderApprove {
			continue
		}
		i, _ := slices.BinarySearchFunc(entries, o.At, func(e Entry, at time.Time) int { return e.Decision.Input.At.Compare(at) })
		d := entries[max(i-1, 0)].Decision
		if direction(o, a, d.From) != Tighten || s.near(o.At) {
			continue
		}
		s.Missed++
		s.Wishes = append(s.Wishes, Wish{Decision: d.ID, At: o.At, Until: o.At, Verb: Tighten, From: d.From, Wanted: d.From, Turned: TurnedMissed, Person: o.By, Words: "the loop had not wished it: " + o.Why})
	}
	slices.SortStableFunc(s.Wishes, func(a, b Wish) int { return b.At.Compare(a.At) })
}

// near reports whether there was a wish to tighten around a time.
func (s *Shadow) near(at time.Time) bool {
	return slices.ContainsFunc(s.Wishes, func(w Wish) bool {
		return w.Verb == Tighten && w.Turned != TurnedMissed && !at.Before(w.At.Add(-s.Within)) && !at.After(latest(w.Until, w.At.Add(s.Within)))
	})
}

// add counts the wishes by how they turned out.
func (s *Shadow) add() {
	for _, w := range s.Wishes {
		switch w.Turned {
		case TurnedSame:
			s.Same++
		case TurnedNeeded:
			s.Needed++
			if w.Verb == Tighten {
				s.Spent += w.spent
			}
		case TurnedNeedless:
			s.Needless++
		case TurnedOpposed:
			s.Opposed++
		case TurnedDisputed:
			s.Disputed++
		case TurnedOpen:
			s.Open++
		}
	}
	right, wrong := s.Same+s.Needed, s.Needless+s.Opposed+s.Disputed+s.Missed
	if right+wrong > 0 {
		score := float64(right) / float64(right+wrong)
		s.Score = &score
	}
}
