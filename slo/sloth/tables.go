package sloth

import "setpoint.dev/setpoint/slo"

// group is the API group of Sloth's Kubernetes kinds.
const group = "sloth.slok.dev/"

// words are the keys that differ between the two forms of the format.
type words struct{ errors, total, ratio, page, ticket, plugins string }

func snake() words {
	return words{"error_query", "total_query", "error_ratio_query", "page_alert", "ticket_alert", "slo_plugins"}
}

func camel() words {
	return words{"errorQuery", "totalQuery", "errorRatioQuery", "pageAlert", "ticketAlert", "sloPlugins"}
}

// other are the keys of the other form.
func (w words) other() words {
	if w == camel() {
		return snake()
	}
	return camel()
}

// otherForm is a key that stands for own in the other form of the format.
// Sloth passes it over without a word, so that what it says holds nowhere.
func otherForm(key, own string) slo.Key {
	return slo.Key{Name: key, Is: slo.IsAny, Unread: "Sloth has it in the other form of its format, and passes it over in this one", Instead: own}
}

// resource is the table of a Kubernetes object.
func resource(spec slo.Table) slo.Table {
	return slo.Table{Name: "document", Keys: []slo.Key{
		{Name: "apiVersion", Is: slo.IsWord, Required: true},
		{Name: "kind", Is: slo.IsWord, Required: true},
		{Name: "metadata", Is: slo.IsMapping, Of: slo.KubernetesMetadata(false)},
		{Name: "spec", Is: slo.IsMapping, Of: &spec, Required: true},
		{Name: "status", Is: slo.IsAny},
	}}
}

// spec is the table of the SLOs of one service.
func (w words) spec(name string, more ...slo.Key) slo.Table {
	return slo.Table{Name: name, Keys: append(more,
		slo.Key{Name: "service", Is: slo.IsWord, Required: true},
		slo.Key{Name: "labels", Is: slo.IsAny},
		slo.Key{Name: "slos", Is: slo.IsList, Required: true, Of: w.item()},
		slo.Key{Name: w.plugins, Is: slo.IsAny, Unread: generator},
		otherForm(w.other().plugins, w.plugins),
	)}
}

func (w words) item() *slo.Table {
	return &slo.Table{Name: "SLO", Keys: []slo.Key{
		{Name: "name", Is: slo.IsWord, Required: true},
		{Name: "description", Is: slo.IsText},
		{Name: "objective", Is: slo.IsNumber, Required: true},
		{Name: "labels", Is: slo.IsAny},
		{Name: "sli", Is: slo.IsMapping, Required: true, Of: w.indicator()},
		{Name: "alerting", Is: slo.IsMapping, Of: w.alerts()},
		{Name: "plugins", Is: slo.IsAny, Unread: generator},
		{Name: "interval", Is: slo.IsAny, Unread: "how often Sloth's rules are evaluated is not how often slices are counted"},
	}}
}

func (w words) indicator() *slo.Table {
	return &slo.Table{Name: "sli", Keys: []slo.Key{
		{Name: "events", Is: slo.IsMapping, Of: &slo.Table{Name: "events", Keys: []slo.Key{
			{Name: w.errors, Is: slo.IsWord, Required: true},
			{Name: w.total, Is: slo.IsWord, Required: true},
		}}},
		{Name: "raw", Is: slo.IsMapping, Of: &slo.Table{Name: "raw", Keys: []slo.Key{
			{Name: w.ratio, Is: slo.IsWord, Required: w == camel()},
			{Name: camel().ratio, Is: slo.IsWord},
		}[:w.spellings()]}},
		{Name: "plugin", Is: slo.IsAny},
	}}
}

// spellings is how many keys of a raw ratio there are.
func (w words) spellings() int {
	if w == camel() {
		return 1
	}
	return 2
}

func (w words) alerts() *slo.Table {
	alert := &slo.Table{Name: "alert", Keys: []slo.Key{
		{Name: "disable", Is: slo.IsTruth},
		{Name: "labels", Is: slo.IsAny},
		{Name: "annotations", Is: slo.IsAny},
	}}
	return &slo.Table{Name: "alerting", Keys: []slo.Key{
		{Name: "name", Is: slo.IsText},
		{Name: "labels", Is: slo.IsAny},
		{Name: "annotations", Is: slo.IsAny},
		{Name: w.page, Is: slo.IsMapping, Of: alert},
		{Name: w.ticket, Is: slo.IsMapping, Of: alert},
		otherForm(w.other().page, w.page),
		otherForm(w.other().ticket, w.ticket),
	}}
}

// alertWindows checks a catalogue of alert windows.
func alertWindows(doc slo.Node) {
	window := &slo.Table{Name: "window", Keys: []slo.Key{
		{Name: "errorBudgetPercent", Is: slo.IsNumber, Required: true},
		{Name: "shortWindow", Is: slo.IsDuration, Required: true},
		{Name: "longWindow", Is: slo.IsDuration, Required: true},
	}}
	severity := &slo.Table{Name: "severity", Keys: []slo.Key{
		{Name: "quick", Is: slo.IsMapping, Of: window, Required: true},
		{Name: "slow", Is: slo.IsMapping, Of: window, Required: true},
	}}
	doc.Check(resource(slo.Table{Name: "AlertWindows spec", Keys: []slo.Key{
		{Name: "sloPeriod", Is: slo.IsDuration, Required: true},
		{Name: "page", Is: slo.IsMapping, Of: severity, Required: true},
		{Name: "ticket", Is: slo.IsMapping, Of: severity, Required: true},
	}}))
}
