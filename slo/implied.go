package slo

import "fmt"

// impliedSources declares the data sources that indicators name, where no
// file declares any: somebody who hands in an SLO alone has them elsewhere.
// All of them are the one at PROMETHEUS_URL. Where any is declared, all are.
func (l *loader) impliedSources() {
	if len(l.declared["DataSource"]) > 0 {
		return
	}
	for _, r := range l.references {
		if _, there := l.declared["DataSource"][r.name]; r.kind != "DataSource" || there {
			continue
		}
		if l.systemNamed(r.name) != "" { // which is warned of where it is asked for something
			l.declared["DataSource"][r.name] = r.place
			continue
		}
		s := l.defaultSource(r.place)
		s.Name = r.name
		l.declared["DataSource"][r.name] = r.place
		l.set.Sources = append(l.set.Sources, s)
		r.place.file.add(r.place.problem(SeverityWarning, fmt.Sprintf("no file declares a DataSource; %s is taken as the one at PROMETHEUS_URL", r.name), "a DataSource of that name", ""))
	}
}

// elsewhere warns of a target that is named where no file declares any: that
// it is missing keeps nobody from counting. It reports whether it did.
func (l *loader) elsewhere(r reference) bool {
	if r.kind != alertTargetName || len(l.declared[alertTargetName]) > 0 {
		return false
	}
	r.place.file.add(r.place.problem(SeverityWarning, fmt.Sprintf("no file declares an %s, so that nothing is sent to %s", alertTargetName, r.name), "one of that name", ""))
	return true
}
