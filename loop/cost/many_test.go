package cost_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli/promql"
)

// free is a backend that has samples for whatever service it is asked about.
type free struct{}

func (free) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.FormValue("query")
	seconds, _ := strconv.ParseFloat(r.FormValue("time"), 64)
	span, _ := strconv.ParseInt(query[strings.LastIndexByte(query, '[')+1:len(query)-len("ms]")], 10, 64)
	w.Header().Set("Content-Type", "application/json")
	var values bytes.Buffer
	for at := (int64(seconds) - span/1000) / 30 * 30; at <= int64(seconds); at += 30 {
		if at > int64(seconds)-span/1000 {
			fmt.Fprintf(&values, `,[%d,"%d"]`, at, at/30)
		}
	}
	text := values.Bytes()[1:]
	var out bytes.Buffer
	out.WriteString(`{"status":"success","data":{"resultType":"matrix","result":[`)
	first := true
	for name := range strings.SplitSeq(query[strings.Index(query, `"`)+1:strings.LastIndexByte(query, '"')], "|") {
		for _, code := range []string{"200", "500"} {
			if !first {
				out.WriteByte(',')
			}
			first = false
			fmt.Fprintf(&out, `{"metric":{"__name__":"http_requests_total","code":"%s","instance":"10.0.0.1:8080","job":"shop","service":"%s"},"values":[`, code, name)
			out.Write(text)
			out.WriteString("]}")
		}
	}
	out.WriteString("]}}")
	_, _ = w.Write(out.Bytes())
}

// A load is what ticks of many objectives cost us.
type load struct {
	objectives int
	cpu        time.Duration // of a tick, the answering of the free backend included
	memory     float64       // resident, in MB, the free backend and the ledger in memory included
}

// loadOf measures ticks of n objectives.
func loadOf(t testing.TB, n, ticks int) load {
	server := httptest.NewServer(free{})
	defer server.Close()
	set := objectives(n, server.URL)
	sources, err := promql.New(set.Sources, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer sources.Close()
	first := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	l, err := loop.New(loop.Config{Set: set, Source: sources, Records: remembering(t, set, first)})
	if err != nil {
		t.Fatal(err)
	}
	var began time.Duration
	for i := range ticks + 2 {
		if i == 2 {
			began = cpuOfSelf(t)
		}
		if r := l.Tick(t.Context(), first.Add(time.Duration(i+1)*time.Minute+5*time.Second)); len(r.Errs) > 0 {
			t.Fatal(r.Errs[0])
		}
	}
	cpu := (cpuOfSelf(t) - began) / time.Duration(ticks)
	runtime.GC()
	return load{n, cpu, resident(t)}
}

// resident is the memory of this process, in MB.
func resident(t testing.TB) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			v, _ := strconv.Atoi(strings.Fields(kb)[0])
			return float64(v) / 1000
		}
	}
	return 0
}

// BenchmarkTick is ticks of objectives whose metrics cost nothing.
func BenchmarkTick(b *testing.B) {
	for _, n := range []int{1000, 20000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			got := loadOf(b, n, b.N)
			b.ReportMetric(float64(got.cpu.Microseconds())/1000, "cpu-ms/op")
			b.ReportMetric(got.memory, "rss-MB")
		})
	}
}
