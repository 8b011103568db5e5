package promql_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// stamps reads "30:5 60:7": at 30 s after base the timestamp is 5 s after it.
func stamps(id, text string) sli.Series {
	s := series(id, text)
	for i := range s.Samples {
		s.Samples[i].Value += float64(base.Unix())
	}
	return s
}

// A job was seen three hours ago, while it ran, and is seen again: what its
// run came to is found by looking back, and counted once.
func TestRunsOverAGap(t *testing.T) {
	for _, test := range []struct{ name, starts, dones, want string }{
		{"succeeded in the meantime", "-10800:-10820 15:-10820 30:-10820", "-10800:-90000 15:-7000 30:-7000", "1/0 37.5s gap"},
		{"failed in the meantime", "-10800:-10820 15:-10820 30:-10820", "-10800:-90000 15:-90000 30:-90000", "0/1 37.5s gap"},
		{"was over before", "-10800:-10820 15:-10820 30:-10820", "-10800:-10810 15:-10810 30:-10810", "0/0 37.5s"},
		{"nobody knows", "15:-10820 30:-10820", "15:-7000 30:-7000", "0/0 37.5s"},
	} {
		b := &backend{series: map[string][]sli.Series{"begun": {stamps("a", test.starts)}, "done": {stamps("a", test.dones)}}}
		sources := serve(t, b, promql.Config{}, slo.Source{Scrape: 15 * time.Second})
		o := slo.Objective{Name: "shop", Slice: time.Minute, Indicator: slo.Indicator{
			Kind: slo.Deadline, Source: "shop", Started: "begun", Query: "done", Limit: 2 * time.Hour,
		}}
		got, err := sources.Counts(t.Context(), o, at(0), at(60))
		if err != nil || show(got) != test.want {
			t.Errorf("%s: got %s, %v; want %s", test.name, show(got), err, test.want)
		}
		if n := len(b.asked); n < 6 {
			t.Errorf("%s: only %d questions were asked: %v", test.name, n, b.asked)
		}
	}
}

// An expression that is refused says how to ask it again.
func TestGridCurl(t *testing.T) {
	sources := serve(t, says(422, "application/json", `{"status":"error","errorType":"execution","error":"no such thing"}`), promql.Config{}, slo.Source{Scrape: 15 * time.Second})
	o := slo.Objective{Name: "shop", Slice: time.Minute, Indicator: slo.Indicator{Kind: slo.Threshold, Source: "shop", Query: "max(x)", Op: slo.Less}}
	_, err := sources.Counts(t.Context(), o, at(0), at(60))
	var read *sli.ReadError
	if !errors.As(err, &read) {
		t.Fatalf("got %v, want a ReadError", err)
	}
	curl := read.Curl
	for _, want := range []string{"/api/v1/query_range", "query=max(x)", "start=", "end=", "step=15"} {
		if !strings.Contains(curl, want) {
			t.Errorf("%q is not in %s", want, curl)
		}
	}
}
