package slo

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// victoriaMetrics is the type of the data sources that read MetricsQL.
const victoriaMetrics = "VictoriaMetrics"

// charged is how many bytes of MetricsQL cost as much as a value: they are
// parsed in the square of their number, several times.
const charged = 2

// checkQuery lists what was found to be wrong with a query, and refuses one
// that is only MetricsQL, and not PromQL, where its data source is not known to read
// it. Where no file declares any, as is the way with documents of other tools,
// that is warned of.
func (l *loader) checkQuery(metric, query value, only bool, wrong error) {
	source := metric.get("metricSource")
	if only && query.file.tired(query.node, len(query.text())/charged) {
		return
	}
	if !only || strings.EqualFold(l.dialectOf(source), victoriaMetrics) {
		refuseQuery(query, wrong)
		return
	}
	var prom *QueryError
	_, err := parseQuery(query.text())
	switch {
	case !errors.As(err, &prom):
	case len(l.dialects) > 0 || source.get("type").given():
		prom.Expected = "PromQL, or a data source of the type VictoriaMetrics: it is MetricsQL"
		refuseQuery(query, prom)
	case wrong != nil:
		refuseQuery(query, prom)
	default:
		query.warn("only VictoriaMetrics can answer this query, for it is MetricsQL: "+printable(prom.Reason), "a DataSource of the type VictoriaMetrics, or PromQL", "")
	}
}

// dialectOf is the type of the data source of a metric, empty where it is not
// known.
func (l *loader) dialectOf(source value) string {
	switch kind, ref := source.get("type"), source.get("metricSourceRef"); {
	case kind.given():
		return kind.text()
	case ref.given():
		return l.dialects[ref.text()]
	}
	if all := slices.Collect(maps.Values(l.dialects)); len(all) == 1 {
		return all[0]
	}
	return ""
}
