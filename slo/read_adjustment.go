package slo

import (
	"fmt"
	"time"
)

// mostCorrected is how many events an adjustment may say, so that sums stay
// within what can be counted.
const mostCorrected = 1_000_000_000_000

func (l *loader) adjustment(doc value) {
	meta, spec := doc.get("metadata"), doc.get("spec")
	zone := time.UTC
	if v := spec.get("timeZone"); v.good() {
		if z, ok := location(v); ok {
			zone = z
		}
	}
	a := Adjustment{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		AppliesTo: l.scope(spec), Effect: Effect(spec.get("effect").text()), Counts: readCorrected(spec),
		Author: spec.get("author").text(), Reason: spec.get("reason").text(), Category: spec.get("category").text(),
		Revoked: spec.get("revoked").truth(), Position: doc.place().Position,
	}
	a.Stretch, _ = readStretch(spec, zone)
	l.adjustments = append(l.adjustments, draft[Adjustment]{a, spec})
}

func readCorrected(spec value) Corrected {
	counts := spec.get("counts")
	switch correct := spec.get("effect").text() == string(Correct); {
	case correct && spec.lacks("counts"):
		counts.refuse("missing; correct asks what the counts were", "a mapping with good and bad", "")
	case !correct && counts.given() && spec.get("effect").good():
		counts.refuse("plays no part in the effect "+spec.get("effect").text(), "effect: correct, or no such key", "")
	}
	for _, key := range []string{"good", "bad"} {
		if n := counts.get(key).whole(0); n > mostCorrected {
			counts.get(key).refuse(fmt.Sprintf("more than %d events", int64(mostCorrected)), "", "")
		}
	}
	return Corrected{Good: counts.get("good").whole(0), Bad: counts.get("bad").whole(0)}
}

// finishAdjustments checks what takes all objectives.
func (l *loader) finishAdjustments(known known) {
	for _, d := range l.adjustments {
		l.finishScope(d.is.AppliesTo, d.spec)
		if d.is.Effect == Correct {
			checkCorrected(d, known)
		}
		l.set.Adjustments = append(l.set.Adjustments, d.is)
	}
}

// checkCorrected holds a correction to one objective and to its slices, since
// only whole ones can be replaced.
func checkCorrected(d draft[Adjustment], known known) {
	s := d.is.AppliesTo
	if scope := d.spec.get("appliesTo"); len(s.Objectives) != 1 {
		scope.refuse("counts are those of one objective", "objectives, with one name", "")
		return
	}
	o, ok := known.objectives[s.Objectives[0]]
	if !ok || o.Slice == 0 || d.is.From.IsZero() {
		return
	}
	if o.Composite != nil {
		d.spec.get("effect").refuse("a composite counts no events of its own", "an adjustment of one of its components", "")
		return
	}
	for key, t := range map[string]time.Time{"from": d.is.From, "to": d.is.To} {
		if t.UnixNano()%int64(o.Slice) != 0 {
			d.spec.get(key).refuse(fmt.Sprintf("not between two slices of %s, which are %s long", o.Name, Span(o.Slice)), "a multiple of "+Span(o.Slice), "")
		}
	}
}
