package loop

import (
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// A Trial is how the loops of a set did over a time: in a backtest, or with
// a plant model. Lengths of time are in ns in JSON.
type Trial struct {
	From       time.Time        `json:"from"` // first tick
	To         time.Time        `json:"to"`   // end of the last tick's period
	Every      time.Duration    `json:"every"`
	Ticks      int              `json:"ticks"`
	Loops      []LoopScore      `json:"loops"`
	Objectives []ObjectiveScore `json:"objectives"`
	Releases   []ReleaseScore   `json:"releases"`
	Alerts     []AlertScore     `json:"alerts"` // that fired, in the order in which they first did
}

// A LoopScore is how one loop did. A setting counts from the tick that set
// it to the next.
type LoopScore struct {
	Loop      string        `json:"loop"`
	Actuator  string        `json:"actuator"`
	Mode      slo.Mode      `json:"mode"`
	Policy    string        `json:"policy"` // version, as decisions name it
	Ticks     int           `json:"ticks"`
	Moves     int           `json:"moves"`
	Tightened int           `json:"tightened"` // moves that tightened
	Reversals int           `json:"reversals"` // moves the other way within Settling of the move before
	Settling  time.Duration `json:"settling"`  // 3 cooldowns, or 3 ticks if that is longer
	OffRest   time.Duration `json:"offRest"`   // the setting was not at rest
	AtTight   time.Duration `json:"atTight"`   // the setting was at tight; of a freeze: frozen
	Blind     time.Duration `json:"blind"`     // a rule could not see, and nothing was relaxed
	Wished    time.Duration `json:"wished"`    // the rules wanted another setting and a guard held it
	First     []Note        `json:"first"`     // the first moves
	Last      []Note        `json:"last"`      // the last moves that are not among First
	Final     float64       `json:"final"`     // setting at the end
	Shown     string        `json:"shown"`     // the same, for people
}

// A Note is a move in short.
type Note struct {
	At       time.Time `json:"at"`
	Decision string    `json:"decision"`
	Verb     Verb      `json:"verb"`
	From     float64   `json:"from"`
	To       float64   `json:"to"`
	Words    string    `json:"words"`
}

// An ObjectiveScore is what became of one budget.
type ObjectiveScore struct {
	Objective string        `json:"objective"`
	Service   string        `json:"service"`
	Window    slo.Window    `json:"window"`
	Remaining float64       `json:"remaining"` // at the end; share of the budget, below 0 = overdrawn
	Worst     float64       `json:"worst"`     // the least that was left
	WorstAt   time.Time     `json:"worstAt,omitzero"`
	Exhausted time.Duration `json:"exhausted"` // no budget was left
	Unseen    time.Duration `json:"unseen"`    // no-data, partial or too-few
	Status    budget.Status `json:"status"`    // at the end
}

// A ReleaseScore is what the gate would have said about an ordinary release
// of a service.
type ReleaseScore struct {
	Service   string        `json:"service"`
	Policy    string        `json:"policy"`
	Denied    time.Duration `json:"denied"`
	Held      time.Duration `json:"held"`            // neither yes nor no: hold
	Stretches int           `json:"stretches"`       // unbroken times without a yes
	Longest   time.Duration `json:"longest"`         // of these
	First     string        `json:"first,omitempty"` // why, at the begin of the first stretch
	FirstAt   time.Time     `json:"firstAt,omitzero"`
	Last      string        `json:"last,omitempty"` // why, at the begin of the last one
	LastAt    time.Time     `json:"lastAt,omitzero"`
}

// notes is how many moves a score tells from each end.
const notes = 3

// A Scorer adds up reports. It keeps sums, not reports.
type Scorer struct {
	set   *slo.Set
	every time.Duration
	trial Trial
	last  map[string]*move // :: loop → its last move
	shut  map[string]*time.Duration
	fired map[string]stretch // :: alert → the last time that it fired
}

// A move is one that later ones are compared with.
type move struct {
	at   time.Time
	verb Verb
}

// NewScorer returns a scorer of the loops of a set, of which a report comes
// every so often.
func NewScorer(set *slo.Set, every time.Duration) *Scorer {
	s := &Scorer{set: set, every: every, last: map[string]*move{}, shut: map[string]*time.Duration{}, fired: map[string]stretch{}}
	s.trial.Every = every
	s.trial.Loops, s.trial.Objectives, s.trial.Releases, s.trial.Alerts = []LoopScore{}, []ObjectiveScore{}, []ReleaseScore{}, []AlertScore{}
	for _, c := range set.Loops {
		s.trial.Loops = append(s.trial.Loops, LoopScore{Loop: c.Name, Actuator: c.Actuator, Mode: c.Mode, Settling: 3 * max(c.Cooldown, every), First: []Note{}, Last: []Note{}})
	}
	for _, o := range set.Objectives {
		s.trial.Objectives = append(s.trial.Objectives, ObjectiveScore{Objective: o.Name, Service: o.Service, Window: o.Window, Remaining: 1, Worst: 1})
	}
	for _, service := range gated(set) {
		p, _ := policiesFor(set, GateQuestion{Service: service})
		s.trial.Releases = append(s.trial.Releases, ReleaseScore{Service: service, Policy: p[0].Name})
	}
	return s
}

// gated lists the services whose releases something can hold: those with a
// policy or a freeze.
func gated(set *slo.Set) []string {
	var out []string
	for _, p := range set.Policies {
		out = append(out, p.Service)
	}
	for _, a := range set.Actuators {
		if a.Kind == slo.Freeze && a.Service != "" {
			out = append(out, a.Service)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Take adds the report of the next tick.
func (s *Scorer) Take(r Report) {
	t := &s.trial
	if t.Ticks == 0 {
		t.From = r.At
	}
	t.Ticks++
	t.To = r.At.Add(s.every)
	for i := range t.Loops {
		s.loop(&t.Loops[i], r)
	}
	for i := range t.Objectives {
		s.objective(&t.Objectives[i], r)
	}
	for i := range t.Releases {
		s.release(&t.Releases[i], r)
	}
	s.alarmed(r)
}

// Trial is the sums up to the last report.
func (s *Scorer) Trial() Trial {
	t := s.trial
	t.Loops, t.Objectives, t.Releases = slices.Clone(t.Loops), slices.Clone(t.Objectives), slices.Clone(t.Releases)
	t.Alerts = slices.Clone(t.Alerts)
	for i := range t.Loops {
		t.Loops[i].First, t.Loops[i].Last = slices.Clone(t.Loops[i].First), slices.Clone(t.Loops[i].Last)
	}
	return t
}

func (s *Scorer) loop(l *LoopScore, r Report) {
	for _, d := range r.Decisions {
		if d.Loop == l.Loop {
			l.Ticks++
			s.decision(l, d)
		}
	}
	for _, v := range r.Settings {
		if v.Actuator != l.Actuator || v.Error != "" {
			continue
		}
		l.Final, l.Shown = v.Value, v.Shown
		if v.Value != v.Rest {
			l.OffRest += s.every
		}
		if v.Value == v.Tight {
			l.AtTight += s.every
		}
	}
}

func (s *Scorer) decision(l *LoopScore, d Decision) {
	l.Policy = d.Input.Policy
	switch {
	case d.Verb != Hold:
		s.moved(l, d)
	case d.Reason == ReasonNoData || d.Reason == ReasonNoTraffic || d.Reason == ReasonTooFew:
		l.Blind += s.every
	case d.Wanted != d.From:
		l.Wished += s.every
	}
}

func (s *Scorer) moved(l *LoopScore, d Decision) {
	l.Moves++
	if d.Verb == Tighten {
		l.Tightened++
	}
	if before := s.last[l.Loop]; before != nil && before.verb != d.Verb && d.Input.At.Sub(before.at) <= l.Settling {
		l.Reversals++
	}
	s.last[l.Loop] = &move{d.Input.At, d.Verb}
	n := Note{At: d.Input.At, Decision: d.ID, Verb: d.Verb, From: d.From, To: d.To, Words: d.Words}
	if len(l.First) < notes {
		l.First = append(l.First, n)
		return
	}
	l.Last = append(l.Last, n)
	l.Last = l.Last[max(0, len(l.Last)-notes):]
}

func (s *Scorer) objective(o *ObjectiveScore, r Report) {
	for _, st := range r.States {
		if st.Objective != o.Objective {
			continue
		}
		o.Remaining, o.Status = st.Remaining, st.Status
		if st.Remaining < o.Worst && st.Status != budget.TooFew {
			o.Worst, o.WorstAt = st.Remaining, st.At
		}
		switch st.Status {
		case budget.Exhausted:
			o.Exhausted += s.every
		case budget.NoData, budget.Partial, budget.TooFew:
			o.Unseen += s.every
		}
	}
}

// release asks the gate what it would have said at the tick.
func (s *Scorer) release(p *ReleaseScore, r Report) {
	a := Gate(GateView{Set: s.set, Report: r}, GateQuestion{Service: p.Service, At: r.At})
	if a.Allowed {
		s.shut[p.Service] = nil
		return
	}
	if s.shut[p.Service] == nil {
		s.shut[p.Service] = new(time.Duration)
		p.Stretches++
		p.Last, p.LastAt = a.Words, r.At
		if p.Stretches == 1 {
			p.First, p.FirstAt = a.Words, r.At
		}
	}
	*s.shut[p.Service] += s.every
	p.Longest = max(p.Longest, *s.shut[p.Service])
	if a.Verdict == slo.Deny {
		p.Denied += s.every
	} else {
		p.Held += s.every
	}
}
