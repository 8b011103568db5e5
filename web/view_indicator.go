package web

import (
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// A queryRow is a query as declared, and what it is for.
type queryRow struct {
	Name, Text string
	Page       string // where people look at it in its source; empty = nobody says
}

// queries say how an objective is counted.
func queries(set *slo.Set, o slo.Objective) []queryRow {
	i, out := o.Indicator, []queryRow(nil)
	for _, q := range []queryRow{{Name: "good", Text: i.Good}, {Name: "bad", Text: i.Bad}, {Name: "total", Text: i.Total}} {
		if q.Text != "" {
			out = append(out, q)
		}
	}
	if i.Started != "" {
		out = append(out, queryRow{Name: "when a job last started; " + readWords(set, o, i.Started), Text: i.Started})
	}
	if i.Query != "" {
		out = append(out, queryRow{Name: judgedWords(i) + "; " + readWords(set, o, i.Query), Text: i.Query})
	}
	at := slices.IndexFunc(set.Sources, func(s slo.Source) bool { return s.Name == i.Source })
	for j := range out {
		if at >= 0 {
			out[j].Page, _ = set.Sources[at].PageOf(out[j].Text)
		}
	}
	return out
}

// judgedWords says how the samples of a query are judged.
func judgedWords(i slo.Indicator) string {
	switch i.Kind {
	case slo.Threshold:
		return "good when " + i.Op.Sign() + " " + i.Value.String()
	case slo.Native:
		return "native histogram; an observation is good when " + i.Op.Sign() + " " + i.Value.String()
	case slo.Boolean:
		return "good when 1, bad when 0"
	case slo.Freshness:
		return "time of the newest success; good while at most " + slo.Span(i.MaxAge) + " old"
	case slo.Deadline:
		return "when it last succeeded; good when at most " + slo.Span(i.Limit) + " after its start" + dueWords(i.Every)
	}
	if i.Failure {
		return "share of bad events"
	}
	return "share of good events"
}

func dueWords(every time.Duration) string {
	if every == 0 {
		return ""
	}
	return ", and due every " + slo.Span(every)
}

// assumedWords says what time that was not observed counts as.
func assumedWords(s budget.State) string {
	if s.Budget.Assumed == nil {
		return ""
	}
	what := map[slo.NoData]string{slo.NoDataGood: "counts as good", slo.NoDataBad: "counts as bad", slo.NoDataIgnore: "is ignored"}[s.NoData]
	return "; " + about(s.Budget.Assumed.Covered) + " of it was not observed and " + what
}

// pendingWords says how many runs are under way.
func pendingWords(n int) string {
	if n == 0 {
		return ""
	}
	return "; " + plural(n, "run is", "runs are") + " under way, within the time allowed"
}

// readWords says which samples of a query are read.
func readWords(set *slo.Set, o slo.Objective, query string) string {
	if selector, _ := slo.Samples(query); selector != "" {
		return "each sample as it was scraped"
	}
	var scrape time.Duration
	if at := slices.IndexFunc(set.Sources, func(s slo.Source) bool { return s.Name == o.Indicator.Source }); at >= 0 {
		scrape = set.Sources[at].Scrape
	}
	return "evaluated every " + window(slo.Grid(o.Slice, scrape))
}
