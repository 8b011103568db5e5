package slo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// longestPace is the longest stretch that releases are counted in.
const longestPace = 90 * day

// released reads what a policy says beyond the budget of now, as far as it
// takes no other document.
func (l *loader) released(p *ReleasePolicy, spec value) {
	p.Environments, p.Regions, p.Changes = someTexts(spec.get("environments")), someTexts(spec.get("regions")), someTexts(spec.get("changes"))
	p.MinInterval = within(spec.get("minInterval"), time.Second, longestPace)
	p.Pace = readReleasePace(spec.get("pace"))
	for _, v := range spec.get("maxSize").items() {
		p.MaxSize = append(p.MaxSize, readSize(v))
	}
	for _, v := range spec.get("dependsOn").items() {
		p.DependsOn = append(p.DependsOn, l.dependency(v))
	}
	if v := spec.get("incidents"); v.good() {
		p.Incidents = &Incidents{Severities: someTexts(v.get("severities")), Verdict: verdictOf(v)}
	}
	if v := spec.get("risk"); v.good() {
		p.Risk = readRisk(v)
	}
	if v := spec.get("calendars"); v.good() && v.lacks("deny", "allow") {
		v.refuse("names no calendar", "deny or allow", "")
	}
	for _, key := range []string{"deny", "allow"} {
		l.names(l.refer, "Calendar", spec.get("calendars").get(key))
	}
}

// someTexts is a list of at least one text.
func someTexts(list value) []string {
	if !list.good() {
		return nil
	}
	if len(list.items()) == 0 {
		list.refuse("an empty list", "at least one, or no such key for all", "")
	}
	return texts(list)
}

func verdictOf(v value) Verdict {
	if verdict := v.get("verdict"); verdict.good() {
		return Verdict(verdict.text())
	}
	return Hold
}

func readReleasePace(v value) (p ReleasePace) {
	if !v.good() {
		return p
	}
	releases, least := v.get("releases").whole(0), v.get("least").whole(0)
	p = ReleasePace{Releases: int(releases), Per: within(v.get("per"), time.Minute, longestPace), Least: int(least)}
	switch {
	case v.get("releases").good() && releases == 0:
		v.get("releases").refuse("no release could ever go", "1 or more", "")
	case least > releases:
		v.get("least").refuse("more than releases, which is what all of the budget earns", fmt.Sprintf("at most %d", releases), "")
	}
	return p
}

func readSize(v value) SizeLimit {
	s := SizeLimit{Size: v.get("size").whole(0), Always: !v.get("below").given()}
	below, ok := v.get("below").decimal()
	if ok && (below.Sign() <= 0 || below.Cmp(NewDecimal(1, 0)) > 0) {
		v.get("below").refuse(v.get("below").text()+" is no share of the budget", "above 0, at most 1", nearShare(v.get("below").text()))
	}
	s.Below = below
	return s
}

func (l *loader) dependency(v value) Dependency {
	l.refer("Service", v.get("service"))
	d := Dependency{Service: v.get("service").text(), Verdict: verdictOf(v)}
	d.Objectives = l.names(l.refer, objectiveKind, v.get("objectives"))
	d.MinRemaining, _ = readMin(v.get("minRemaining"))
	return d
}

func readRisk(v value) *RiskLimit {
	r := RiskLimit{Verdict: verdictOf(v)}
	if v.lacks("usual", "worst") {
		v.refuse("judges nothing", "usual or worst", "")
	}
	for key, d := range map[string]*Decimal{"usual": &r.Usual, "worst": &r.Worst} {
		var ok bool
		if *d, ok = v.get(key).decimal(); ok && d.Sign() <= 0 {
			v.get(key).refuse("no release burns less", "above 0, such as 0.5", "")
		}
	}
	return &r
}

// finishReleased reads what depends on other documents.
func (l *loader) finishReleased(d *draft[ReleasePolicy], known known) {
	p := &d.is
	for i, v := range d.spec.get("dependsOn").items() {
		l.finishDependency(p, i, v, known)
	}
	p.DenyDuring = l.calendarsOf(d.spec.get("calendars").get("deny"))
	p.AllowDuring = l.calendarsOf(d.spec.get("calendars").get("allow"))
	sight := len(known.judged(*p)) == 0 && !l.part
	for _, key := range []string{"pace", "maxSize", "risk"} {
		if v := d.spec.get(key); sight && v.good() {
			v.warn("the policy judges no objective, so that there is no budget to go by", "objectives, or an SLO of the service", "")
		}
	}
}

func (l *loader) finishDependency(p *ReleasePolicy, i int, v value, known known) {
	d := &p.DependsOn[i]
	if d.Service == p.Service && d.Service != "" {
		v.get("service").refuse("a service depends on itself at all times", "another service", "")
	}
	judged := known.judged(ReleasePolicy{Service: d.Service, Objectives: d.Objectives})
	d.Objectives = nil
	for _, o := range judged {
		d.Objectives = append(d.Objectives, o.Name)
		if o.Service != d.Service && len(v.get("objectives").items()) > 0 {
			v.get("objectives").warn(o.Name+" is an objective of "+o.Service, "objectives of "+d.Service, "")
		}
	}
	if _, there := l.declared["Service"][d.Service]; there && len(judged) == 0 && !l.part {
		v.warn("the service "+d.Service+" has no objective, so that nothing is known of it", "an SLO of the service", "")
	}
	for _, b := range v.get("maxBurn").items() {
		d.MaxBurn = append(d.MaxBurn, readLimit(b, judged))
	}
}

// calendarsOf are the calendars that a list names.
func (l *loader) calendarsOf(list value) (out []Calendar) {
	for _, v := range list.items() {
		for _, d := range l.calendars {
			if d.is.Name == v.text() {
				out = append(out, d.is)
			}
		}
	}
	return out
}

// versioned is a policy with the name of what it says: the beginning of the
// SHA-256 of its JSON.
func (p ReleasePolicy) versioned() ReleasePolicy {
	p.Version = ""
	text, err := json.Marshal(p)
	if err != nil {
		return p
	}
	sum := sha256.Sum256(text)
	p.Version = hex.EncodeToString(sum[:6])
	return p
}

// claimPolicies refuses policies of which none says more about a release than
// another.
func (l *loader) claimPolicies() {
	for i, d := range l.policies {
		rival := slices.IndexFunc(l.policies[:i], func(o draft[ReleasePolicy]) bool { return d.is.rivals(&o.is) })
		v := d.spec.get("service")
		if rival < 0 || !v.good() {
			continue
		}
		v.refuse(fmt.Sprintf("the service %s has the ReleasePolicy %s already", v.text(), l.policies[rival].is.Name), "one that says which environments, regions or changes it is about, and none of them twice", "")
	}
}
