package promql

import (
	"net/url"
	"strconv"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A grid is the instants from, from+step, … at which a query is evaluated. An
// instant query has none.
type grid struct {
	from time.Time
	step time.Duration
}

// gridIn is the multiples of step since the Unix epoch in a window, so that
// each slice has the same instants whatever else is asked about.
func gridIn(w window, step time.Duration) grid {
	every := step.Milliseconds()
	return grid{time.UnixMilli((w.from.UnixMilli()/every + 1) * every), step}
}

// evaluated asks for the values of an expression.
func evaluated(query string) question {
	return func(matcher string) string { return slo.WithMatcher(query, matcher) }
}

func (g grid) path() string {
	if g.step == 0 {
		return "api/v1/query"
	}
	return "api/v1/query_range"
}

// parameters say when to evaluate, at an instant or at all those of the grid up
// to it. VictoriaMetrics has to be told to evaluate at the instants that are
// asked for, up to the last one: by default it moves those of long answers, and
// leaves out or repeats what is younger than 30 s, at an instant too. Others
// pass this over.
func (g grid) parameters(at time.Time) url.Values {
	if g.step == 0 {
		return url.Values{"time": {seconds(at.UnixMilli())}, "latency_offset": {"1ms"}}
	}
	return url.Values{
		"start": {seconds(g.from.UnixMilli())}, "end": {seconds(at.UnixMilli())}, "step": {seconds(g.step.Milliseconds())},
		"nocache": {"1"}, "latency_offset": {"1ms"},
	}
}

func seconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) }
