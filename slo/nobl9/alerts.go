package nobl9

import (
	"fmt"
	"strings"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A reader converts documents that name alert policies, methods and SLOs
// which stand among them.
type reader struct {
	Importer
	names map[string]slo.Names // :: kind
	docs  map[ref][]string     // :: what others name → the ends of the names that it becomes, "" for its own; none = it is not carried
}

// A ref is what tells a document apart.
type ref struct{ kind, name, project string }

func newReader() reader {
	return reader{names: map[string]slo.Names{}, docs: map[ref][]string{}}
}

// Survey notes the names of all documents, and the alert policies, methods and
// SLOs that others may name.
func (Importer) Survey(docs []slo.Node) slo.Importer {
	r := newReader()
	for _, doc := range docs {
		at := refOf(doc)
		if _, known := r.names[at.kind]; !known {
			r.names[at.kind] = slo.NewNames()
		}
		r.names[at.kind].Add(at.name, at.project)
		r.docs[at] = append(r.docs[at], endsOf(doc)...)
	}
	return r
}

func refOf(doc slo.Node) ref {
	meta := doc.Get("metadata")
	return ref{doc.Get("kind").Text(), meta.Get("name").Text(), meta.Get("project").Text()}
}

// name is the name of a document: names are of a project in Nobl9.
func (r reader) name(doc slo.Node) slo.Node {
	at := refOf(doc)
	return r.names[at.kind].Name(doc.Get("metadata").Get("name"), at.name, at.project)
}

// meant is what a reference means: a document of the project, or one that
// says none.
func (r reader) meant(kind, name, project string) ref {
	if _, there := r.docs[ref{kind, name, project}]; there {
		return ref{kind, name, project}
	}
	return ref{kind, name, ""}
}

// named is a name as it is read, where others refer to it.
func (r reader) named(n slo.Node, kind, project string) slo.Node {
	return r.names[kind].Ref(n, n.Text(), r.meant(kind, n.Text(), project).project)
}

// projectOf is the project that n says, or else that of the document.
func projectOf(n, meta slo.Node) string {
	if n.Given() {
		return n.Text()
	}
	return meta.Get("project").Text()
}

// policiesOf are the alert policies that an SLO names.
func (r reader) policiesOf(spec, meta slo.Node) (out []slo.Node) {
	for _, p := range spec.Get("alertPolicies").Items() {
		project := meta.Get("project").Text()
		if len(r.docs[r.meant("AlertPolicy", p.Text(), project)]) == 0 {
			p.Warn("not carried: no file holds an alert policy "+p.Text()+" that can be", "")
			continue
		}
		out = append(out, p.Map(slo.Pair{Key: "alertPolicyRef", Value: r.named(p, "AlertPolicy", project)}))
	}
	return out
}

// noData is the alert policy that anomalyConfig makes of missing data.
func (r reader) noData(spec, meta slo.Node, name string) (out []slo.Node) {
	noData := spec.Get("anomalyConfig").Get("noData")
	if !noData.Given() {
		return nil
	}
	after := 15 * time.Minute
	for _, key := range []string{"period", "alertAfter"} {
		if d, ok := noData.Get(key).Duration(); ok {
			after = d
		}
	}
	alarm := slo.Alarm{
		At: noData, Name: noData.Says(name + "-no-data"), NoData: true, NoDataWord: "High", NoDataAfter: after,
		Conditions: []slo.Watch{{At: noData, Name: "none", Severity: "High", Burn: slo.NewDecimal(1, 0), Long: time.Hour, Off: true}},
	}
	for _, m := range noData.Get("alertMethods").Items() {
		m.Check(methodTable())
		alarm.Targets = append(alarm.Targets, r.method(m, meta))
	}
	return []slo.Node{alarm.Inline()}
}

// method is the alert method that m names; one that stands in no file has a
// name only.
func (r reader) method(m, meta slo.Node) slo.Node {
	name, project := m.Get("name"), projectOf(m.Get("project"), meta)
	named := r.named(name, "AlertMethod", project)
	if len(r.docs[r.meant("AlertMethod", name.Text(), project)]) > 0 {
		return name.Map(slo.Pair{Key: "targetRef", Value: named})
	}
	return slo.TargetNamed(name, named.Text(), "nobl9")
}

// policy is an alert policy. Its conditions have to hold together.
func (r reader) policy(doc slo.Node) []slo.Node {
	doc.Check(document(policyTable()))
	meta, spec := doc.Get("metadata"), doc.Get("spec")
	alarm := slo.Alarm{
		At: doc, Name: r.name(doc), Title: meta.Get("displayName"), Description: spec.Get("description"),
		Labels: meta.Get("labels"), Annotations: meta.Notes("n9/project", meta.Get("project")),
	}
	alarm.Keep, _ = spec.Get("coolDown").Duration()
	for i, c := range spec.Get("conditions").Items() {
		w := watch(c)
		w.Name, w.Severity = fmt.Sprintf("condition-%d", i+1), spec.Get("severity").Text()
		alarm.Conditions = append(alarm.Conditions, w)
	}
	if !carried(doc) || len(alarm.Conditions) == 0 {
		return nil
	}
	alarm.All = len(alarm.Conditions) > 1
	for _, m := range spec.Get("alertMethods").Items() {
		m.Check(slo.Table{Name: "alert method", Keys: []slo.Key{{Name: "metadata", Is: slo.IsMapping, Of: ptr(methodTable()), Required: true}}})
		alarm.Targets = append(alarm.Targets, r.method(m.Get("metadata"), meta))
	}
	return []slo.Node{alarm.Document()}
}

// watch is a condition as a burn rate, a share of the budget that burns, or
// one that is used up. Where it has no alertingWindow its rate is that of the
// moment, for as long as lastsFor says.
func watch(c slo.Node) slo.Watch {
	w := slo.Watch{At: c, Long: 5 * time.Minute}
	w.After, _ = c.Get("lastsFor").Duration()
	if d, ok := c.Get("alertingWindow").Duration(); ok && d > 0 {
		w.Long = d
	}
	measurement, value := c.Get("measurement"), c.Get("value")
	number, isNumber := value.Decimal()
	if measurement.Text() != timeToBurn && whileWell(c) {
		c.Get("op").Warn("not carried, and so the policy is not: it holds while little burns", "an op that holds when much burns")
		return w
	}
	switch measurement.Text() {
	case "averageBurnRate":
		w.Burn = number
	case "burnedBudget":
		w.Spent = number
	case "budgetDrop":
		w.Share = number
	case "timeToBurnEntireBudget": // as much burns in the window as it is of that time
		d, ok := value.Duration()
		if !ok || d <= 0 {
			value.Refuse("not a duration", "as in 72h", "")
			return w
		}
		w.Share, isNumber = slo.BurnOf(slo.NewDecimal(1, 0), w.Long, d), true
	case timeToBurn:
		measurement.Warn("not carried, and so the policy is not: how long the rest of the budget lasts is no condition here", "timeToBurnEntireBudget")
		return w
	default:
		return w // refused before
	}
	if !isNumber || w.Burn.Sign() <= 0 && w.Spent.Sign() <= 0 && w.Share.Sign() <= 0 {
		value.Refuse("not a number above 0", "as in 0.8", "")
	}
	if !c.Get("alertingWindow").Given() && w.Spent.Sign() == 0 {
		measurement.Warn("has no alertingWindow; its rate is taken over 5m", "alertingWindow")
	}
	return w
}

// timeToBurn is the measurement that is not carried.
const timeToBurn = "timeToBurnBudget"

// carried reports whether all conditions of an alert policy can be carried.
func carried(doc slo.Node) bool {
	for _, c := range doc.Get("spec").Get("conditions").Items() {
		if c.Get("measurement").Text() == timeToBurn || whileWell(c) {
			return false
		}
	}
	return true
}

// whileWell reports whether a condition holds while little burns: the less
// time is left the faster it burns.
func whileWell(c slo.Node) bool {
	below := strings.HasPrefix(c.Get("op").Text(), "l")
	return c.Get("op").Given() && below != (c.Get("measurement").Text() == "timeToBurnEntireBudget")
}

// methodDocument is an alert method: the way is known, its address is in
// Nobl9.
func (r reader) methodDocument(doc slo.Node) slo.Node {
	meta, spec := doc.Get("metadata"), doc.Get("spec")
	way, table := "nobl9", &slo.Table{Name: "spec", Keys: []slo.Key{{Name: "description", Is: slo.IsText}}}
	for _, key := range []string{"webhook", "slack", "pagerduty", "opsgenie", "servicenow", "discord", "jira", "msteams", "email"} {
		table.Keys = append(table.Keys, slo.Key{Name: key, Is: slo.IsAny})
		if spec.Get(key).Given() {
			way = "nobl9-" + key
		}
	}
	doc.Check(document(table))
	return doc.Map(
		slo.Pair{Key: "apiVersion", Value: doc.Says("openslo/v1")},
		slo.Pair{Key: "kind", Value: doc.Says("AlertNotificationTarget")},
		slo.Pair{Key: "metadata", Value: doc.Map(
			slo.Pair{Key: "name", Value: r.name(doc)},
			slo.Pair{Key: "displayName", Value: meta.Get("displayName")},
		)},
		slo.Pair{Key: "spec", Value: doc.Map(
			slo.Pair{Key: "description", Value: spec.Get("description")}, slo.Pair{Key: "target", Value: doc.Says(way)},
		)},
	)
}

func policyTable() *slo.Table {
	measurements := []string{timeToBurn, "timeToBurnEntireBudget", "averageBurnRate", "burnedBudget", "budgetDrop"}
	return &slo.Table{Name: "spec", Keys: []slo.Key{
		{Name: "description", Is: slo.IsText},
		{Name: "severity", Is: slo.IsChoice, Words: []string{"Low", "Medium", "High"}, Required: true},
		{Name: "coolDown", Is: slo.IsDuration},
		{Name: "conditions", Is: slo.IsList, Required: true, Of: &slo.Table{Name: "condition", Keys: []slo.Key{
			{Name: "measurement", Is: slo.IsChoice, Words: measurements, Required: true},
			{Name: "value", Is: slo.IsAny, Required: true},
			{Name: "alertingWindow", Is: slo.IsDuration},
			{Name: "lastsFor", Is: slo.IsDuration},
			{Name: "op", Is: slo.IsChoice, Words: []string{"lt", "lte", "gte", "gt"}},
		}}},
		{Name: "alertMethods", Is: slo.IsAny},
	}}
}
