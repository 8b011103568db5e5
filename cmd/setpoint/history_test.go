//go:build linux

package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql/promtest"
)

// A server that is killed in the middle of reading history goes on where it
// was: it asks for nothing again, and counts each minute once and as it was.
func TestKilledInTheMiddleOfHistory(t *testing.T) {
	t.Parallel()
	h := openPast(t, 2*24*time.Hour)
	v := h.server()
	v.start()
	var before time.Time
	v.within(90*time.Second, "a part of history is read", func() bool {
		before = v.status().Objectives[0].ReadBack
		return !before.IsZero() && before.Before(h.end.Add(-20*time.Hour))
	})
	v.kill()
	h.forget()
	v.start()
	v.within(90*time.Second, "all of history is read", func() bool { return v.status().Objectives[0].ReadBack.IsZero() })
	rest := h.asked()
	if !slices.ContainsFunc(rest, func(at time.Time) bool { return !at.After(before) }) {
		t.Errorf("nothing before %s was asked for, but %v", before, rest)
	}
	for _, at := range rest {
		if at.After(before) && at.Before(h.end.Add(-time.Hour)) {
			t.Errorf("what is before %s was asked for again, and had been read back to %s", at, before)
		}
	}
	o, all := v.status().Objectives[0], v.slices()
	v.stop()
	h.check(all)
	sum := sli.Counts{}
	for _, s := range all {
		if !s.Start.Before(o.At.Add(-48 * time.Hour)) {
			sum = sum.Add(s.Counts)
		}
	}
	if o.Budget.Bad == 0 || sum.Good.Float() != o.Budget.Good || sum.Bad.Float() != o.Budget.Bad {
		t.Errorf("the budget has %+v, the slices on record %v good and %v bad events", o.Budget, sum.Good.Float(), sum.Bad.Float())
	}
}

// A past is the history of a counter in a real Prometheus, and what is asked of
// it: ten events a minute, each hour a bad one.
type past struct {
	t   *testing.T
	url string
	end time.Time // of the newest sample

	mu    sync.Mutex
	times []time.Time // of questions
}

func openPast(t *testing.T, length time.Duration) *past {
	t.Helper()
	p := &past{t: t, end: time.Now().Truncate(time.Minute)}
	backend := promtest.Start(t, promtest.Config{Backend: promtest.Prometheus, Late: length + 24*time.Hour})
	var samples []promtest.Sample
	for at, n := p.end.Add(-length-time.Hour), 0; !at.After(p.end); at, n = at.Add(time.Minute), n+1 {
		for code, value := range map[string]int{"200": 10*n - n/60, "500": n / 60} {
			samples = append(samples, promtest.Sample{Labels: map[string]string{"__name__": "past_total", "code": code}, Milli: at.UnixMilli(), Value: float64(value)})
		}
	}
	must(t, backend.Write(samples))
	to, err := url.Parse(backend.URL)
	must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		form, err2 := url.ParseQuery(string(body))
		if err = errors.Join(err, err2); err != nil {
			t.Error(err)
		}
		p.note(form.Get("time"))
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	p.url = front.URL
	return p
}

func (p *past) note(text string) {
	seconds, err := strconv.ParseFloat(text, 64)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.times = append(p.times, time.Unix(int64(seconds), 0))
	}
}

func (p *past) asked() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.times)
}

func (p *past) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times = nil
}

// server is one that keeps a budget of the counter over two days.
func (p *past) server() *server {
	path := filepath.Join(p.t.TempDir(), "past.yaml")
	must(p.t, os.WriteFile(path, []byte(historyDefinitions), 0o600))
	v := &server{t: p.t, state: stateDir(p.t), log: filepath.Join(p.t.TempDir(), "serve.log")}
	v.args = []string{"serve", "--listen", "127.0.0.1:0", "--every", "1s", "--state", v.state, path}
	v.env = []string{"METRICS_URL=" + p.url}
	p.t.Cleanup(func() {
		v.stop()
		if p.t.Failed() {
			p.t.Errorf("log of serve:\n%s", v.logged(0))
		}
	})
	return v
}

// check compares slices, in order, with what happened.
func (p *past) check(all []sli.Slice) {
	p.t.Helper()
	n := 0
	for i, s := range all {
		if !s.Start.Before(p.end) || s.Start.Before(p.end.Add(-48*time.Hour)) {
			continue
		}
		n++
		if s.Total() != 10*sli.Event || s.Covered != time.Minute || s.Flaw != "" || i > 0 && s.Start.Sub(all[i-1].Start) != time.Minute {
			p.t.Errorf("slice %+v, want ten events in a whole minute, right after the one before", s)
		}
	}
	if n < 47*60 {
		p.t.Errorf("%d minutes are on record, want two days", n)
	}
}

const historyDefinitions = `apiVersion: openslo/v1
kind: DataSource
metadata: {name: metrics}
spec: {type: prometheus, connectionDetails: {url: "${METRICS_URL}", scrapeInterval: 60s}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: past}
spec:
  service: shop
  indicator:
    metadata: {name: past-requests}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {metricSourceRef: metrics, spec: {query: 'sum(rate(past_total{code="500"}[5m]))'}}}
        total: {metricSource: {metricSourceRef: metrics, spec: {query: 'sum(rate(past_total[5m]))'}}}
  timeWindow: [{duration: 2d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{targetPercent: 99}]
`
