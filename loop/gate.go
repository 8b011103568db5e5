package loop

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// A GateQuestion asks whether a release may go.
type GateQuestion struct {
	Service     string    `json:"service"`
	Environment string    `json:"environment,omitempty"`
	Change      string    `json:"change,omitempty"` // class of the change: feature, fix, rollback, security, …
	Release     string    `json:"release,omitempty"`
	Region      string    `json:"region,omitempty"`
	Size        *int64    `json:"size,omitempty"` // of the change, in what the pipeline counts; nil = not said
	At          time.Time `json:"at"`
}

// A GateAnswer says whether it may, why, and from what it is known.
type GateAnswer struct {
	ID          string       `json:"id,omitempty"` // of the Verdict on record
	Verdict     slo.Verdict  `json:"verdict"`
	Allowed     bool         `json:"allowed"`
	Service     string       `json:"service"`
	At          time.Time    `json:"at"`
	Words       string       `json:"words"` // one sentence for people
	Reasons     []GateReason `json:"reasons"`
	State       string       `json:"state,omitempty"`       // stage of the release freezes: open, caution, thawing, restricted, frozen; "" = of none
	Policy      string       `json:"policy"`                // name of the ReleasePolicy; "default" when none is declared
	Decision    string       `json:"decision,omitempty"`    // ID of the decision behind a freeze
	MayChangeAt time.Time    `json:"mayChangeAt,omitzero"`  // earliest time the verdict may change, where it is known
	BoundUntil  time.Time    `json:"boundUntil,omitzero"`   // until when the gate stands by it (Binds)
	DataAsOf    time.Time    `json:"dataAsOf,omitzero"`     // end of the oldest newest slice among the objectives
	DataAge     float64      `json:"dataAgeSeconds"`        // −1 when there never was data
	Degraded    bool         `json:"degraded"`              // the answer rests on less than it should
	DegradedBy  []string     `json:"degradedBy,omitempty"`  // codes: no-data, stale, ledger-down, spooled, unrecorded
	Environment string       `json:"environment,omitempty"` // as asked
	Change      string       `json:"change,omitempty"`      // as asked
	Release     string       `json:"release,omitempty"`     // as asked
	Region      string       `json:"region,omitempty"`      // as asked
	Size        *int64       `json:"size,omitempty"`        // as asked
	Version     string       `json:"policyVersion,omitempty"`
	Risks       []Risk       `json:"risks,omitempty"` // what releases of the service usually burn, where that is known
}

// A GateReason is one thing that speaks about the release, with its figures.
type GateReason struct {
	Code      string      `json:"code"`
	Verdict   slo.Verdict `json:"verdict"` // what this reason alone asks for
	Objective string      `json:"objective,omitempty"`
	Actuator  string      `json:"actuator,omitempty"`
	Window    string      `json:"window,omitempty"`
	Value     float64     `json:"value"`
	Limit     float64     `json:"limit"`
	Until     time.Time   `json:"until,omitzero"` // it ends then, unless something else changes; zero = not known
	Message   string      `json:"message"`
}

// The codes of gate reasons.
const (
	GateBudget         = "budget-left"     // enough or too little of the budget is left
	GateBurn           = "burning"         // a burn limit is passed
	GateRule           = "rule"            // a rule of the policy holds
	GateTooSoon        = "too-soon"        // the release before is too young
	GatePace           = "pace"            // the releases that the budget earned, and those that went
	GateSize           = "size"            // the change is too large, or its size is not said
	GateDependency     = "dependency"      // a service that this one depends on is short of budget
	GateIncident       = "incident"        // an alert fires
	GateCalendar       = "calendar"        // a calendar denies, or none that allows covers the time
	GateRisk           = "risk"            // releases burn too much for what is left
	GateFreeze         = "frozen"          // a freeze actuator is frozen
	GateCaution        = "caution"         // a freeze actuator asks for caution
	GateRestricted     = "restricted"      // a freeze actuator lets only go what mends
	GateThawing        = "thawing"         // a freeze actuator lets releases go one after the other
	GateThawingFree    = "thawing-free"    // it does, and this class of change does not count
	GateOrder          = "frozen-by-order" // a person froze the service
	GateNoData         = "no-data"         // an objective is not in sight
	GateStale          = "stale"           // the loop has not ticked of late
	GateLedgerDown     = "ledger-down"     // the ledger is unreachable, freezes are as last read
	GateExempt         = "exempt-change"   // this class of change always passes
	GateUnknownService = "unknown-service" // nothing is declared about the service
	GateSpooled        = "spooled"         // the ledger is unreachable, the answer is on record on disk
	GateOverridden     = "overridden"      // people let it go all the same
	GateOverrideWaits  = "override-waits"  // an override waits for a second person
	GateDryRun         = "dry-run"         // the policy only looks on
	GateUnrecorded     = "unrecorded"      // the answer could not be recorded anywhere
)

