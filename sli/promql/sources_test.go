package promql_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

func TestCounts(t *testing.T) {
	const steady = "-60:5 -30:5 0:10 30:20 60:30 90:40 120:50"
	tests := []struct {
		name       string
		bad, total []sli.Series
		want       string
		asked      []string // besides the two ranges
	}{
		{name: "steady", bad: []sli.Series{series("a", "-30:0 0:1 30:2 60:3 90:4 120:5")}, total: []sli.Series{series("a", steady)},
			want: "18/2 60s, 18/2 60s"},
		{name: "no bad series", total: []sli.Series{series("a", steady)}, want: "20/0 60s, 20/0 60s"},
		{name: "nothing at all", want: "0/0 0s, 0/0 0s"},
		{name: "a birth is looked up by name",
			bad: []sli.Series{series("a", "60:3 90:3 120:3"), series("b", "60:1 90:1 120:1")}, total: []sli.Series{series("a", "-120:5 -90:5 "+steady)},
			want:  "16/4 60s, 20/0 60s",
			asked: []string{`last_over_time(bad_total{id="a"}[86399999ms]) or last_over_time(bad_total{id="b"}[86399999ms])`}},
		{name: "back from a long gap, while others were observed",
			bad: []sli.Series{series("a", "-3000:100 60:103 90:103 120:103")}, total: []sli.Series{series("a", "-120:5 -90:5 "+steady)},
			want:  "17/3 60s gap, 20/0 60s",
			asked: []string{`last_over_time(bad_total{id="a"}[86399999ms])`}},
		{name: "after a gap of all, the whole indicator is looked up",
			bad: []sli.Series{series("a", "-3000:100 60:103 90:103 120:103")}, total: []sli.Series{series("a", "-3000:5 60:10 90:11 120:12"), series("b", "-3000:7")},
			want:  "2/3 0s gap, 2/0 60s",
			asked: []string{`last_over_time(bad_total[86399999ms])`, `last_over_time(total[86399999ms])`}},
		{name: "attached late", total: []sli.Series{series("a", "60:10 90:11 120:12")},
			want:  "0/0 0s, 2/0 60s",
			asked: []string{`last_over_time(bad_total[86399999ms])`, `last_over_time(total[86399999ms])`}},
		{name: "all series were replaced in a gap", total: []sli.Series{series("old", "-3000:10"), series("new", "60:4 90:5 120:6")},
			want:  "4/0 0s lost, 2/0 60s",
			asked: []string{`last_over_time(bad_total[86399999ms])`, `last_over_time(total[86399999ms])`}},
	}
	for _, tt := range tests {
		for _, closed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s closed=%v", tt.name, closed), func(t *testing.T) {
				b := &backend{closed: closed, series: map[string][]sli.Series{"bad_total": tt.bad, "total": tt.total}}
				got, err := serve(t, b, promql.Config{}, slo.Source{Scrape: 30 * time.Second}).Counts(t.Context(), objective(), at(0), at(120))
				if err != nil {
					t.Fatal(err)
				}
				if got := show(got); got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
				slices.Sort(b.asked)
				want := append([]string{"bad_total[270000ms]", "total[270000ms]"}, tt.asked...)
				slices.Sort(want)
				if diff := cmp.Diff(want, b.asked); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// Through a backend, in chunks of any length and with ranges of either kind,
// come the slices that knowing every sample gives.
func TestChunksChangeNothing(t *testing.T) {
	b := &backend{}
	sources := map[time.Duration]*promql.Sources{}
	for _, chunk := range []time.Duration{time.Minute, 4 * time.Minute, time.Hour} {
		sources[chunk] = serve(t, b, promql.Config{Chunk: chunk, MaxGap: 10 * time.Minute}, slo.Source{Scrape: 15 * time.Second})
	}
	rapid.Check(t, func(rt *rapid.T) {
		bad, total := drawHistory(rt, "bad"), drawHistory(rt, "total")
		closed := rapid.Bool().Draw(rt, "closed")
		b.mu.Lock()
		b.series, b.closed = map[string][]sli.Series{"bad_total": bad, "total": total}, closed
		b.mu.Unlock()
		cut := sli.Cut{From: at(0), To: at(900), Slice: time.Minute, Scrape: 15 * time.Second, MaxGap: 10 * time.Minute}
		want := cut.Increments(bad, total)
		chunk := rapid.SampledFrom([]time.Duration{time.Minute, 4 * time.Minute, time.Hour}).Draw(rt, "chunk")
		got, err := sources[chunk].Counts(t.Context(), objective(), cut.From, cut.To)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			rt.Fatalf("%v (-want +got)\n%s", err, diff)
		}
	})
}

func drawHistory(t *rapid.T, name string) (all []sli.Series) {
	for i := range rapid.IntRange(0, 25).Draw(t, name) {
		s, value := sli.Series{ID: fmt.Sprint("s", i)}, 0
		for at := rapid.IntRange(-600, 900).Draw(t, "birth"); at < 1000; at += 15 {
			if rapid.IntRange(0, 29).Draw(t, "gap") == 0 {
				at += rapid.IntRange(1, 1000).Draw(t, "length")
			}
			value += rapid.IntRange(0, 3).Draw(t, "events")
			s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + int64(at)*1000, Value: float64(value)})
		}
		all = append(all, s)
	}
	return all
}

