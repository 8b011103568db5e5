package promql_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// atOnce is how many tests run side by side: those on real backends wait for
// scrapes far more than they compute.
const atOnce = 12

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set(strconv.Itoa(atOnce)); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// base is a multiple of a day since the Unix epoch.
var base = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return base.Add(time.Duration(seconds) * time.Second) }

// A backend stores series by metric name; the ID of a series is its label id.
type backend struct {
	series map[string][]sli.Series
	closed bool       // ranges are closed, as in Prometheus 2
	mu     sync.Mutex // of all
	asked  []string
}

var question = regexp.MustCompile(`^(last_over_time\()?(\w+)(?:\{(?:id="(\w+)")?,?(?:setpoint_slice!="\d+")?\})?\[(\d+)ms\]\)?$`)

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, r.FormValue("query"))
	seconds, _ := strconv.ParseFloat(r.FormValue("time"), 64)
	kind, result := "matrix", []any{}
	for query := range strings.SplitSeq(r.FormValue("query"), " or ") {
		q := question.FindStringSubmatch(query)
		to := int64(seconds * 1000)
		span, _ := strconv.ParseInt(q[4], 10, 64)
		if q[1] != "" {
			kind = "vector"
		}
		for _, s := range b.series[q[2]] {
			if values := b.values(s, to-span, to); len(values) > 0 && (q[3] == "" || q[3] == s.ID) {
				metric := map[string]string{"__name__": q[2], "id": s.ID}
				if kind == "matrix" {
					result = append(result, map[string]any{"metric": metric, "values": values})
					continue
				}
				result = append(result, map[string]any{"metric": metric, "value": []any{seconds, values[len(values)-1][1]}})
			}
		}
	}
	answer(w, map[string]any{"status": "success", "data": map[string]any{"resultType": kind, "result": result}})
}

func (b *backend) values(s sli.Series, from, to int64) (values [][]any) {
	for _, m := range s.Samples {
		if m.Milli > from && m.Milli <= to || b.closed && m.Milli == from {
			values = append(values, []any{float64(m.Milli) / 1000, strconv.FormatFloat(m.Value, 'g', -1, 64)})
		}
	}
	return values
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// series reads "30:5 60:7": the value is 5 at 30 s after base, 7 at 60 s.
func series(id, text string) sli.Series {
	s := sli.Series{ID: id}
	for _, field := range strings.Fields(text) {
		at, value, _ := strings.Cut(field, ":")
		seconds, _ := strconv.ParseFloat(at, 64)
		v, _ := strconv.ParseFloat(value, 64)
		s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + int64(seconds*1000), Value: v})
	}
	return s
}

// objective counts bad_total in total; it is called "shop" and so is its source.
func objective() slo.Objective {
	return slo.Objective{Name: "shop", Slice: time.Minute, Indicator: slo.Indicator{
		Name: "shop", Source: "shop", Bad: "bad_total", Total: "total",
	}}
}

// serve starts a handler and asks it as source "shop".
func serve(t testing.TB, h http.Handler, cfg promql.Config, src slo.Source) *promql.Sources {
	t.Helper()
	server := httptest.NewServer(h)
	src.Name, src.URL = "shop", server.URL+src.URL
	sources, err := promql.New([]slo.Source{src}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sources.Close(); server.CloseClientConnections(); server.Close() })
	return sources
}

// show renders slices as "good/bad covered flaw", joined by commas.
func show(all []sli.Slice) string {
	var words []string
	for _, s := range all {
		w := fmt.Sprintf("%g/%g %gs %s", s.Good.Float(), s.Bad.Float(), s.Covered.Seconds(), s.Flaw)
		words = append(words, strings.TrimSpace(w))
	}
	return strings.Join(words, ", ")
}
