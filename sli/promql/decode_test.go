package promql_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
)

// said is client_golang's connection to a body.
type said []byte

func (said) URL(string, map[string]string) *url.URL { return &url.URL{} }
func (s said) Do(context.Context, *http.Request) (*http.Response, []byte, error) {
	return &http.Response{StatusCode: http.StatusOK}, s, nil
}

// clients is what client_golang makes of an answer.
func clients(t testing.TB, body []byte) (model.Value, error) {
	value, _, _, err := v1.NewAPI(said(body)).Query(t.Context(), "x", time.Time{})
	return value, err
}

func idOf(m model.Metric) string {
	labels := map[string]string{}
	for name, value := range m {
		labels[string(name)] = string(value)
	}
	return promql.SeriesID(labels)
}

// sameSeries compares what we read of (from, to] with what the client did.
func sameSeries(value model.Value, got []sli.Series, from, to time.Time) error {
	want := map[string][]sli.Sample{}
	switch value := value.(type) {
	case model.Matrix:
		for _, s := range value {
			want[idOf(s.Metric)] = []sli.Sample{}
			for _, p := range s.Values {
				if at := int64(p.Timestamp); at != from.UnixMilli() {
					want[idOf(s.Metric)] = append(want[idOf(s.Metric)], sli.Sample{Milli: at, Value: float64(p.Value)})
				}
			}
		}
	case model.Vector:
		for _, s := range value {
			want[idOf(s.Metric)] = []sli.Sample{{Milli: to.UnixMilli(), Value: float64(s.Value)}}
			if s.Histogram != nil {
				want[idOf(s.Metric)] = nil
			}
		}
	default:
		return fmt.Errorf("the client has a %T", value)
	}
	if len(got) != len(want) {
		return fmt.Errorf("got %d series, want %d", len(got), len(want))
	}
	for _, s := range got {
		if !slices.EqualFunc(s.Samples, want[s.ID], func(a, b sli.Sample) bool {
			return a.Milli == b.Milli && (a.Value == b.Value || math.IsNaN(a.Value) && math.IsNaN(b.Value))
		}) {
			return fmt.Errorf("series %s: got %v, want %v", s.ID, s.Samples, want[s.ID])
		}
	}
	return sameHistograms(value, got, from, to)
}

// sameHistograms compares the native histograms of the answer.
func sameHistograms(value model.Value, got []sli.Series, from, to time.Time) error {
	want := map[string][]sli.Histogram{}
	note := func(m model.Metric, milli int64, h *model.SampleHistogram) {
		if h == nil || milli == from.UnixMilli() {
			return
		}
		one := sli.Histogram{Milli: milli, Count: float64(h.Count)}
		for _, b := range h.Buckets {
			one.Buckets = append(one.Buckets, sli.Bucket{Lower: float64(b.Lower), Upper: float64(b.Upper), Count: float64(b.Count)})
		}
		id := idOf(m)
		want[id] = append(want[id], one)
	}
	switch value := value.(type) {
	case model.Matrix:
		for _, s := range value {
			for _, p := range s.Histograms {
				note(s.Metric, int64(p.Timestamp), p.Histogram)
			}
		}
	case model.Vector:
		for _, s := range value {
			note(s.Metric, to.UnixMilli(), s.Histogram)
		}
	}
	for _, s := range got {
		if fmt.Sprint(s.Histograms) != fmt.Sprint(want[s.ID]) {
			return fmt.Errorf("series %s: got %v, want %v", s.ID, s.Histograms, want[s.ID])
		}
	}
	return nil
}

// What we decode is JSON, and the client decodes it to the same.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		matrix(stream), matrix(`{"metric":{"__name__":"x","a":"\u00e4\n"},"values":[[1767225630.5,"NaN"],[1767225631,"1e9"],[1767225632.123456,"+Inf"]]}`),
		`{"status":"success","data":{"result":[{"value":[1767225660,"1"],"metric":{"a":"b"}}],"resultType":"vector"},"infos":["x"],"stats":{"n":[1,{}]}}`,
		`{"status":"success","isPartial":false,"data":{"resultType":"vector","result":[{"metric":{},"value":[1767225660.001,"-0.5"]}]}}`,
		matrix(`{"metric":{"__name__":"x"},"histograms":[[1767225630,{"count":"7","sum":"NaN","buckets":[[1,"-2","-1","2"],[3,"-0.001","0.001","1"],[0,"0.5","1","4"]]}],[1767225645.5,{"sum":"1.5","count":"0.5"}]],"values":[[1767225600,"1"]]}`),
		`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1767225660,{"count":"2","sum":"3","buckets":[[0,"1","+Inf","2"]]}]}]}}`,
		`{"status":"error","errorType":"execution","error":"x","data":null}`, ` { } `, "null", `{"status":"success","data":{"resultType":"matrix","result":[{"values":[]}]}} x`,
	} {
		f.Add([]byte(body), true)
		f.Add([]byte(body), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, raw bool) {
		got, err := promql.Decode(raw, at(-300), at(60), bytes.NewReader(body))
		bitwise, err2 := promql.Decode(raw, at(-300), at(60), iotest.OneByteReader(bytes.NewReader(body)))
		if fmt.Sprint(got, err) != fmt.Sprint(bitwise, err2) {
			t.Fatalf("whole: %v, %v; byte by byte: %v, %v", got, err, bitwise, err2)
		}
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("decoded what is no JSON: %q", body)
		}
		if value, err := clients(t, body); err == nil {
			if err := sameSeries(value, got, at(-300), at(60)); err != nil {
				t.Fatalf("%v\n%s", err, body)
			}
		}
	})
}

