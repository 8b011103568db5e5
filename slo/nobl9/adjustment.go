package nobl9

import (
	"time"

	"setpoint.dev/setpoint/slo"
)

func adjustmentTable() *slo.Table {
	return &slo.Table{Name: "spec", Keys: []slo.Key{
		{Name: "description", Is: slo.IsText},
		{Name: "firstEventStart", Is: slo.IsWord, Required: true},
		{Name: "duration", Is: slo.IsDuration, Required: true},
		{Name: "rrule", Is: slo.IsAny},
		{Name: "filters", Is: slo.IsMapping, Required: true, Of: &slo.Table{Name: "filters", Keys: []slo.Key{
			{Name: "slos", Is: slo.IsList, Required: true, Of: &slo.Table{Name: "slo", Keys: []slo.Key{
				{Name: "name", Is: slo.IsWord, Required: true},
				{Name: "project", Is: slo.IsWord, Required: true},
			}}},
		}}},
		{Name: "createdAt", Is: slo.IsAny},
		{Name: "createdBy", Is: slo.IsAny},
	}}
}

// objectivesOf are the names of the SLOs that the document of one becomes.
func objectivesOf(doc slo.Node) (names []string) {
	name := doc.Get("metadata").Get("name").Text()
	items := doc.Get("spec").Get("objectives").Items()
	for _, item := range items {
		if own := item.Get("name").Text(); len(items) > 1 && own != "" {
			names = append(names, name+"-"+own)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// adjustment is the calendar that a budget adjustment is: its times are left
// out of the budgets of some SLOs.
func (r reader) adjustment(doc slo.Node) []slo.Node {
	doc.Check(document(adjustmentTable()))
	meta, spec, name := doc.Get("metadata"), doc.Get("spec"), doc.Get("metadata").Get("name")
	list := spec.Get("filters").Get("slos")
	var meant []slo.Node
	for _, item := range list.Items() {
		ref := item.Get("name")
		if len(r.slos[ref.Text()]) == 0 && ref.Text() != "" {
			ref.Warn("not carried: no file holds the SLO "+ref.Text(), "")
		}
		for _, objective := range r.slos[ref.Text()] {
			meant = append(meant, ref.Name(objective))
		}
	}
	if len(meant) == 0 {
		return nil
	}
	return []slo.Node{doc.Map(
		slo.Pair{Key: "apiVersion", Value: doc.Says("setpoint.dev/v1")},
		slo.Pair{Key: "kind", Value: doc.Says("Calendar")},
		slo.Pair{Key: "metadata", Value: doc.Map(
			slo.Pair{Key: "name", Value: name.Name(name.Text())},
			slo.Pair{Key: "displayName", Value: meta.Get("displayName")},
			slo.Pair{Key: "annotations", Value: meta.Notes("n9/project", meta.Get("project"))},
		)},
		slo.Pair{Key: "spec", Value: doc.Map(
			slo.Pair{Key: "description", Value: spec.Get("description").Cut()},
			slo.Pair{Key: "appliesTo", Value: list.Map(slo.Pair{Key: "objectives", Value: list.List(meant...)})},
			slo.Pair{Key: "effect", Value: doc.Says("exclude")},
			times(spec),
		)},
	)}
}

// times is when an adjustment is: once, or again and again in UTC.
func times(spec slo.Node) slo.Pair {
	start, length, rule := spec.Get("firstEventStart"), spec.Get("duration"), spec.Get("rrule")
	if rule.Given() {
		return slo.Pair{Key: "recurring", Value: rule.List(rule.Map(
			slo.Pair{Key: "rrule", Value: rule}, slo.Pair{Key: "start", Value: start}, slo.Pair{Key: "duration", Value: length},
		))}
	}
	end := start
	from, err := time.Parse(time.RFC3339, start.Text())
	if d, bad := slo.ParseDuration(length.Text()); err == nil && bad == nil {
		end = length.Says(from.Add(d).Format(time.RFC3339))
	}
	return slo.Pair{Key: "windows", Value: start.List(start.Map(slo.Pair{Key: "from", Value: start}, slo.Pair{Key: "to", Value: end}))}
}
