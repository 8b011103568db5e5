//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql/promtest"
)

// sixHours is a real backend with six hours of history that ended an hour ago:
// ten events a second, all good, but for half an hour from the third hour on,
// in which half of them are bad.
func sixHours(t *testing.T) (url string, begin time.Time) {
	t.Helper()
	begin = time.Now().Add(-7 * time.Hour).Truncate(time.Hour)
	var b bytes.Buffer
	good := 0
	for i := range 6*120 + 1 {
		if hot := i > 3*120 && i <= 3*120+60; hot {
			good -= 150
		}
		good += 300
		at := begin.Add(time.Duration(i) * 30 * time.Second).Unix()
		fmt.Fprintf(&b, "checkout_good_total %d %d\ncheckout_requests_total %d %d\n", good, at, 300*(i+1), at)
	}
	if promtest.Installed(t)[0] == promtest.VictoriaMetrics {
		return imported(t, b.String()), begin
	}
	return backfilled(t, b.String()), begin
}

// backfilled is a Prometheus whose own tool made blocks of the samples.
func backfilled(t *testing.T, samples string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "samples.om")
	must(t, os.WriteFile(file, []byte(samples+"# EOF\n"), 0o600))
	out, err := exec.Command(promtool(t), "tsdb", "create-blocks-from", "openmetrics", file, filepath.Join(dir, "data")).CombinedOutput()
	if err != nil {
		t.Fatalf("make blocks of history: %v\n%s", err, out)
	}
	return promtest.Start(t, promtest.Config{Backend: promtest.Prometheus, Dir: dir}).URL
}

func promtool(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("promtool"); err == nil {
		return path
	}
	path, err := filepath.Abs("../../.cache/parts/prometheus/usr/bin/promtool")
	must(t, err)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("find promtool: neither on PATH nor beside Prometheus: run `make parts`")
	}
	return path
}

// imported is a VictoriaMetrics that was given the samples.
func imported(t *testing.T, samples string) string {
	t.Helper()
	url := promtest.Start(t, promtest.Config{Backend: promtest.VictoriaMetrics}).URL
	var lines strings.Builder
	for line := range strings.Lines(samples) {
		lines.WriteString(strings.TrimSpace(line) + "000\n") // it wants milliseconds
	}
	resp, err := http.Post(url+"/api/v1/import/prometheus", "text/plain", strings.NewReader(lines.String()))
	must(t, err)
	must(t, resp.Body.Close())
	within(t, 30*time.Second, "the samples can be asked for", func() bool {
		resp, err := http.Get(url + "/internal/force_flush")
		must(t, err)
		must(t, resp.Body.Close())
		resp, err = http.Get(url + "/api/v1/series?match[]=checkout_good_total&start=0")
		must(t, err)
		text, err := io.ReadAll(resp.Body)
		must(t, errors.Join(err, resp.Body.Close()))
		return strings.Contains(string(text), "checkout_good_total")
	})
	http.DefaultClient.CloseIdleConnections()
	return url
}

// pastDefinitions writes a version of the definitions.
func pastDefinitions(t *testing.T, burn string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/past.yaml")
	must(t, err)
	path := filepath.Join(t.TempDir(), "past.yaml")
	must(t, os.WriteFile(path, bytes.ReplaceAll(text, []byte("BURN"), []byte(burn)), 0o600))
	return path
}

// TestBacktest runs over a real backend's history, with two versions, of
// which one never tightens.
func TestBacktest(t *testing.T) {
	t.Parallel()
	url, begin := sixHours(t)
	plot := filepath.Join(t.TempDir(), "plot.svg")
	env := []string{"METRICS_URL=" + url}
	args := []string{"backtest", pastDefinitions(t, "4"), "--against", pastDefinitions(t, "6"), "--plot", plot,
		"--from", begin.Add(time.Hour).Format(time.RFC3339), "--to", begin.Add(6 * time.Hour).Format(time.RFC3339)}
	text := command(t, env, args...)
	if text.code != 0 || !strings.Contains(text.out, openLoop) || !strings.Contains(text.out, "tightens reports-timeout from 30 s to 2 s") {
		t.Errorf("want moves in words and what a backtest cannot tell: %s", text)
	}
	in := command(t, env, append(args, "--output", "json")...)
	var r backtested
	if err := json.Unmarshal([]byte(in.out), &r); err != nil || in.code != 0 {
		t.Fatalf("%v: %s", err, in)
	}
	checkSixHours(t, r, begin)
	checkXML(t, plot)
}

// checkSixHours expects what follows from the story: half of the events bad
// is a burn rate of 5, reached over ten minutes when eight of them are hot.
func checkSixHours(t *testing.T, r backtested, begin time.Time) {
	t.Helper()
	if !r.Complete || len(r.Versions) != 2 || r.Asked > 4 {
		t.Fatalf("complete %v, %d versions, asked %d times; want it complete, 2, at most 4", r.Complete, len(r.Versions), r.Asked)
	}
	one, other := r.Versions[0].Trial, r.Versions[1].Trial
	if one.Ticks != 300 || other.Ticks != 300 {
		t.Errorf("%d and %d looks, want 300: one a minute for five hours", one.Ticks, other.Ticks)
	}
	freeze, protect := one.Loops[0], one.Loops[1]
	if protect.Moves != 2 || protect.Tightened != 1 || protect.Reversals != 0 || freeze.Moves != 2 || other.Loops[1].Moves != 0 {
		t.Errorf("moves: %+v, %+v, the other version's %+v; want there and back for each, and none", freeze, protect, other.Loops[1])
	}
	hot := begin.Add(3 * time.Hour)
	if at := protect.First[0].At.Sub(hot); at < 8*time.Minute || at > 9*time.Minute {
		t.Errorf("tightened %s into the hot half hour, want 8m and the delay of its source", at)
	}
	if gate := one.Releases[0]; gate.Denied < 35*time.Minute || gate.Denied > 65*time.Minute || gate.Stretches != 1 || gate.Denied != freeze.AtTight {
		t.Errorf("releases: %+v, frozen for %s; want them denied once, for as long, about an hour", gate, freeze.AtTight)
	}
	o := one.Objectives[0]
	if want := 1 - 9_000.0/21_600; o.Remaining < want-0.01 || o.Remaining > want+0.01 || o.Status != "ok" {
		t.Errorf("%.3f of the budget left (%s), want about %.3f: 9,000 bad, 21,600 allowed of 216,000", o.Remaining, o.Status, want)
	}
}

