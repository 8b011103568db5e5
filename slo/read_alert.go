package slo

// A draftAlert is an alert policy whose conditions and targets may be
// elsewhere.
type draftAlert struct {
	is         AlertPolicy
	conditions []mention[AlertCondition]
	targets    []mention[NotificationTarget]
}

// A mention is a definition that stands here, or the name of one.
type mention[T any] struct {
	here *T
	ref  string
	at   place
}

// An alertUse is an alert policy as an SLO has it.
type alertUse struct {
	policy mention[draftAlert]
	at     place
}

// alertPolicy reads a policy, wherever it stands.
func (l *loader) alertPolicy(doc value) *draftAlert {
	meta, spec := doc.get("metadata"), doc.get("spec")
	notes := meta.get("annotations")
	d := &draftAlert{is: AlertPolicy{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Labels: meta.get("labels").labels(), Notes: notesOf(notes),
		Breaching: spec.get("alertWhenBreaching").truth(), Resolved: spec.get("alertWhenResolved").truth(), NoData: noDataOf(spec, notes),
		Inhibit: notes.get("setpoint.dev/inhibit").truth(), All: notes.get("setpoint.dev/conditions").text() == "all",
		Keep: within(notes.get("setpoint.dev/keepFiring"), 0, maxWindow), Position: doc.place().Position,
	}}
	for _, v := range spec.get("conditions").items() {
		d.conditions = append(d.conditions, readNamed(l, v, "conditionRef", alertConditionName, readCondition))
	}
	for _, v := range spec.get("notificationTargets").items() {
		d.targets = append(d.targets, readNamed(l, v, "targetRef", alertTargetName, l.notificationTarget))
	}
	if breaching := spec.get("alertWhenBreaching"); spec.get("conditions").good() && !d.is.Tells() && (breaching.good() || !breaching.given()) {
		breaching.warn("nobody is told anything: neither alertWhenBreaching nor alertWhenNoData is true", "alertWhenBreaching: true", "")
	}
	return d
}

// noDataOf is when a policy tells that nothing can be seen.
func noDataOf(spec, notes value) NoDataAlert {
	after := notes.get("setpoint.dev/noDataAfter")
	n := NoDataAlert{
		On: spec.get("alertWhenNoData").truth(), Name: notes.get("setpoint.dev/noDataName").text(),
		Severity: notes.get("setpoint.dev/noDataSeverity").text(), After: defaultNoDataAfter,
	}
	if after.good() {
		n.After = within(after, 0, maxWindow)
	}
	if !n.On {
		return NoDataAlert{}
	}
	return n
}

// readNamed reads a definition that stands at v, or notes the name that does.
func readNamed[T any](l *loader, v value, key, kind string, read func(value) T) (n mention[T]) {
	ref, spec := v.get(key), v.get("spec")
	n.at = spec.place()
	switch {
	case ref.given() && spec.given():
		spec.refuse(key+" and spec are both there", "one of them", "")
	case ref.good():
		l.refer(kind, ref)
		n.ref, n.at = ref.text(), ref.place()
	case v.lacks(key, "spec"):
		ref.refuse("neither "+key+" nor spec is there", "one of them", "")
	case spec.good():
		if v.lacks("metadata") {
			v.get("metadata").refuse("missing", "a mapping with name", "")
		}
		l.annotations(v.get("metadata").get("annotations"), l.tables[openSLO+" "+kind])
		here := read(v)
		n.here = &here
	}
	return n
}

// alertsOf reads the alert policies of an SLO.
func (l *loader) alertsOf(list value) (uses []alertUse) {
	for _, v := range list.items() {
		read := func(v value) draftAlert { return *l.alertPolicy(v) }
		uses = append(uses, alertUse{readNamed(l, v, "alertPolicyRef", alertPolicyName, read), v.place()})
	}
	return uses
}
