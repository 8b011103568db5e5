package browser_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// crowd serves so many objectives, ten to a service, of which each seventh
// burns.
func crowd(t testing.TB, n int) string {
	set, now := &slo.Set{}, time.Now()
	r := loop.Report{At: now, Leader: true, Set: set}
	for i := range n {
		o := slo.Objective{Name: fmt.Sprintf("objective-%05d", i), Service: fmt.Sprintf("service-%04d", i/10), Target: slo.NewDecimal(999, 3), Window: slo.Window{Length: 28 * 24 * time.Hour}, Slice: time.Minute}
		set.Objectives = append(set.Objectives, o)
		st := budget.State{Objective: o.Name, Service: o.Service, At: now, Newest: now, Slice: time.Minute, Target: o.Target, Status: budget.OK, Remaining: 1 - float64(i)/float64(n)}
		bad := sli.Count(10 * (i%7/6*10 + 1))
		for _, length := range []time.Duration{5 * time.Minute, time.Hour, 6 * time.Hour, 72 * time.Hour, o.Window.Length} {
			w := budget.Window{Length: length, Known: true, Counts: sli.Counts{Good: 100000 * sli.Event, Bad: bad * sli.Event, Covered: length}}
			w.Burn = float64(bad) / 100
			st.Windows = append(st.Windows, w)
		}
		st.Budget = st.Windows[len(st.Windows)-1]
		r.States = append(r.States, st)
	}
	s := web.New(web.Config{Set: func() *slo.Set { return set }, Report: func() loop.Report { return r }})
	for i := range 60 { // an hour, for the drawings
		for k := range r.States {
			r.States[k].At = now.Add(time.Duration(i-60) * time.Minute)
		}
		s.Ticked(r, time.Millisecond)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

// BenchmarkPaint measures how long it takes until the overview of many
// objectives is painted first, until the next picture after a letter was typed
// into the search, and until its answer is shown.
func BenchmarkPaint(b *testing.B) {
	browser := chromium(b)
	for _, n := range []int{1000, 20000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, url := openFor(b, browser, 10*time.Minute), crowd(b, n)
			var paint, frame, answer []float64
			for b.Loop() {
				p.visit(url)
				paint = append(paint, eval[float64](p, `new Promise(done => { const look = () => { const e = performance.getEntriesByName("first-contentful-paint")[0]; e ? done(e.startTime) : setTimeout(look, 5) }; look() })`))
				took := eval[[]float64](p, `new Promise(done => { const from = performance.now(); let frame;
					document.addEventListener("htmx:after:swap", () => requestAnimationFrame(() => done([frame, performance.now() - from])), {once: true});
					const field = document.querySelector("input[type=search]"); field.value = "service-0017"; field.dispatchEvent(new Event("input", {bubbles: true}));
					requestAnimationFrame(() => frame = performance.now() - from) })`)
				frame, answer = append(frame, took[0]), append(answer, took[1])
			}
			b.ReportMetric(worst(paint), "ms-paint")
			b.ReportMetric(worst(frame), "ms-frame")
			b.ReportMetric(worst(answer), "ms-answer")
		})
	}
}

func worst(all []float64) float64 { return slices.Max(all) }

// weight is what scripts and styles weigh together, compressed: 120 kB are
// promised.
func weight(t *testing.T, s *shop) {
	sum := int64(0)
	for _, name := range []string{"app.js", "app.css", "style.css"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/assets/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip")
		a, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, a.Body)
		if _ = a.Body.Close(); err != nil || a.StatusCode != http.StatusOK || a.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: status %d, %s: %v", name, a.StatusCode, a.Header.Get("Content-Encoding"), err)
		}
		sum += n
	}
	if sum > 120_000 {
		t.Errorf("scripts and styles weigh %d bytes", sum)
	}
	t.Logf("scripts and styles weigh %d bytes", sum)
}
