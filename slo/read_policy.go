package slo

import "time"

// maxBind is the longest that one look at the budgets may allow a release.
const maxBind = 24 * time.Hour

func (l *loader) policy(doc value) {
	meta, spec := doc.get("metadata"), doc.get("spec")
	l.refer("Service", spec.get("service"))
	p := ReleasePolicy{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Service: spec.get("service").text(), OnNoData: Hold, OnLedgerDown: Verdict(spec.get("onLedgerDown").text()),
		StaleAfter: 5 * time.Minute, AlwaysAllowed: []string{"rollback", "security", "fix"}, Position: doc.place().Position,
	}
	p.Freezes = l.names(l.refer, "Actuator", spec.get("freezes"))
	p.Objectives = l.names(l.refer, objectiveKind, spec.get("objectives"))
	if v := spec.get("onNoData"); v.good() {
		p.OnNoData = Verdict(v.text())
	}
	if d := within(spec.get("staleAfter"), time.Second, maxWindow); d > 0 {
		p.StaleAfter = d
	}
	p.SecondPerson, p.DryRun = spec.get("secondPerson").truth(), spec.get("dryRun").truth()
	p.BreakGlass = readBreakGlass(spec.get("breakGlass"))
	p.BindFor = within(spec.get("bindFor"), time.Second, maxBind)
	if v := spec.get("alwaysAllowed"); v.good() {
		p.AlwaysAllowed = texts(v)
	}
	p.MinRemaining, p.HasMin = readMin(spec.get("minRemaining"))
	l.released(&p, spec)
	l.policies = append(l.policies, draft[ReleasePolicy]{p, spec})
}

// names is a list of names of a kind, each to be looked for later (refer, or
// mention); nil when there is none.
func (l *loader) names(look func(string, value), kind string, list value) []string {
	if !list.good() {
		return nil
	}
	if len(list.items()) == 0 {
		list.refuse("an empty list", "names, or no such key for those of the service", "")
	}
	for _, v := range list.items() {
		look(kind, v)
	}
	return texts(list)
}

// texts is the items of a list, each once.
func texts(list value) []string {
	out := []string{}
	seen := map[string]bool{}
	for _, v := range list.items() {
		if seen[v.text()] {
			v.warn(v.text()+" is there twice", "", "")
			continue
		}
		seen[v.text()] = true
		out = append(out, v.text())
	}
	return out
}

func readMin(v value) (least Decimal, declared bool) {
	d, ok := v.decimal()
	if ok && (d.Sign() < 0 || d.Cmp(NewDecimal(1, 0)) >= 0) {
		v.refuse(v.text()+" is no share of the budget that can be asked for", "0 or more, below 1", nearShare(v.text()))
		return Decimal{}, false
	}
	return d, ok
}

// nearShare is a percentage as a share.
func nearShare(s string) string {
	d, err := ParseDecimal(s)
	if err != nil || d.Sign() <= 0 {
		return ""
	}
	if d, err = d.Percent(); err != nil || d.Cmp(NewDecimal(1, 0)) >= 0 {
		return ""
	}
	return d.String()
}

// finishPolicy reads what depends on the actuators and the objectives.
func (l *loader) finishPolicy(d draft[ReleasePolicy], known known) {
	for _, v := range d.spec.get("freezes").items() {
		if a, ok := known.actuators[v.text()]; ok && a.Kind != Freeze && a.Kind != "" {
			v.refuse(a.Name+" is a "+string(a.Kind)+", which says nothing about releases", "an Actuator of type freeze", "")
		}
	}
	judged := known.judged(d.is)
	l.warnOfUnjudged(d.is, d.spec.get("service"))
	for _, v := range d.spec.get("maxBurn").items() {
		d.is.MaxBurn = append(d.is.MaxBurn, readLimit(v, judged))
	}
	d.is.Rules = l.releaseRules(d.spec.get("rules"), judged)
	l.finishReleased(&d, known)
	l.set.Policies = append(l.set.Policies, d.is.versioned())
}

// releaseRules reads the rules of a policy, with their conditions for each of
// the objectives that are judged.
func (l *loader) releaseRules(list value, judged []Objective) (rules []ReleaseRule) {
	names := map[string]bool{}
	if list.good() && len(judged) == 0 && !l.part {
		list.warn("the policy judges no objective, so that its rules never speak", "objectives, or an SLO of the service", "")
	}
	for _, v := range list.items() {
		r := ReleaseRule{
			Name: v.get("name").text(), Verdict: Verdict(v.get("verdict").text()), Message: v.get("message").text(),
			When: map[string]Condition{}, Position: v.place().Position,
		}
		if names[r.Name] && r.Name != "" {
			v.get("name").refuse("a second rule of the name "+r.Name, "a name that is unique in the policy", "")
		}
		names[r.Name] = true
		for _, o := range judged {
			if c := l.condition(v.get("when"), o); c != nil {
				r.When[o.Name] = *c
			}
		}
		rules = append(rules, r)
	}
	return rules
}

func readLimit(v value, judged []Objective) BurnLimit {
	b := BurnLimit{Window: positive(v.get("window"))}
	b.Burn, _ = v.get("burn").decimal()
	if len(judged) == 0 {
		checkBurn(v.get("burn"), Objective{})
	}
	for _, o := range judged {
		checkBurn(v.get("burn"), o)
		checkSpan(v.get("window"), o)
	}
	return b
}