// VictoriaMetrics is recognised by its first answer, which is asked again: it
// may have been made from remembered series.
func TestVictoriaMetricsIsAskedAfresh(t *testing.T) {
	b := &backend{series: map[string][]sli.Series{
		"bad_total": {series("a", "60:1 90:1")},
		"total":     {series("a", "-120:0 -90:0 -60:0 -30:0 0:0 30:1 60:2 90:2")},
	}}
	sources := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.FormValue("query"), "last_over_time") {
			w = &relabeled{w, "application/stream+json"}
		}
		b.ServeHTTP(w, r)
	}), promql.Config{Concurrency: 1}, slo.Source{Scrape: 30 * time.Second})
	got, err := sources.Counts(t.Context(), objective(), at(0), at(60))
	if want := "1/1 60s"; err != nil || show(got) != want {
		t.Errorf("got %s, %v; want %s", show(got), err, want)
	}
	fresh := func(query string) bool { return strings.Contains(query, `setpoint_slice!="1767225660"}`) }
	if len(b.asked) < 3 || fresh(b.asked[0]) || slices.ContainsFunc(b.asked[2:3], func(q string) bool { return !fresh(q) }) {
		t.Errorf("asked %q, want afresh from the second or third on", b.asked)
	}
	if want := `last_over_time(bad_total{id="a",setpoint_slice!="1767225450"}[86399999ms])`; b.asked[len(b.asked)-1] != want {
		t.Errorf("looked up %q, want %q", b.asked[len(b.asked)-1], want)
	}
}

// relabeled is a ResponseWriter with a content type of its own.
type relabeled struct {
	http.ResponseWriter
	contentType string
}

func (r *relabeled) Write(p []byte) (int, error) {
	r.Header().Set("Content-Type", r.contentType)
	return r.ResponseWriter.Write(p)
}

func TestIndicatorOfSums(t *testing.T) {
	b := &backend{series: map[string][]sli.Series{
		"a_total": {series("x", "-30:0 0:0 30:3 60:5")},
		"b_total": {series("x", "-30:0 0:0 30:1 60:2")},
	}}
	sources := serve(t, b, promql.Config{}, slo.Source{Scrape: 30 * time.Second})
	o := objective()
	o.Indicator.Bad, o.Indicator.Good = "", "sum(rate(a_total[5m]))"
	o.Indicator.Total = "sum(rate(a_total[5m])) + sum(rate(b_total[5m]))"
	got, err := sources.Counts(t.Context(), o, at(0), at(60))
	if want := "5/2 60s"; err != nil || show(got) != want {
		t.Errorf("got %s, %v; want %s", show(got), err, want)
	}
	if want := 2; len(b.asked) != want {
		t.Errorf("asked %q, want each selector once", b.asked)
	}
}