// A GateView is what the gate knows: the newest report and the definitions.
type GateView struct {
	Set        *slo.Set
	Report     Report
	Unrecorded bool      // answers cannot be recorded just now, on disk neither
	Past       []Deploy  // of the service, the newest first
	PastAt     time.Time // of the look at them; zero = they are not known
	Risks      []Risk    // of the objectives of the service
	Let        []Let     // releases of the service that went by the pace of a thaw of late
}

// Gate answers a question from memory. It is pure: the same view and the
// same question give the same answer.
func Gate(v GateView, q GateQuestion) GateAnswer {
	policies, known := policiesFor(v.Set, q)
	out := judgeBy(v, q, policies[0], known)
	for _, p := range policies[1:] {
		if a := judgeBy(v, q, p, known); strictness(a.Verdict) > strictness(out.Verdict) {
			out = a
		}
	}
	return out
}

// judgeBy answers by one policy.
func judgeBy(v GateView, q GateQuestion, p slo.ReleasePolicy, known bool) GateAnswer {
	a := GateAnswer{
		Service: q.Service, At: q.At, Policy: p.Name, Version: p.Version, Environment: q.Environment, Change: q.Change, Release: q.Release,
		Region: q.Region, Size: q.Size, DataAge: -1, Risks: knownRisks(v.Risks),
	}
	if !known {
		a.Reasons = []GateReason{{Code: GateUnknownService, Verdict: slo.Hold, Message: unknownWords(v.Set, q.Service)}}
		return a.conclude(p)
	}
	a.Reasons = append(a.Reasons, orderReasons(p, v.Report, &a)...)
	a.Reasons = append(a.Reasons, freezeReasons(p, v, q, &a)...)
	a.Reasons = append(a.Reasons, objectiveReasons(p, v, q, &a)...)
	a.Reasons = append(a.Reasons, releaseReasons(p, v, q, &a)...)
	a.Reasons = append(a.Reasons, sightReasons(p, v.Report, &a)...)
	if v.Unrecorded {
		a.Reasons = append(a.Reasons, unrecorded(p, &a))
	}
	return a.conclude(p).override(p, v.Report.Orders).dryRun(p)
}

func unknownWords(set *slo.Set, service string) string {
	words := fmt.Sprintf("no objective or release policy names the service %q", service)
	if near := set.NearestService(service); near != "" {
		words += fmt.Sprintf("; did you mean %s?", near)
	}
	return words
}

// orderReasons denies while a person has frozen the service.
func orderReasons(p slo.ReleasePolicy, r Report, a *GateAnswer) []GateReason {
	var out []GateReason
	for _, o := range r.Orders {
		if o.Kind != OrderFreeze || o.Target != p.Service || lapsed(o, a.At) {
			continue
		}
		a.State = slo.Stage(slo.StageFrozen)
		out = append(out, GateReason{Code: GateOrder, Verdict: slo.Deny, Value: 1, Until: o.Until, Message: fmt.Sprintf("frozen by %s since %s: %s", o.By, clock(o.At), o.Why)})
	}
	return out
}

// freezeReasons judges by the stages of the freeze actuators of the policy; the
// tightest is that of the answer.
func freezeReasons(p slo.ReleasePolicy, v GateView, q GateQuestion, a *GateAnswer) []GateReason {
	var out []GateReason
	worst := slo.StageOpen
	if a.State != "" { // frozen by a person
		worst = slo.StageFrozen
	}
	for _, s := range v.Report.Settings {
		leftFrozen := s.Left && s.Kind == string(slo.Freeze) && s.Service == p.Service
		if !slices.Contains(p.Freezes, s.Actuator) && !leftFrozen {
			continue
		}
		if asLastRead := v.Report.LedgerErr != nil && !s.At.IsZero(); s.Error != "" && !asLastRead {
			out = append(out, GateReason{Code: GateNoData, Verdict: p.OnNoData, Actuator: s.Actuator, Message: fmt.Sprintf("freeze %s cannot be read: %s", s.Actuator, s.Error)})
			a.degrade(GateNoData)
			continue
		}
		worst = max(worst, s.Value)
		a.State = cmp.Or(a.State, slo.Stage(slo.StageOpen))
		if s.Value > slo.StageOpen {
			a.Decision = s.Decision
			out = append(out, staged(v, s, q))
		}
	}
	if a.State != "" {
		a.State = slo.Stage(worst)
	}
	return out
}

