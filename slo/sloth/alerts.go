package sloth

import (
	"time"

	"setpoint.dev/setpoint/slo"
)

// A reader converts documents by the alert windows, and the names, that stand
// among them.
type reader struct {
	Importer
	windows windows
	names   slo.Names
}

// windows are the alert windows of Sloth's period.
type windows struct{ page, ticket [2]window }

// A window is a share of the budget that burns in long, and in short.
type window struct {
	share       slo.Decimal
	long, short time.Duration
}

// standard are Sloth's own windows for 30 days; they are those of the SRE
// Workbook.
func standard() windows {
	day := 24 * time.Hour
	return windows{
		page:   [2]window{{slo.NewDecimal(2, 2), time.Hour, 5 * time.Minute}, {slo.NewDecimal(5, 2), 6 * time.Hour, 30 * time.Minute}},
		ticket: [2]window{{slo.NewDecimal(1, 1), day, 2 * time.Hour}, {slo.NewDecimal(1, 1), 3 * day, 6 * time.Hour}},
	}
}

// Survey notes the names of all SLOs, and reads the catalogues of alert
// windows. The one for the period takes the place of Sloth's own, whichever
// file it stands in.
func (Importer) Survey(docs []slo.Node) slo.Importer {
	r, found := reader{windows: standard(), names: slo.NewNames()}, false
	for _, doc := range docs {
		r.note(doc)
		if doc.Get("kind").Text() != "AlertWindows" || doc.Get("apiVersion").Text() != group+"v1" {
			continue
		}
		alertWindows(doc)
		length := doc.Get("spec").Get("sloPeriod")
		switch d, ok := length.Duration(); {
		case !ok:
		case d != periodLength():
			length.Warn("these windows are for another period than that of the SLOs, which is "+period+" here, so that none has them", period)
		case found:
			length.Refuse("a second catalogue for "+period, "one for each period", "")
		default:
			r.windows, found = catalogue(doc.Get("spec")), true
		}
	}
	return r
}

// note notes the names of the SLOs of a document.
func (r reader) note(doc slo.Node) {
	spec := doc
	if doc.Get("apiVersion").Given() {
		spec = doc.Get("spec")
	}
	for _, item := range spec.Get("slos").Items() {
		r.names.Add(fullName(spec, item), doc.Get("metadata").Get("namespace").Text())
	}
}

// fullName is what Sloth knows an SLO by.
func fullName(spec, item slo.Node) string {
	return spec.Get("service").Text() + "-" + item.Get("name").Text()
}

func periodLength() time.Duration {
	d, _ := slo.ParseDuration(period) // a constant
	return d
}

// catalogue reads the windows of a document.
func catalogue(spec slo.Node) windows {
	severity := func(n slo.Node) [2]window { return [2]window{windowOf(n.Get("quick")), windowOf(n.Get("slow"))} }
	return windows{page: severity(spec.Get("page")), ticket: severity(spec.Get("ticket"))}
}

func windowOf(n slo.Node) (w window) {
	percent, _ := n.Get("errorBudgetPercent").Decimal()
	w.share, _ = percent.Percent()
	w.long, _ = n.Get("longWindow").Duration()
	w.short, _ = n.Get("shortWindow").Duration()
	switch {
	case percent.Sign() <= 0 || percent.Cmp(slo.NewDecimal(100, 0)) > 0:
		n.Get("errorBudgetPercent").Refuse("no part of the budget", "above 0, at most 100", "")
	case w.short > w.long:
		n.Get("shortWindow").Refuse("the short window is longer than the long one", "at most "+slo.Span(w.long), "")
	case w.long > periodLength():
		n.Get("longWindow").Refuse("longer than the period", "at most "+period, "")
	}
	return w
}

// alarms are the alerts of an SLO: one that pages, one that makes tickets,
// each with a quick and a slow pair of windows.
func (r reader) alarms(w words, name, a slo.Node) (out []slo.Node) {
	for _, sort := range []struct {
		word, key string
		windows   [2]window
	}{{"page", w.page, r.windows.page}, {"ticket", w.ticket, r.windows.ticket}} {
		one := a.Get(sort.key)
		if !a.Given() || one.Get("disable").True() {
			continue
		}
		out = append(out, alarm(sort.word, name, a, one, sort.windows).Inline())
	}
	return out
}

func alarm(word string, name, a, one slo.Node, pair [2]window) slo.Alarm {
	at := a
	if one.Given() {
		at = one
	}
	alarm := slo.Alarm{
		At: at, Name: at.Says(name.Text() + "-" + word), Title: a.Get("name"),
		Labels: one.Get("labels").Texts(a.Get("labels")), Annotations: one.Get("annotations").Texts(a.Get("annotations")),
	}
	severity := word
	if own := alarm.Labels.Get("severity").Text(); own != "" {
		severity = own
	}
	for i, speed := range []string{"quick", "slow"} {
		w := pair[i]
		if w.long <= 0 {
			continue // refused before
		}
		alarm.Conditions = append(alarm.Conditions, slo.Watch{
			At: at, Name: word + "-" + speed, Severity: severity, Burn: slo.BurnOf(w.share, periodLength(), w.long), Long: w.long, Short: w.short,
		})
	}
	return alarm
}
