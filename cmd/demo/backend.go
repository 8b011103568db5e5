package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// backend is the metrics backend that scrapes the shops: Prometheus or VictoriaMetrics, or the user's own.
type backend struct {
	Name    string // "prometheus", "victoria-metrics" or "yours"
	Program string // empty for the user's own
	URL     string // of its query API
	probe   string // path that answers 200 when it is ready
	args    []string
}

// scrapeEvery is how often the shops are scraped.
const scrapeEvery = 2 * time.Second

// chooseBackend takes the user's own, else Prometheus from PATH or parts, else VictoriaMetrics likewise.
// Whatever it starts keeps its data in dir and reads scrape.yml there.
func chooseBackend(own, parts, dir, address string) (backend, error) {
	if own != "" {
		return backend{Name: "yours", URL: own}, nil
	}
	if program := findProgram("prometheus", filepath.Join(parts, "prometheus/usr/bin/prometheus"), filepath.Join(parts, "prometheus")); program != "" {
		return prometheusServer(program, dir, address), nil
	}
	if program := findProgram("victoria-metrics", filepath.Join(parts, "victoria-metrics")); program != "" {
		return victoriaMetrics(program, dir, address), nil
	}
	return backend{}, fmt.Errorf("find a metrics backend: neither prometheus nor victoria-metrics is on PATH or in %s: run `make parts`, or set METRICS_URL", parts)
}

// findProgram returns the absolute path of the first candidate that can be run: a name on PATH, or a path.
func findProgram(candidates ...string) string {
	for _, candidate := range candidates {
		program, err := exec.LookPath(candidate)
		if err != nil {
			continue
		}
		if absolute, err := filepath.Abs(program); err == nil {
			return absolute
		}
	}
	return ""
}

func prometheusServer(program, dir, address string) backend {
	return backend{Name: "prometheus", Program: program, URL: "http://" + address, probe: "/-/ready", args: []string{
		"--config.file=" + filepath.Join(dir, "scrape.yml"),
		"--storage.tsdb.path=" + filepath.Join(dir, "metrics"),
		"--web.listen-address=" + address,
	}}
}

// victoriaMetrics shows samples as soon as it has them (by default it hides the newest 30 s).
func victoriaMetrics(program, dir, address string) backend {
	return backend{Name: "victoria-metrics", Program: program, URL: "http://" + address, probe: "/health", args: []string{
		"-promscrape.config=" + filepath.Join(dir, "scrape.yml"),
		"-storageDataPath=" + filepath.Join(dir, "metrics"),
		"-httpListenAddr=" + address,
		"-search.latencyOffset=0s",
		"-memory.allowedBytes=256MiB",
		"-retentionPeriod=1d",
	}}
}

// start runs the backend, if it is the demo's to run, until it answers.
func (b backend) start(ctx context.Context, dir string) (*child, error) {
	c, err := spawn(b.Name, filepath.Join(dir, b.Name+".log"), nil, b.Program, b.args...)
	if err != nil {
		return nil, err
	}
	return c, c.ready(ctx, b.URL+b.probe, 30*time.Second)
}

// writeScrapeConfig says which shops to scrape. The arms differ by the label of their target only.
func writeScrapeConfig(dir, observing, acting string) (path string, err error) {
	path = filepath.Join(dir, "scrape.yml")
	if err := os.WriteFile(path, []byte(scrapeConfig(observing, acting)), 0o644); err != nil {
		return "", fmt.Errorf("write scrape configuration: %w", err)
	}
	return path, nil
}

func scrapeConfig(observing, acting string) string {
	return fmt.Sprintf(`global:
  scrape_interval: %s
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: [%q]
        labels: {arm: observing}
      - targets: [%q]
        labels: {arm: acting}
`, scrapeEvery, observing, acting)
}