// objectiveReasons judges the budget and the burn of each objective.
func objectiveReasons(p slo.ReleasePolicy, v GateView, q GateQuestion, a *GateAnswer) []GateReason {
	var out []GateReason
	for _, name := range p.Objectives {
		i := slices.IndexFunc(v.Report.States, func(s budget.State) bool { return s.Objective == name })
		if i < 0 {
			a.degrade(GateNoData)
			out = append(out, GateReason{Code: GateNoData, Verdict: p.OnNoData, Objective: name, Message: name + " was not measured yet"})
			continue
		}
		s := v.Report.States[i]
		a.seen(s)
		if s.Status == budget.NoData {
			a.degrade(GateNoData)
			out = append(out, GateReason{Code: GateNoData, Verdict: p.OnNoData, Objective: name, Value: a.DataAge, Message: name + " is not in sight: " + sightWords(s, a.At)})
		}
		if !s.Recounted.IsZero() {
			a.degrade(GateNoData)
			out = append(out, GateReason{Code: GateNoData, Verdict: p.OnNoData, Objective: name, Message: name + " is being counted anew by another indicator, so far back to " + s.Recounted.UTC().Format("2006-01-02 15:04Z")})
		}
		out = append(out, budgetReason(p, s))
		out = append(out, burnReasons(p, s)...)
		out = append(out, ruleReasons(p, s, q, a)...)
	}
	return out
}

func budgetReason(p slo.ReleasePolicy, s budget.State) GateReason {
	r := GateReason{Code: GateBudget, Verdict: slo.Allow, Objective: s.Objective, Window: s.Over(), Value: s.Remaining, Limit: p.MinRemaining.Float()}
	r.Message = fmt.Sprintf("%s has %s of its budget left", s.Objective, budget.Percent(s.Remaining))
	if s.Newest.IsZero() && s.Budget.Total() == 0 {
		r.Message = fmt.Sprintf("nothing is known of the budget of %s", s.Objective)
	}
	switch {
	case s.Status == budget.TooFew:
		r.Message = fmt.Sprintf("%s had %.4g %s over %s, too few to judge its budget by", s.Objective, s.Events(s.Budget.Total()), s.Noun(), s.Over())
	case !p.HasMin:
	case s.Status == budget.Exhausted || s.Remaining < 0:
		r.Verdict = slo.Deny
		r.Message = fmt.Sprintf("%s has no budget left (%s)", s.Objective, budget.Percent(s.Remaining))
	case s.Remaining < r.Limit:
		r.Verdict = slo.Deny
		r.Message += fmt.Sprintf(", the policy asks for %s", budget.Percent(r.Limit))
	}
	return r
}

func burnReasons(p slo.ReleasePolicy, s budget.State) []GateReason {
	var out []GateReason
	for _, limit := range p.MaxBurn {
		w, found := s.Window(limit.Window)
		if !found || !w.Known || !budget.AtLeast(w, s.Target, limit.Burn) {
			continue
		}
		words := fmt.Sprintf("%s burns at %.1f times its budget over %s, the policy allows less than %s", s.Objective, w.Burn, slo.Span(w.Length), limit.Burn)
		if w.Burn >= budget.Boundless {
			words = fmt.Sprintf("%s promises that no event is bad, and over %s some were", s.Objective, slo.Span(w.Length))
		}
		out = append(out, GateReason{Code: GateBurn, Verdict: slo.Deny, Objective: s.Objective, Window: slo.Span(w.Length), Value: w.Burn, Limit: limit.Burn.Float(), Message: words})
	}
	return out
}

// neverLooked is an age that no look at the budgets has: there was none.
const neverLooked = 100 * 365 * 24 * time.Hour