// What a backend may answer, in any order of keys, spaced as it likes, is
// decoded as the client does.
func TestDecode(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		raw := rapid.Bool().Draw(rt, "raw")
		body := drawAnswer(rt, raw)
		got, err := promql.Decode(raw, at(-300), at(60), strings.NewReader(body))
		value, clientErr := clients(t, []byte(body))
		if err != nil || clientErr != nil {
			rt.Fatalf("ours: %v, the client's: %v\n%s", err, clientErr, body)
		}
		if err := sameSeries(value, got, at(-300), at(60)); err != nil {
			rt.Fatalf("%v\n%s", err, body)
		}
	})
}

func drawAnswer(t *rapid.T, raw bool) string {
	spaces := func() string { return rapid.SampledFrom([]string{"", "", " ", "\n\t"}).Draw(t, "space") }
	object := func(members ...string) string {
		return "{" + spaces() + strings.Join(rapid.Permutation(members).Draw(t, "order"), spaces()+",") + spaces() + "}"
	}
	pair := func() string {
		second := rapid.IntRange(int(at(-300).Unix()), int(at(59).Unix())).Draw(t, "second")
		milli := rapid.SampledFrom([]string{"", ".5", ".25", ".125", ".001", ".1239"}).Draw(t, "milli")
		value := rapid.SampledFrom([]string{"0", "1", "-1", "123456789012345", "1234567890123456789", "0.1", "1e9", "1.5E-3", "NaN", "+Inf", "-Inf", "007", "5e-324"}).Draw(t, "value")
		return fmt.Sprintf(`[%s%d%s,%s%q%s]`, spaces(), second, milli, spaces(), value, spaces())
	}
	var all []string
	for i := range rapid.IntRange(0, 4).Draw(t, "series") {
		labels := map[string]string{"n": fmt.Sprint(i), "l": rapid.SampledFrom(hard).Draw(t, "label")}
		if rapid.Bool().Draw(t, "named") {
			labels["__name__"] = rapid.SampledFrom([]string{"x", "http.x"}).Draw(t, "name")
		}
		metric, _ := json.Marshal(labels)
		samples := `"value":` + pair()
		if raw {
			pairs := rapid.SliceOfN(rapid.Custom(func(*rapid.T) string { return pair() }), 0, 5).Draw(t, "pairs")
			samples = `"values":[` + strings.Join(pairs, spaces()+",") + "]"
		}
		all = append(all, object(`"metric":`+string(metric), samples))
	}
	kind := map[bool]string{true: "matrix", false: "vector"}[raw]
	return spaces() + object(`"status":"success"`, `"infos":["x"]`, `"else":[{"a":null},1e5,true,"\""]`, `"data":`+object(`"resultType":"`+kind+`"`, `"result":`+spaces()+"["+strings.Join(all, ",")+"]")) + spaces()
}

// answerOf is an answer of n series of seven samples.
func answerOf(n int) []byte {
	var all []string
	for i := range n {
		var values []string
		for s := -120; s <= 60; s += 30 {
			values = append(values, fmt.Sprintf(`[%d.%03d,"%d"]`, at(s-1).Unix(), i%1000, 1000+s))
		}
		all = append(all, fmt.Sprintf(`{"metric":{"__name__":"http_requests_total","code":"500","instance":"10.0.0.%d:8080","job":"shop","service":"service-%d"},"values":[%s]}`, i%250, i, strings.Join(values, ",")))
	}
	return []byte(matrix(strings.Join(all, ",")))
}

// Decoding answers of 2,000 series, the labels of which were seen before.
func BenchmarkDecode(b *testing.B) {
	body := answerOf(2000)
	decode := promql.Decoder(at(-300), at(60))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := decode(bytes.NewReader(body)); err != nil || n != 2000 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/series")
}

// The same, by client_golang.
func BenchmarkDecodeByClientGolang(b *testing.B) {
	body := answerOf(2000)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := clients(b, body); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/series")
}

// An answer of any length is read in the memory of a window and of what is
// wanted of it.
func TestDecodingIsBounded(t *testing.T) {
	long := `{"status":"success","data":{"resultType":"matrix","result":[` + strings.Repeat(" ", 1<<20) + `]}}`
	deep := strings.Repeat(`{"a":`, 1<<20)
	label := matrix(`{"metric":{"a":"` + strings.Repeat("x", 64<<20) + `"},"values":[]}`)
	for _, tt := range []struct{ body, want string }{{long, ""}, {deep, "more than 64 deep"}, {label, "longer than 1048576 bytes"}} {
		body := tt.body
		allocated := testing.AllocsPerRun(1, func() {
			_, err := promql.Decode(true, at(0), at(60), io.Reader(strings.NewReader(body)))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
		if allocated > 1000 {
			t.Errorf("%v allocations", allocated)
		}
	}
}
