package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// shopConfig is what `demo shop` is told by its flags.
type shopConfig struct {
	Listen     string
	Database   string // connection string of a role that may create roles and tables
	Arm        string // a name for the logs and the summary
	Seed       uint64
	Duration   time.Duration // of the load
	SurgeAfter time.Duration
	SurgeFor   time.Duration
	Summary    string // file to write; empty: none
}

// maxLoad bounds every run: a forgotten demo ends by itself.
const maxLoad = 30 * time.Minute

// runShop serves one shop and its load until the load ends or a signal comes, then writes the summary.
func runShop(args []string, stdout, stderr io.Writer) error {
	config, err := parseShop(args, stderr)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	sessions, err := openSessions(ctx, config.Database)
	if err != nil {
		return err
	}
	defer sessions.Close()
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("listen for customers: %w", err)
	}
	fmt.Fprintf(stdout, "shop %s listens on http://%s\n", config.Arm, listener.Addr())
	return serveShop(ctx, config, sessions, listener, slog.New(slog.NewTextHandler(stderr, nil)))
}

func parseShop(args []string, stderr io.Writer) (shopConfig, error) {
	var c shopConfig
	flags := flag.NewFlagSet("demo shop", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.Listen, "listen", "127.0.0.1:0", "loopback `address` to serve on; port 0 takes a free one")
	flags.StringVar(&c.Database, "database", "", "`connection` of a role that may create roles and tables (required)")
	flags.StringVar(&c.Arm, "arm", "shop", "`name` of this shop in its logs and its summary")
	flags.Uint64Var(&c.Seed, "seed", 1, "`number` that fixes the load; equal seeds give equal loads")
	flags.DurationVar(&c.Duration, "duration", 150*time.Second, "how long the load lasts, at most 30m")
	flags.DurationVar(&c.SurgeAfter, "surge-after", 0, "start of the surge of reports (default a sixth of -duration)")
	flags.DurationVar(&c.SurgeFor, "surge-for", 0, "length of the surge (default five twelfths of -duration)")
	flags.StringVar(&c.Summary, "summary", "", "`file` to write the summary to (JSON)")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	return c.withDefaults()
}

func (c shopConfig) withDefaults() (shopConfig, error) {
	story := storySchedule(c.Seed, c.Duration, c.Duration)
	if c.SurgeAfter == 0 && c.SurgeFor == 0 {
		c.SurgeAfter, c.SurgeFor = story.SurgeAfter, story.SurgeFor
	}
	switch {
	case c.Database == "":
		return c, errors.New("start shop: -database is required")
	case c.Duration <= 0 || c.Duration > maxLoad:
		return c, fmt.Errorf("start shop: -duration %s is not between 0s and %s", c.Duration, maxLoad)
	case c.SurgeAfter < 0 || c.SurgeFor < 0:
		return c, errors.New("start shop: -surge-after and -surge-for are times from now on, not before")
	}
	return c, nil
}

func (c shopConfig) schedule() schedule {
	return schedule{Seed: c.Seed, Duration: c.Duration, SurgeAfter: c.SurgeAfter, SurgeFor: c.SurgeFor}
}

// serveShop serves and drives the load, which ends by itself or with ctx; whatever the customers saw
// until then is in the summary. A report that would not end in time is cut off and counts as failed.
func serveShop(ctx context.Context, config shopConfig, sessions *sessions, listener net.Listener, log *slog.Logger) error {
	seen := newTruth(config.Arm, config.Seed)
	handler := newShop(sessions, seen).routes()
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	log.Info("shop open", "arm", config.Arm, "address", listener.Addr().String(), "surge_after", config.SurgeAfter, "surge_for", config.SurgeFor)

	load := newLoad("http://"+listener.Addr().String(), seen)
	load.run(ctx, config.schedule().arrivals())

	closeErr := server.Close() // the load has waited for its answers
	<-served
	return errors.Join(closeErr, writeSummary(config.Summary, seen.summary(config.Duration)))
}

// writeSummary puts the summary in place whole or not at all.
func writeSummary(path string, s summary) error {
	if path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	if err := os.WriteFile(path+".part", s.json(), 0o644); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}
