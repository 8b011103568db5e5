package promql

import (
	"context"
	"net/http"
	"strconv"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

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

// evaluate asks for the answer at an instant, or at all those of the grid up
// to it.
func (g grid) evaluate(ctx context.Context, x exchange, text string, at time.Time, opts ...v1.Option) (model.Value, v1.Warnings, error) {
	if g.step == 0 {
		value, warnings, _, err := v1.NewAPI(x).Query(ctx, text, at, opts...)
		return value, warnings, err
	}
	value, warnings, _, err := v1.NewAPI(asAsked{x}).QueryRange(ctx, text, v1.Range{Start: g.from, End: at, Step: g.step}, opts...)
	return value, warnings, err
}

// asAsked makes VictoriaMetrics evaluate at the instants that were asked for,
// up to the last one: by default it moves those of long answers, and leaves
// out or repeats what is younger than 30 s. Others pass this over.
type asAsked struct{ exchange }

// Do sends the request with what VictoriaMetrics has to be told.
func (a asAsked) Do(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	q := req.URL.Query()
	q.Set("nocache", "1")
	q.Set("latency_offset", "1ms")

	req.URL.RawQuery = q.Encode()
	return a.exchange.Do(ctx, req)
}

func (g grid) path() string {
	if g.step == 0 {
		return "/api/v1/query"
	}
	return "/api/v1/query_range"
}

// parameters are those of curl that say when to evaluate.
func (g grid) parameters(at time.Time) []string {
	if g.step == 0 {
		return []string{"-d", "time=" + seconds(at.UnixMilli())}
	}
	return []string{"-d", "start=" + seconds(g.from.UnixMilli()), "-d", "end=" + seconds(at.UnixMilli()), "-d", "step=" + seconds(g.step.Milliseconds())}
}

func seconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) }
