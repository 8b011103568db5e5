package accuracy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"setpoint.dev/setpoint/sli/promql/promtest"
)

// start runs a backend that has stored the histories.
func start(t *testing.T, backend promtest.Backend, all []*history) *promtest.Server {
	t.Helper()
	cfg := promtest.Config{Backend: backend, Dir: t.TempDir()}
	if backend != promtest.VictoriaMetrics {
		cfg.Flags = []string{"--storage.tsdb.retention.time=100y", "--query.max-samples=200000000"}
		makeBlocks(t, cfg.Dir, all)
		return promtest.Start(t, cfg)
	}
	server := promtest.Start(t, cfg)
	send(t, server.URL, all)
	return server
}

// makeBlocks has promtool, which comes with Prometheus, write the blocks of
// histories; every version of Prometheus reads them.
func makeBlocks(t *testing.T, dir string, all []*history) {
	t.Helper()
	program, err := promtest.Prometheus.Program()
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "history.txt")
	file, err := os.Create(text)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := write(file, all, func(milli int64) string { return fmt.Sprintf("%d.%03d", milli/1000, milli%1000) }); err != nil {
		t.Fatal(err)
	}
	promtool := filepath.Join(filepath.Dir(program), "promtool")
	command := exec.CommandContext(t.Context(), promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet",
		"--max-block-duration=720h", text, filepath.Join(dir, "data"))
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("make blocks: %v\n%s", err, out)
	}
	if err := os.Remove(text); err != nil {
		t.Fatal(err)
	}
}

// send imports histories into VictoriaMetrics.
func send(t *testing.T, url string, all []*history) {
	t.Helper()
	text, w := io.Pipe()
	go func() {
		w.CloseWithError(write(w, all, func(milli int64) string { return fmt.Sprint(milli) }))
	}()
	post(t, url+"/api/v1/import/prometheus", text)
	post(t, url+"/internal/force_flush", nil)
}

func post(t *testing.T, url string, body io.Reader) {
	t.Helper()
	resp, err := http.Post(url, "text/plain", body)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if said, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("post to %s: %s, %v\n%s", url, resp.Status, err, said)
	}
}

// write prints samples in the text format, with times as the backend has them.
func write(w io.Writer, all []*history, stamp func(milli int64) string) error {
	b := bufio.NewWriterSize(w, 1<<20)
	for _, h := range all {
		for _, s := range h.series {
			labels := fmt.Sprintf("history=%q,pod=%q,code=%q", h.shape.name, s.pod, s.code)
			if s.scraper != "" {
				labels += fmt.Sprintf(",prometheus_replica=%q", s.scraper)
			}
			for _, m := range s.samples {
				fmt.Fprintf(b, "requests_total{%s} %d %s\n", labels, m.value, stamp(m.milli))
			}
		}
	}
	fmt.Fprintln(b, "# EOF")
	return b.Flush()
}
