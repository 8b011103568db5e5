package web

import (
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A queryRow is a query as declared, and what it is for.
type queryRow struct{ Name, Text string }

// queries say how an objective is counted.
func queries(set *slo.Set, o slo.Objective) []queryRow {
	i, out := o.Indicator, []queryRow(nil)
	for _, q := range []queryRow{{"good", i.Good}, {"bad", i.Bad}, {"total", i.Total}} {
		if q.Text != "" {
			out = append(out, q)
		}
	}
	if i.Query != "" {
		out = append(out, queryRow{judgedWords(i) + "; " + readWords(set, o, i.Query), i.Query})
	}
	return out
}

// judgedWords says how the samples of a query are judged.
func judgedWords(i slo.Indicator) string {
	switch {
	case i.Kind == slo.Threshold:
		return "good when " + i.Op.Sign() + " " + i.Value.String()
	case i.Kind == slo.Boolean:
		return "good when 1, bad when 0"
	case i.Failure:
		return "share of bad events"
	}
	return "share of good events"
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
