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

// endsOf are the ends of the names that a document becomes: of an SLO with
// several objectives, those of the objectives.
func endsOf(doc slo.Node) (ends []string) {
	if doc.Get("kind").Text() != "SLO" && carried(doc) {
		return []string{""}
	}
	items := doc.Get("spec").Get("objectives").Items()
	for _, item := range items {
		if own := item.Get("name").Text(); len(items) > 1 && own != "" {
			ends = append(ends, "-"+own)
		} else {
			ends = append(ends, "")
		}
	}
	return ends
}

// adjustment is the calendar that a budget adjustment is: its times are left
// out of the budgets of some SLOs.
func (r reader) adjustment(doc slo.Node) []slo.Node {
	doc.Check(document(adjustmentTable()))
	meta, spec := doc.Get("metadata"), doc.Get("spec")
	list := spec.Get("filters").Get("slos")
	var meant []slo.Node
	for _, item := range list.Items() {
		name, project := item.Get("name"), item.Get("project").Text()
		ends := r.docs[r.meant("SLO", name.Text(), project)]
		if len(ends) == 0 && name.Text() != "" {
			name.Warn("not carried: no file holds the SLO "+name.Text(), "")
		}
		for _, end := range ends {
			meant = append(meant, name.Name(r.named(name, "SLO", project).Text()+end))
		}
	}
	if len(meant) == 0 {
		return nil
	}
	return []slo.Node{doc.Map(
		slo.Pair{Key: "apiVersion", Value: doc.Says("setpoint.dev/v1")},
		slo.Pair{Key: "kind", Value: doc.Says("Calendar")},
		slo.Pair{Key: "metadata", Value: doc.Map(
			slo.Pair{Key: "name", Value: r.name(doc)},
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
