package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/ledger/cluster"
)

// The arms of the comparison: the same shop, load and definitions, but for the mode of the loop.
const (
	observing = "observing"
	acting    = "acting"
)

// The services of the two arms, as the definitions name them.
const (
	observingService = "checkout-observed"
	actingService    = "checkout"
)

// privatePrefix begins the names of the directories of databases.
const privatePrefix = "setpoint-demo-"

// stage is everything that runs for one story. close stops it in the reverse order of its start.
type stage struct {
	config  config
	dir     string // of this run: configurations, logs, metrics, summaries
	private string // of the Postgres clusters, in a place that an unprivileged server can reach
	say     func(format string, args ...any)

	observing, acting shopProcess
	backend           backend
	setpoint          setpoint
	children          []*child
	clusters          []*cluster.Cluster
}

// shopProcess is one shop as seen from outside.
type shopProcess struct {
	Arm      string
	Service  string
	Address  string
	Database string // connection string
}

// newStage makes the directories of a run.
func newStage(c config, say func(string, ...any), now time.Time) (*stage, error) {
	dir, err := filepath.Abs(filepath.Join(c.Dir, now.Format("20060102-150405")))
	if err != nil {
		return nil, fmt.Errorf("find run directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make run directory: %w", err)
	}
	sweep(now)
	private, err := os.MkdirTemp("/tmp", privatePrefix) // short: a socket's path is limited
	if err != nil {
		return nil, fmt.Errorf("make directory of the private Postgres: %w", err)
	}
	return &stage{config: c, dir: dir, private: private, say: say}, os.Chmod(private, 0o755)
}

// open starts everything but the shops, whose load begins as soon as they run.
func (s *stage) open(ctx context.Context) error {
	addresses, err := freeAddresses(4)
	if err != nil {
		return fmt.Errorf("find free ports: %w", err)
	}
	s.observing = shopProcess{Arm: observing, Service: observingService, Address: addresses[0]}
	s.acting = shopProcess{Arm: acting, Service: actingService, Address: addresses[1]}
	if err := s.openDatabases(ctx); err != nil {
		return err
	}
	if err := s.openBackend(ctx, addresses[2]); err != nil {
		return err
	}
	return s.openSetpoint(ctx, addresses[3])
}

// openDatabases starts a Postgres for each shop, so that nothing done to one can touch the other.
func (s *stage) openDatabases(ctx context.Context) error {
	began := time.Now()
	clusters := make([]*cluster.Cluster, 2)
	group, ctx := errgroup.WithContext(ctx)
	for i, shop := range []*shopProcess{&s.observing, &s.acting} {
		group.Go(func() (err error) {
			clusters[i], shop.Database, err = s.openDatabase(ctx, shop.Arm)
			return err
		})
	}
	err := group.Wait()
	s.clusters = slices.DeleteFunc(clusters, func(c *cluster.Cluster) bool { return c == nil })
	if err == nil {
		s.say("two private Postgres clusters, one for each shop: unix sockets, no network (%s)", since(began))
	}
	return err
}

func (s *stage) openDatabase(ctx context.Context, arm string) (*cluster.Cluster, string, error) {
	c, err := cluster.Start(ctx, cluster.Config{Dir: s.private, Name: arm, NoSync: true})
	if err != nil {
		return nil, "", err
	}
	if err := c.CreateDatabase(ctx, "shop"); err != nil {
		return c, "", err
	}
	dsn := c.DSN("shop")
	return c, dsn, prepareShop(ctx, dsn)
}

func (s *stage) openBackend(ctx context.Context, address string) error {
	began := time.Now()
	scrape, err := writeScrapeConfig(s.dir, s.observing.Address, s.acting.Address)
	if err != nil {
		return err
	}
	s.backend, err = chooseBackend(s.config.MetricsURL, s.config.Parts, s.dir, address)
	if err != nil {
		return err
	}
	if s.backend.Program == "" {
		s.say("metrics from %s, which has to scrape the shops as %s says", s.backend.URL, scrape)
		return nil
	}
	c, err := s.backend.start(ctx, s.dir)
	s.keep(c)
	if err == nil {
		s.say("%s scrapes both shops every %s: %s (%s)", s.backend.Name, scrapeEvery, s.backend.URL, since(began))
	}
	return err
}

func (s *stage) openSetpoint(ctx context.Context, address string) error {
	began := time.Now()
	if s.config.Listen != "" {
		address = s.config.Listen
	}
	s.setpoint = newSetpoint(s.config.Setpoint, "http://"+address, s.private)
	c, err := s.setpoint.serve(ctx, s, address)
	s.keep(c)
	if err == nil {
		s.say("setpoint serve reads %s, with a private Postgres for its ledger (%s)", s.config.Definitions, since(began))
		s.say("the page:  %s/", s.setpoint.URL)
	}
	return err
}

// openShops starts both shops, and with them the load, at the same moment.
func (s *stage) openShops(ctx context.Context, load schedule) error {
	var errs []error
	for _, shop := range []shopProcess{s.observing, s.acting} {
		c, err := s.openShop(shop, load)
		s.keep(c)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, shop := range []shopProcess{s.observing, s.acting} {
		c := s.children[len(s.children)-2+i]
		if err := c.ready(ctx, "http://"+shop.Address+"/summary", 20*time.Second); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) openShop(shop shopProcess, load schedule) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the demo's own program: %w", err)
	}
	name := "shop-" + shop.Arm
	return spawn(name, filepath.Join(s.dir, name+".log"), nil, program, "shop",
		"-listen", shop.Address, "-database", shop.Database, "-arm", shop.Arm,
		"-seed", fmt.Sprint(load.Seed), "-duration", load.Duration.String(),
		"-surge-after", load.SurgeAfter.String(), "-surge-for", load.SurgeFor.String(),
		"-summary", filepath.Join(s.dir, name+".json"))
}

func (s *stage) keep(c *child) {
	if c != nil {
		s.children = append(s.children, c)
	}
}

// gone says which process ended although it should run.
func (s *stage) gone() error {
	var errs []error
	for _, c := range s.children {
		errs = append(errs, c.gone())
	}
	return errors.Join(errs...)
}

// close stops the processes and the databases, and removes the databases' directory.
func (s *stage) close() error {
	var errs []error
	for _, c := range slices.Backward(s.children) {
		errs = append(errs, c.stop())
	}
	for _, c := range s.clusters {
		errs = append(errs, c.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(s.private))...)
}

// sweep removes the databases that a demo killed a day ago or more has left behind.
func sweep(now time.Time) {
	dirs, _ := filepath.Glob("/tmp/" + privatePrefix + "*") // errs only on a malformed pattern
	for _, dir := range dirs {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() && now.Sub(info.ModTime()) > 24*time.Hour {
			os.RemoveAll(dir) // best effort: it may be another user's
		}
	}
}

func since(began time.Time) string { return fmt.Sprintf("%.1f s", time.Since(began).Seconds()) }