// An answer that is too long is asked for in halves, down to one slice.
func TestHalving(t *testing.T) {
	long := sli.Series{ID: "a"}
	for s := -300; s <= 960; s += 5 {
		long.Samples = append(long.Samples, sli.Sample{Milli: at(s).UnixMilli(), Value: float64(s + 300)})
	}
	b := &backend{series: map[string][]sli.Series{"total": {long}}}
	src := slo.Source{Scrape: 5 * time.Second}
	whole, err := serve(t, b, promql.Config{}, src).Counts(t.Context(), objective(), at(0), at(960))
	if err != nil {
		t.Fatal(err)
	}
	b.asked = nil
	halves, err := serve(t, b, promql.Config{MaxBytes: 1500}, src).Counts(t.Context(), objective(), at(0), at(960))
	if diff := cmp.Diff(whole, halves); err != nil || diff != "" {
		t.Errorf("%v (-whole +halves)\n%s", err, diff)
	}
	if len(b.asked) < 8 {
		t.Errorf("asked %d times, want halves of halves", len(b.asked))
	}
	_, err = serve(t, b, promql.Config{MaxBytes: 500}, src).Counts(t.Context(), objective(), at(0), at(960))
	if got := reason(err); got != sli.ReasonTooLarge {
		t.Errorf("when one slice is too long: got %v", err)
	}
}

func TestConfigErrors(t *testing.T) {
	sources := serve(t, &backend{}, promql.Config{}, slo.Source{})
	change := func(f func(*slo.Objective)) slo.Objective { o := objective(); f(&o); return o }
	tests := []struct {
		o        slo.Objective
		from, to time.Time
		want     string
	}{
		{change(func(o *slo.Objective) { o.Indicator.Source = "other" }), at(0), at(60), `read source "other": config: objective shop: no such source`},
		{change(func(o *slo.Objective) { o.Indicator.Bad = "a / b" }), at(0), at(60), "read indicator shop: 1:3: a ratio"},
		{change(func(o *slo.Objective) { o.Indicator.Bad = "" }), at(0), at(60), "read indicator shop: 1:1: the query is empty"},
		{change(func(o *slo.Objective) { o.Indicator.Good = "x" }), at(0), at(60), "both good and bad"},
		{change(func(o *slo.Objective) { o.Indicator.Total = "" }), at(0), at(60), "read total of indicator shop: 1:1: the query is empty"},
		{objective(), at(30), at(60), "from 2026-01-01T00:00:30Z: not a boundary of slices of 1m0s"},
		{objective(), at(0), at(61), "to 2026-01-01T00:01:01Z: not a boundary of slices of 1m0s"},
		{change(func(o *slo.Objective) { o.Slice = time.Microsecond }), at(0), at(60), "slices of 1µs: not whole"},
	}
	for _, tt := range tests {
		got, err := sources.Counts(t.Context(), tt.o, tt.from, tt.to)
		if got != nil || err == nil || !strings.Contains(err.Error(), tt.want) || reason(err) != sli.ReasonConfig {
			t.Errorf("got %v, %v; want config: … %s", got, err, tt.want)
		}
	}
	got, err := sources.Counts(t.Context(), objective(), at(60), at(60))
	if len(got) != 0 || err != nil {
		t.Errorf("no time: got %v, %v; want nothing", got, err)
	}
}

func TestNewRefusesAddresses(t *testing.T) {
	for _, address := range []string{"", "prometheus:9090", "ftp://user:hunter2@prometheus", "http://user:hunter2@prometheus:port", "http://user:hunter2@", "http://%zz:hunter2"} {
		_, err := promql.New([]slo.Source{{Name: "one", URL: "http://fine"}, {Name: "shop", URL: address}}, promql.Config{})
		if err == nil || !strings.HasPrefix(err.Error(), `read URL of source "shop": `) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("New(%q): got %v", address, err)
		}
	}
}

func reason(err error) sli.Reason {
	var read *sli.ReadError
	if !errors.As(err, &read) {
		return ""
	}
	return read.Reason
}
