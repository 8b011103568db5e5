// Package promtest runs a real metrics backend for a test or a demonstration:
// Prometheus, of version 2 and 3, or VictoriaMetrics, as a child process on a free loopback port,
// with its data in a directory that the caller owns.
//
//	Start(t, Config{Targets, Every}) ─► find the program ─► write scrape.yml ─► run ─► wait until ready ─► Server.URL
//
// Programs are looked for on PATH and in .cache/parts of the repository, where
// `make parts` puts them; a missing one fails the test. The child is stopped by
// its process id when the test ends, and by the kernel when the test is killed
// (on Linux).
package promtest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A Backend names a program.
type Backend string

// The backends.
const (
	Prometheus      Backend = "prometheus"   // as it is installed, which may be 2.x
	Prometheus3     Backend = "prometheus-3" // built from its sources
	VictoriaMetrics Backend = "victoria-metrics"
)

// A Config says what to run.
type Config struct {
	Backend Backend       // "" = the first one that is there
	Targets []string      // host:port of what is scraped at /metrics
	Every   time.Duration // scrape interval, at least 1 s; 0 = 1 s
	Dir     string        // for data, configuration and log; Start makes one when it is ""
	Late    time.Duration // how late samples may be that Write stores
	Rules   []byte        // a rule file, evaluated every Every; of Prometheus only
	Flags   []string      // more flags of the program
	Native  bool          // native histograms are scraped too; of Prometheus only
}

// A Server is a backend that runs.
type Server struct {
	URL     string // of its query API
	Backend Backend
	child   *child
}

// Installed returns the backends whose programs are there, Prometheus first.
// The test fails when there is none.
func Installed(t testing.TB) []Backend {
	t.Helper()
	found := installed()
	if len(found) == 0 {
		t.Fatal("no metrics backend: run `make parts`")
	}
	return found
}

func installed() (found []Backend) {
	for _, b := range []Backend{Prometheus, Prometheus3, VictoriaMetrics} {
		if _, err := b.Program(); err == nil {
			found = append(found, b)
		}
	}
	return found
}

// Start runs a backend until the test ends. The test fails when it cannot.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	s, err := Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Run starts a backend and returns when it answers. Stop ends it.
func Run(cfg Config) (*Server, error) {
	if found := installed(); cfg.Backend == "" && len(found) > 0 {
		cfg.Backend = found[0]
	} else if cfg.Backend == "" {
		cfg.Backend = Prometheus // for its error
	}
	program, err := cfg.Backend.Program()
	if err != nil {
		return nil, err
	}
	if err := writeScrapes(cfg); err != nil {
		return nil, err
	}
	var errs []error
	for range 3 { // the free port may be taken in between
		s, err := run(program, cfg)
		if err == nil {
			return s, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// Stop ends the backend; a second time it does nothing.
func (s *Server) Stop() error { return s.child.stop() }

// PID is the process id, for tests that halt the backend with a signal.
func (s *Server) PID() int { return s.child.cmd.Process.Pid }

// Log is the end of what the backend has written.
func (s *Server) Log() string { return s.child.lastWords() }

// Program finds the executable.
func (b Backend) Program() (string, error) {
	if path, err := exec.LookPath(string(b)); err == nil {
		return path, nil
	}
	parts, err := partsDir()
	if err != nil {
		return "", err
	}
	for _, path := range []string{filepath.Join(parts, string(b), "usr", "bin", string(b)), filepath.Join(parts, string(b))} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("find %s: neither on PATH nor in %s: run `make parts`", b, parts)
}

// partsDir is .cache/parts beside the go.mod above the working directory.
func partsDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".cache", "parts"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("find .cache/parts: no go.mod above the working directory")
		}
	}
}

func writeScrapes(cfg Config) error {
	every := max(cfg.Every, time.Second).Milliseconds()
	var b bytes.Buffer
	fmt.Fprintf(&b, "global:\n  scrape_interval: %dms\n  scrape_timeout: %dms\n", every, every)
	if cfg.Rules != nil {
		fmt.Fprintf(&b, "  evaluation_interval: %dms\n", every)
	}
	if cfg.Native && cfg.Backend == Prometheus3 {
		fmt.Fprintf(&b, "  scrape_native_histograms: true\n")
	}
	fmt.Fprintf(&b, "scrape_configs:\n- job_name: promtest\n  static_configs:\n  - targets: [")
	for i, target := range cfg.Targets {
		fmt.Fprintf(&b, "%s%q", strings.Repeat(", ", min(i, 1)), target)
	}
	b.WriteString("]\n")
	if cfg.Rules != nil {
		rules := filepath.Join(cfg.Dir, "rules.yml")
		fmt.Fprintf(&b, "rule_files: [%q]\n", rules)
		if err := os.WriteFile(rules, cfg.Rules, 0o600); err != nil {
			return err
		}
	}
	if cfg.Late > 0 && cfg.Backend != VictoriaMetrics {
		fmt.Fprintf(&b, "storage:\n  tsdb:\n    out_of_order_time_window: %dms\n", cfg.Late.Milliseconds())
	}
	return os.WriteFile(filepath.Join(cfg.Dir, "scrape.yml"), b.Bytes(), 0o600)
}

func run(program string, cfg Config) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args, ready := cfg.Backend.flags(cfg.Dir, address)
	if cfg.Native && cfg.Backend == Prometheus { // version 3 is told in the configuration
		args = append(args, "--enable-feature=native-histograms")
	}
	c, err := spawn(filepath.Join(cfg.Dir, string(cfg.Backend)+".log"), program, append(args, cfg.Flags...)...)
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://" + address, Backend: cfg.Backend, child: c}
	if err := c.wait(s.URL + ready); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// flags are the flags of a backend, and the path that tells when it is ready.
func (b Backend) flags(dir, address string) (args []string, ready string) {
	config, data := filepath.Join(dir, "scrape.yml"), filepath.Join(dir, "data")
	if b == VictoriaMetrics {
		return []string{
			"-promscrape.config=" + config, "-storageDataPath=" + data, "-httpListenAddr=" + address,
			"-memory.allowedBytes=128MiB", "-retentionPeriod=100y",
		}, "/health"
	}
	return []string{"--config.file=" + config, "--storage.tsdb.path=" + data, "--web.listen-address=" + address, "--web.enable-remote-write-receiver"}, "/-/ready"
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// answers reports whether a GET is answered with status 200.
func answers(url string) bool {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