func checkXML(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	paths := 0
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("plot is not XML: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "path" {
			paths++
		}
	}
	if paths < 6 {
		t.Errorf("plot has %d paths, want at least two curves and two levels for each of two loops", paths)
	}
}

// TestBacktestIsInterrupted: Ctrl-C while the backend takes its time.
func TestBacktestIsInterrupted(t *testing.T) {
	t.Parallel()
	asked, release := make(chan bool, 100), make(chan bool)
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- true
		<-release
	}))
	defer slow.Close()
	defer close(release)
	cmd := exec.Command("setpoint", "backtest", pastDefinitions(t, "4"))
	cmd.Env = append(os.Environ(), "METRICS_URL="+slow.URL)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	p := spawn(t, cmd)
	<-asked
	must(t, cmd.Process.Signal(syscall.SIGINT))
	select {
	case <-p.gone:
	case <-time.After(30 * time.Second):
		t.Fatal("backtest did not end within 30 s of an interrupt")
	}
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("exit code %d, said %q; want 1, and that it was interrupted", cmd.ProcessState.ExitCode(), errs.String())
	}
}

// TestBacktestOfTheRecord: what is on record is not asked of the backend,
// which is gone.
func TestBacktestOfTheRecord(t *testing.T) {
	t.Parallel()
	dsn := clustertest.DSN(t)
	records, err := ledger.Open(ledger.Config{DSN: dsn})
	must(t, err)
	defer records.Close()
	must(t, records.Migrate(t.Context()))
	end := time.Now().Add(-time.Hour).Truncate(time.Hour)
	var kept []sli.Slice
	for at := end.Add(-30 * time.Hour); !at.After(end); at = at.Add(time.Minute) {
		s := sli.Slice{Start: at, Counts: sli.Counts{Good: 100 * sli.Event, Covered: time.Minute}}
		if at.After(end.Add(-2*time.Hour)) && at.Before(end.Add(-90*time.Minute)) {
			s.Good, s.Bad = 50*sli.Event, 50*sli.Event
		}
		kept = append(kept, s)
	}
	must(t, records.Keep(t.Context(), loop.Counted{Objective: "checkout-fast", Slices: kept}))
	env := []string{"METRICS_URL=http://127.0.0.1:1", "DATABASE_URL=" + dsn}
	got := command(t, env, "backtest", pastDefinitions(t, "4"), "--recorded", "--output", "json",
		"--from", end.Add(-5*time.Hour).Format(time.RFC3339), "--to", end.Format(time.RFC3339))
	var r backtested
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.code != 0 || !r.Complete {
		t.Fatalf("%v: %s", err, got)
	}
	if l := r.Versions[0].Loops[1]; l.Moves != 2 || l.Blind != 0 {
		t.Errorf("got %+v, want it tightened and relaxed, and never blind", l)
	}
	if r.Versions[0].Shadows != nil {
		t.Errorf("loops that act are compared with people: %+v", r.Versions[0].Shadows)
	}
	againstPeople(t, records, env, end)
}

// againstPeople: two versions beside each other, and what a person did: the
// one that tightens wished the same, the one that does not had not wished it.
func againstPeople(t *testing.T, records *ledger.Postgres, env []string, end time.Time) {
	t.Helper()
	tight := 1.0
	for _, o := range []loop.Order{
		{ID: "before", Kind: loop.OrderPin, At: end.Add(-6 * time.Hour), Until: end, Setting: &tight},
		{ID: "then", Kind: loop.OrderPin, At: end.Add(-110 * time.Minute), Until: end, Setting: &tight},
	} {
		o.Target, o.By, o.Why = "reports-timeout", "ann", "checkout is slow"
		must(t, records.Give(t.Context(), o))
	}
	line := []string{"backtest", pastDefinitions(t, "4"), "--against", pastDefinitions(t, "6"), "--recorded", "--mode", "ask",
		"--from", end.Add(-5 * time.Hour).Format(time.RFC3339), "--to", end.Format(time.RFC3339)}
	text := command(t, env, line...)
	got := command(t, env, append(line, "--output", "json")...)
	var r backtested
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.code != 0 || !strings.Contains(text.out, "AGAINST PEOPLE") {
		t.Fatalf("%v: %s\n%s", err, got, text)
	}
	with, without := r.Versions[0].Shadows[1], r.Versions[1].Shadows[1]
	if with.Same != 1 || with.Missed != 0 || with.Wishes[0].Person != "ann" || *with.Score != 1 {
		t.Errorf("the version that tightens: %+v, want that it wished what ann did", with)
	}
	if without.Same != 0 || without.Missed != 1 || *without.Score != 0 {
		t.Errorf("the version that does not: %+v, want that it missed what ann did", without)
	}
}
