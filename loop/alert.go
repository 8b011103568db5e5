package loop

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// keptResolved is how long an alert that has ended is still reported, so that
// those who are told of it hear of its end.
const keptResolved = 15 * time.Minute

// An AlertPhase says how an alert stands. One that does not hold has none.
type AlertPhase string

// The phases.
const (
	AlertPending  AlertPhase = "pending"  // it holds, not for long enough yet
	AlertFiring   AlertPhase = "firing"   //
	AlertResolved AlertPhase = "resolved" // it has fired, and ended a short while ago
)

// An Alert is a condition of an alert policy that holds for an objective, or
// has held of late. It is everything that is remembered of it.
type Alert struct {
	Key       string      `json:"key"` // objective/policy/condition
	Objective string      `json:"objective"`
	Service   string      `json:"service"`
	Policy    string      `json:"policy"`
	Condition string      `json:"condition"`
	Name      string      `json:"name"` // of the alert, for those who are told
	Severity  string      `json:"severity"`
	Burn      slo.Decimal `json:"burn,omitzero"` // of its condition; 0 = it is not about burning
	Phase     AlertPhase  `json:"phase"`
	Since     time.Time   `json:"since"`           // it holds since then
	Fired     time.Time   `json:"fired,omitzero"`  // when it began to fire
	Over      time.Time   `json:"over,omitzero"`   // it does not hold any more since then, and is kept firing
	Ended     time.Time   `json:"ended,omitzero"`  // when it ended
	Told      bool        `json:"told,omitempty"`  // somebody is told of it
	Quiet     string      `json:"quiet,omitempty"` // why nobody is
	Blind     bool        `json:"blind,omitempty"` // it goes on because nothing can be seen
	Why       string      `json:"why"`             // in words, with figures; of one that ended, what was last so

	Labels map[string]string `json:"-"` // of its policy, before those of the objective
	Rule   slo.AlertPolicy   `json:"-"` // as in force when it was last judged
}

// A watch is one alert that may be: what is judged, and how.
type watch struct {
	alert Alert
	after time.Duration
	look  func(budget.State) glance
}

// A glance is what one look at a condition says.
type glance struct {
	holds, over bool // neither: it cannot be seen
	why         string
}

// Alarms turns the states of all objectives, and the alerts that there were
// before, into those that there are now, sorted by key. It is pure.
//
// An alert fires once its condition has held for as long as it says. It ends
// when the condition is seen not to hold, in either window, and has been over
// for as long as the policy keeps it; what cannot be seen ends nothing. One
// that is not defined any more ends.
func Alarms(objectives []slo.Objective, states []budget.State, before []Alert, now time.Time) []Alert {
	was, had := map[string]Alert{}, map[string]bool{}
	for _, a := range before {
		was[a.Key], had[a.Objective] = a, true
	}
	find, out := finder{states: states}, []Alert{}
	for i := range objectives {
		o := &objectives[i]
		s := find.of(o.Name)
		for k := range o.Alerts {
			if p := &o.Alerts[k]; s != nil && (had[o.Name] || !calm(p, s)) {
				out = append(out, policyAlarms(*o, *p, *s, was, now)...)
			}
		}
	}
	for _, a := range was {
		if a, ok := undefined(a, now); ok {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Alert) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// calm reports whether nothing of a policy holds, so that where there were no
// alerts before there are none now.
func calm(p *slo.AlertPolicy, s *budget.State) bool {
	for i := range p.Conditions {
		if c := &p.Conditions[i]; !c.Off && sightOf(c, s).sight == held {
			return false
		}
	}
	return !p.NoData.On || !outOfSight(s)
}

// A finder finds the state of one objective after the other. States are mostly
// in the order of the objectives.
type finder struct {
	states []budget.State
	next   int
	places map[string]int // :: objective → its state; nil = not needed yet
}

func (f *finder) of(objective string) *budget.State {
	if f.next < len(f.states) && f.states[f.next].Objective == objective {
		f.next++
		return &f.states[f.next-1]
	}
	if f.places == nil {
		f.places = make(map[string]int, len(f.states))
		for i := range f.states {
			f.places[f.states[i].Objective] = i
		}
	}
	i, there := f.places[objective]
	if !there {
		return nil
	}
	f.next = i + 1
	return &f.states[i]
}

// policyAlarms are those of one policy of an objective; it takes what it
// knows out of was.
func policyAlarms(o slo.Objective, p slo.AlertPolicy, s budget.State, was map[string]Alert, now time.Time) []Alert {
	var out []Alert
	for _, w := range watches(o, p) {
		old, known := was[w.alert.Key]
		delete(was, w.alert.Key)
		if !known {
			old = w.alert
		}
		a := w.moved(old, w.look(s), p.Keep, now)
		if a.Phase != "" {
			out = append(out, a)
		}
	}
	tell(out, p)
	return out
}

// moved is the alert old after one more look.
func (w watch) moved(old Alert, g glance, keep time.Duration, now time.Time) Alert {
	a := w.alert
	a.Phase, a.Since, a.Fired, a.Over, a.Ended, a.Told, a.Why = old.Phase, old.Since, old.Fired, old.Over, old.Ended, old.Told, old.Why
	switch {
	case g.holds && (a.Phase == "" || a.Phase == AlertResolved):
		a.Phase, a.Since, a.Fired, a.Ended, a.Told = AlertPending, now, time.Time{}, time.Time{}, false
	case a.Phase == AlertPending && !g.holds:
		a.Phase = ""
	case a.Phase == AlertFiring && g.over && a.Over.IsZero():
		a.Over = now
	}
	switch {
	case g.holds:
		a.Over, a.Why = time.Time{}, g.why
	case a.Phase == AlertFiring && !g.over:
		a.Blind, a.Why = true, g.why
	}
	switch {
	case a.Phase == AlertPending && now.Sub(a.Since) >= w.after:
		a.Phase, a.Fired = AlertFiring, now
	case a.Phase == AlertFiring && g.over && now.Sub(a.Over) >= keep:
		a.Phase, a.Ended, a.Why = AlertResolved, now, g.why
	case a.Phase == AlertResolved && now.Sub(a.Ended) >= keptResolved:
		a.Phase = ""
	}
	return a
}

// undefined is an alert whose definition is gone.
func undefined(a Alert, now time.Time) (Alert, bool) {
	switch {
	case a.Phase == AlertFiring:
		a.Phase, a.Ended, a.Why = AlertResolved, now, "it is not defined any more"
	case a.Phase != AlertResolved || now.Sub(a.Ended) >= keptResolved:
		return a, false
	}
	return a, true
}

// tell says of which alerts of a policy somebody is told. Where it says so,
// one that fires keeps those of lower burn rates quiet, unless they were told
// before.
func tell(all []Alert, p slo.AlertPolicy) {
	fastest := slices.MaxFunc(append(firing(all), Alert{}), func(a, b Alert) int { return cmp.Or(a.Burn.Cmp(b.Burn), strings.Compare(b.Key, a.Key)) })
	for i := range all {
		a := &all[i]
		said := p.Breaching
		if a.Condition == noDataCondition {
			said = p.NoData.On
		}
		switch {
		case a.Phase != AlertFiring || a.Told:
		case !said:
			a.Quiet = "the policy tells nobody"
		case p.Inhibit && a.Burn.Sign() > 0 && fastest.Burn.Cmp(a.Burn) > 0:
			a.Quiet = fastest.Condition + " fires already"
		default:
			a.Told = true
		}
	}
}

func firing(all []Alert) (out []Alert) {
	for _, a := range all {
		if a.Phase == AlertFiring {
			out = append(out, a)
		}
	}
	return out
}
