package slo

import (
	"fmt"
	"slices"
)

func (l *loader) sla(doc value) {
	meta, spec := doc.get("metadata"), doc.get("spec")
	l.refer(objectiveKind, spec.get("objective"))
	period := spec.get("period")
	s := SLA{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Objective: spec.get("objective").text(), Target: target(spec), Raw: spec.get("judgedBy").text() == "raw",
		Period: Window{Length: windowLength(period)}, Position: doc.place().Position,
	}
	if calendar := period.get("calendar"); calendar.good() {
		s.Period.Count, s.Period.Unit, s.Period.Start = periods(period.get("duration"), calendar)
	}
	for _, v := range spec.get("credits").items() {
		s.Credits = append(s.Credits, readCredit(v, s))
	}
	checkCredits(spec.get("credits"), s.Credits)
	slices.SortStableFunc(s.Credits, func(a, b Credit) int { return b.Below.Cmp(a.Below) })
	l.slas = append(l.slas, draft[SLA]{s, spec})
}

func readCredit(v value, s SLA) Credit {
	below, at := shareOf(v, "below", "belowPercent")
	share, of := shareOf(v, "credit", "creditPercent")
	one := NewDecimal(1, 0)
	switch {
	case at.good() && below.Sign() <= 0:
		at.refuse("nothing is below "+at.text(), "above 0, at most the target", "")
	case at.good() && s.Target.Sign() > 0 && below.Cmp(s.Target) > 0:
		at.refuse(fmt.Sprintf("a credit would be owed below %s, which is more than the target of %s", below, s.Target), "at most the target", s.Target.String())
	}
	if of.good() && (share.Sign() <= 0 || share.Cmp(one) > 0) {
		of.refuse(of.text()+" is no share of the fee", "above 0, at most all of it", "")
	}
	if !at.good() || !of.good() {
		return Credit{}
	}
	return Credit{Below: below, Share: share}
}

// shareOf is the share that stands under one of two keys, the other of which
// is in percent, and where it stands.
func shareOf(v value, share, percent string) (Decimal, value) {
	of, hundred := v.get(share), v.get(percent)
	switch {
	case of.given() && hundred.given():
		hundred.refuse(share+" and "+percent+" are both there", "one of them", "")
	case of.given():
		d, _ := of.decimal()
		return d, of
	case hundred.given():
		d, _ := hundred.decimal()
		part, err := d.Percent()
		if err != nil {
			hundred.refuse("more than 18 digits", "a percentage such as 99.9", "")
		}
		return part, hundred
	case v.lacks(share, percent):
		of.refuse("neither "+share+" nor "+percent+" is there", "one of them", "")
	}
	return Decimal{}, of
}

// checkCredits refuses credits of which one can never be owed: the lower what
// was achieved, the more.
func checkCredits(list value, all []Credit) {
	items := list.items()
	for i, a := range all {
		for j, b := range all[:i] {
			higher := a.Below.Cmp(b.Below)
			if a.Share.Sign() <= 0 || b.Share.Sign() <= 0 || !items[i].good() || !items[j].good() {
				continue
			}
			if more := a.Share.Cmp(b.Share); higher == 0 || higher != -more {
				items[i].refuse(fmt.Sprintf("below %s %s is owed and below %s %s, so that one of them never counts", b.Below, b.Share, a.Below, a.Share), "more credit the lower below is", "")
			}
		}
	}
}

// finishSLAs compares SLAs with the objectives that they are beside.
func (l *loader) finishSLAs(known known) {
	for _, d := range l.slas {
		o, ok := known.objectives[d.is.Objective]
		if ok && o.Slice > 0 && d.is.Period.Calendar() {
			checkStarts(d.is.Period, o.Step(), d.spec.get("period"))
		}
		if ok && o.Target.Sign() > 0 && d.is.Target.Sign() > 0 && o.Target.Cmp(d.is.Target) <= 0 {
			at := d.spec.get("target")
			if !at.given() {
				at = d.spec.get("targetPercent")
			}
			at.warn(fmt.Sprintf("the objective %s, at %s:%d, is not stricter: its target is %s, that of the SLA %s", o.Name, o.Position.File, o.Position.Line, o.Target, d.is.Target), "less than "+o.Target.String(), "")
		}
		l.set.SLAs = append(l.set.SLAs, d.is)
	}
}
