package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// program makes a file that can be run, and its folders.
func program(t *testing.T, path ...string) string {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestBackendIsTheUsersElsePrometheusElseVictoriaMetrics(t *testing.T) {
	parts, bin := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin)
	expect := func(own, name, file string) {
		t.Helper()
		got, err := chooseBackend(own, parts, "/run", "127.0.0.1:1")
		if got.Name != name || got.Program != file || err != nil {
			t.Errorf("chooseBackend(%q) = %s at %q, error %v; want %s at %q", own, got.Name, got.Program, err, name, file)
		}
	}
	if _, err := chooseBackend("", parts, "/run", "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "make parts") {
		t.Errorf("without any backend: error %v, want one that names `make parts`", err)
	}
	victoria := program(t, parts, "victoria-metrics")
	expect("", "victoria-metrics", victoria)
	unpacked := program(t, parts, "prometheus/usr/bin/prometheus")
	expect("", "prometheus", unpacked)
	installed := program(t, bin, "prometheus")
	expect("", "prometheus", installed)
	expect("http://prometheus:9090", "yours", "")
}

func TestScrapeConfigTellsTheArmsApartByLabel(t *testing.T) {
	want := `global:
  scrape_interval: 2s
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: ["127.0.0.1:1"]
        labels: {arm: observing}
      - targets: ["127.0.0.1:2"]
        labels: {arm: acting}
`
	if diff := cmp.Diff(want, scrapeConfig("127.0.0.1:1", "127.0.0.1:2")); diff != "" {
		t.Errorf("scrape configuration (-want +got):\n%s", diff)
	}
}
