package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// agentOptions are what agent is told on its command line.
type agentOptions struct {
	paths    []string
	only     []string
	publish  string
	quota    string
	gate     string
	upstream string
	name     string
	stopFile string
}

func (a *app) agentCmd() *cobra.Command {
	var o agentOptions
	c := &cobra.Command{
		Use:     "agent PATH…",
		Short:   "Enforce settings beside what they protect",
		GroupID: "run",
		Long: `Enforce the settings of a server next to what they protect, until stopped.

It reads the same definitions as the server and follows the settings of their
actuators:

  postgresQueryTimeout   with reaper: agent, cancels statements (SHOP_DATABASE_URL
                         and the like are those of this machine)
  retry                  published at --publish for the services of this machine
  quota                  with --quota, a reverse proxy that admits calls by tenant

While the server is away it goes on with the settings that it heard last. When
their lease ends it falls back to the declared safe ones, and follows again when
the server is back. It needs neither the ledger nor the metrics backend.

While --stop-file exists nothing is cancelled, whatever the server says.`,
		Example: `  setpoint agent slos/ --server http://setpoint:8321 --publish 127.0.0.1:8322
  setpoint agent slos/ --quota checkout-tenants --gate :8080 --upstream http://127.0.0.1:8081`,
		Args: args(1, -1, "files or folders of definitions"),
		RunE: func(c *cobra.Command, paths []string) error {
			o.paths = paths
			return runAgent(c.Context(), o, a.client(), c.ErrOrStderr())
		},
	}
	c.Flags().StringSliceVar(&o.only, "only", nil, "names of actuators (default: all that can be enforced here)")
	c.Flags().StringVar(&o.publish, "publish", "", "address where services of this machine find the settings (default: nowhere)")
	c.Flags().StringVar(&o.quota, "quota", "", "name of the quota whose gate runs here")
	c.Flags().StringVar(&o.gate, "gate", "127.0.0.1:8080", "address where the gate of --quota listens")
	c.Flags().StringVar(&o.upstream, "upstream", "", "address of the service behind the gate")
	c.Flags().StringVar(&o.name, "name", "", "name of this gate among all gates (default: that of the machine)")
	c.Flags().StringVar(&o.stopFile, "stop-file", "", "while this file exists nothing is cancelled")
	return c
}

// An agent enforces settings that it pulls.
type agent struct {
	log      *slog.Logger
	client   client.Client
	set      *slo.Set // with the actuators that are enforced here, no others
	stopFile string
	web      *web.Server // publishes what was heard

	mu    sync.Mutex
	heard map[string]client.Setting // :: actuator
}

// runAgent wires what is enforced and runs it until ctx ends or a part fails.
func runAgent(ctx context.Context, o agentOptions, c client.Client, out io.Writer) error {
	log := slog.New(slog.NewTextHandler(out, nil))
	defs := &definitions{paths: o.paths, reader: slo.Reader{Importers: importers()}, out: out, log: log}
	set, err := defs.load(time.Now())
	if err != nil {
		return err
	}
	if set, err = o.pick(set); err != nil {
		return err
	}
	a := &agent{log: log, client: c, set: set, stopFile: o.stopFile, heard: map[string]client.Setting{}}
	a.web = web.New(web.Config{Set: func() *slo.Set { return set }, Report: a.report, Version: version})
	parts, err := a.parts(ctx, o)
	if err != nil {
		return err
	}
	log.Info("agent", "actuators", len(set.Actuators), "server", c.URL, "version", version)
	all, ctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		all.Go(func() error { return part(ctx) })
	}
	if err := all.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// pick leaves the actuators that are enforced here.
func (o agentOptions) pick(set *slo.Set) (*slo.Set, error) {
	out := *set
	out.Actuators = nil
	for _, a := range set.Actuators {
		if here := o.enforces(a); here && (len(o.only) == 0 || slices.Contains(o.only, a.Name)) {
			out.Actuators = append(out.Actuators, a)
		}
	}
	for _, name := range slices.Concat(o.only, []string{o.quota}) {
		if name != "" && !slices.ContainsFunc(out.Actuators, func(a slo.Actuator) bool { return a.Name == name }) {
			return nil, exit{usage, fmt.Sprintf("there is no actuator %s that can be enforced here", name)}
		}
	}
	if len(out.Actuators) == 0 {
		return nil, exit{usage, "nothing is to be enforced here: no postgresQueryTimeout with reaper: agent, no retry with --publish, no --quota"}
	}
	return &out, nil
}

func (o agentOptions) enforces(a slo.Actuator) bool {
	switch a.Kind {
	case slo.PGQueryTimeout:
		return a.Query.ByAgent
	case slo.Retry:
		return o.publish != ""
	case slo.TenantQuota:
		return a.Name == o.quota
	}
	return false
}

// parts are what runs side by side.
func (a *agent) parts(ctx context.Context, o agentOptions) (parts []func(context.Context) error, err error) {
	for _, declared := range a.set.Actuators {
		switch declared.Kind {
		case slo.PGQueryTimeout:
			err = errors.Join(err, a.reap(declared, &parts))
		case slo.TenantQuota:
			err = errors.Join(err, a.gate(ctx, declared, o, &parts))
		default:
			parts = append(parts, func(ctx context.Context) error { return a.client.Watch(ctx, declared.Name, a.hear) })
		}
	}
	if err == nil && o.publish != "" {
		err = a.publish(ctx, o.publish, &parts)
	}
	return parts, err
}

// hear takes in a setting.
func (a *agent) hear(s client.Setting) {
	a.mu.Lock()
	a.heard[s.Actuator] = s
	a.mu.Unlock()
	a.web.Ticked(a.report(), 0)
	a.log.Info("setting", "actuator", s.Actuator, "shown", s.Shown, "value", s.Value, "stale", s.Stale, "lapsed", s.Lapsed, "held", s.Held, "cause", s.Cause)
}

// last is the setting that was heard last.
func (a *agent) last(actuator string) (client.Setting, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.heard[actuator]
	return s, ok
}

// address checks the address of the service behind a gate.
func (o agentOptions) address() (*url.URL, error) {
	u, err := url.Parse(o.upstream)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, exit{usage, "--quota needs --upstream, the address of a service such as http://127.0.0.1:8081"}
	}
	return u, nil
}

// gateName is the gate's own name.
func (o agentOptions) gateName() (string, error) {
	host, err := os.Hostname()
	return cmp.Or(o.name, host), err
}

// listenOn opens an address for callers from anywhere.
func listenOn(ctx context.Context, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	return l, nil
}
