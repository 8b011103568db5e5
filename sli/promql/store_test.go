package promql_test

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"setpoint.dev/setpoint/sli"
)

// A store answers the questions that are asked, as Prometheus does.
type store struct {
	mu     sync.Mutex
	series []stored
	refuse func(query string) bool // a query that it says is wrong
	asked  []string
}

type stored struct {
	labels  map[string]string // __name__ among them
	samples []sli.Sample
}

// id is what sli needs one for: the same for the same series.
func (s stored) id() string { return labels.FromMap(s.labels).String() }

// matches evaluates matchers, as Prometheus defines them.
func (s stored) matches(all []*labels.Matcher) bool {
	return !slices.ContainsFunc(all, func(m *labels.Matcher) bool { return !m.Matches(s.labels[m.Name]) })
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	query := r.FormValue("query")
	s.asked = append(s.asked, query)
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil || s.refuse != nil && s.refuse(query) {
		says(400, js, `{"status":"error","errorType":"bad_data","error":"refused"}`)(w, r)
		return
	}
	seconds, _ := strconv.ParseFloat(r.FormValue("time"), 64)
	kind, result := "matrix", []any{}
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		m, ok := n.(*parser.MatrixSelector)
		if !ok {
			return nil
		}
		last := len(path) > 0
		if last {
			kind = "vector"
		}
		result = append(result, s.find(m, int64(seconds*1000), last)...)
		return nil
	})
	answer(w, map[string]any{"status": "success", "data": map[string]any{"resultType": kind, "result": result}})
}

// find returns the samples of a range, or the last one.
func (s *store) find(m *parser.MatrixSelector, to int64, last bool) (found []any) {
	for _, one := range s.series {
		if !one.matches(m.VectorSelector.(*parser.VectorSelector).LabelMatchers) {
			continue
		}
		values := (&backend{}).values(sli.Series{Samples: one.samples}, to-int64(m.Range/time.Millisecond), to)
		switch {
		case len(values) == 0:
		case last:
			found = append(found, map[string]any{"metric": one.labels, "value": []any{float64(to) / 1000, values[len(values)-1][1]}})
		default:
			found = append(found, map[string]any{"metric": one.labels, "values": values})
		}
	}
	return found
}