// sightReasons says what the loop itself cannot see.
func sightReasons(p slo.ReleasePolicy, r Report, a *GateAnswer) []GateReason {
	var out []GateReason
	if age := a.At.Sub(r.At); r.At.IsZero() || age.Abs() > p.StaleAfter {
		a.degrade(GateStale)
		stale := GateReason{Code: GateStale, Verdict: p.OnNoData, Value: age.Seconds(), Limit: p.StaleAfter.Seconds(), Message: "the last look at the budgets is older than " + slo.Span(p.StaleAfter)}
		switch {
		case age > neverLooked:
			stale.Value, stale.Message = -1, "nothing was looked at yet"
		case age < 0:
			stale.Message = "the last look at the budgets was at " + clock(r.At) + ", which is yet to come: the clock was set back"
		}
		out = append(out, stale)
	}
	if r.LedgerErr != nil {
		a.degrade(GateLedgerDown)
		verdict := p.OnLedgerDown
		if verdict == "" {
			verdict = slo.Allow
		}
		out = append(out, GateReason{Code: GateLedgerDown, Verdict: verdict, Message: "the ledger is unreachable; freezes are as last read"})
	}
	return out
}

// unrecorded holds back what cannot be put on record, unless the policy says
// what an unreachable ledger means.
func unrecorded(p slo.ReleasePolicy, a *GateAnswer) GateReason {
	a.degrade(GateUnrecorded)
	return GateReason{Code: GateUnrecorded, Verdict: cmp.Or(p.OnLedgerDown, slo.Hold), Message: "the answer cannot be recorded"}
}

// Spooled is the answer marked as one that is on record on disk, until the
// ledger is back.
func (a GateAnswer) Spooled() GateAnswer {
	a.DegradedBy = slices.Clone(a.DegradedBy)
	a.degrade(GateSpooled)
	return a
}

// conclude lets the strictest reason decide, unless the change is exempt.
func (a GateAnswer) conclude(p slo.ReleasePolicy) GateAnswer {
	a.Verdict = slo.Allow
	for _, r := range a.Reasons {
		if strictness(r.Verdict) > strictness(a.Verdict) {
			a.Verdict = r.Verdict
		}
	}
	for i, r := range a.Reasons {
		a.Reasons[i].Until = r.Until.UTC().Truncate(time.Microsecond) // as it goes on record
	}
	if a.Verdict != slo.Allow && slices.Contains(p.AlwaysAllowed, a.Change) {
		return a.pass(GateExempt, fmt.Sprintf("a %s always passes; without that the answer would be %s", a.Change, a.Verdict))
	}
	if a.Allowed = a.Verdict == slo.Allow; !a.Allowed {
		a.MayChangeAt = mayChange(a.Verdict, a.Reasons)
	}
	a.Words = a.sentence()
	return a
}

func strictness(v slo.Verdict) int {
	return slices.Index([]slo.Verdict{slo.Allow, slo.Hold, slo.Deny}, v)
}

func (a GateAnswer) sentence() string {
	for _, r := range a.Reasons {
		if r.Verdict == a.Verdict {
			return fmt.Sprintf("%s: %s", a.Verdict, r.Message)
		}
	}
	return fmt.Sprintf("%s: nothing speaks against it", a.Verdict)
}

func (a *GateAnswer) degrade(code string) {
	a.Degraded = true
	if !slices.Contains(a.DegradedBy, code) {
		a.DegradedBy = append(a.DegradedBy, code)
	}
}

// seen keeps the age of the oldest data that the answer rests on.
func (a *GateAnswer) seen(s budget.State) {
	if s.Newest.IsZero() || !a.DataAsOf.IsZero() && !s.Newest.Before(a.DataAsOf) {
		return
	}
	a.DataAsOf, a.DataAge = s.Newest, a.At.Sub(s.Newest).Seconds()
}

func sinceWords(s budget.State) string {
	if s.Newest.IsZero() {
		return "no data yet"
	}
	return "last data of " + clock(s.Newest)
}

func lapsed(o Order, now time.Time) bool { return !o.Until.IsZero() && !now.Before(o.Until) }

func clock(t time.Time) string { return t.UTC().Format("15:04:05Z") }

// percent is a share as decisions on record say it: their words are made again
// by a replay, so it stays as it is. The gate says budget.Percent.
func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }
