package pyrra

import (
	"slices"
	"strings"

	"setpoint.dev/setpoint/slo"
)

// A reader converts documents by the names that are among them.
type reader struct {
	Importer
	names  slo.Names
	labels map[string][]string // :: name → labels that may tell SLOs of it apart, sorted
}

// maxLabels is how many labels tell SLOs of one name apart, at most.
const maxLabels = 10

// Survey notes the names of all SLOs. For Pyrra an SLO is the same as another
// where its name, its namespace and its labels that begin with pyrra.dev/ are.
func (Importer) Survey(docs []slo.Node) slo.Importer {
	r := reader{names: slo.NewNames(), labels: map[string][]string{}}
	for _, doc := range docs {
		name := doc.Get("metadata").Get("name").Text()
		for label := range doc.Get("metadata").Get("labels").All() {
			if all := r.labels[name]; strings.HasPrefix(label, group) && len(all) < maxLabels && !slices.Contains(all, label) {
				r.labels[name] = append(all, label)
			}
		}
	}
	for _, labels := range r.labels {
		slices.Sort(labels)
	}
	for _, doc := range docs {
		meta := doc.Get("metadata")
		r.names.Add(meta.Get("name").Text(), r.parts(meta)...)
	}
	return r
}

// parts are the namespace and the labels that tell an SLO apart.
func (r reader) parts(meta slo.Node) []string {
	parts := []string{meta.Get("namespace").Text()}
	for _, label := range r.labels[meta.Get("name").Text()] {
		parts = append(parts, meta.Get("labels").Get(label).Text())
	}
	return parts
}
