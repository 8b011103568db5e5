package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/client/quota"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// reap adds the reaper of a query timeout. It goes by what is in force at the
// database; that the server stands by it is what its lease rests on.
func (a *agent) reap(declared slo.Actuator, parts *[]func(context.Context) error) error {
	act, reaper, err := actuators.New(declared, actuators.Deps{Held: a.held(declared.Name), OnCancel: a.cancelled})
	if err != nil {
		return err
	}
	*parts = append(*parts, func(ctx context.Context) error {
		defer reaper.Close()
		all, ctx := errgroup.WithContext(ctx)
		all.Go(func() error { return reaper.Run(ctx) })
		all.Go(func() error { return a.confirm(ctx, declared, act) })
		all.Go(func() error { return a.client.Watch(ctx, declared.Name, a.hear) })
		return all.Wait()
	})
	return nil
}

// confirm reads the setting back from the database, which confirms it to the
// reaper, for as long as the server stands by it.
func (a *agent) confirm(ctx context.Context, declared slo.Actuator, act loop.Actuator) error {
	every := time.NewTicker(min(declared.LeaseFor()/3, 5*time.Second))
	defer every.Stop()
	for {
		if s, ok := a.last(declared.Name); ok && !s.Stale {
			if _, err := act.Read(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("setting not confirmed", "actuator", declared.Name, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// held says that nothing may be cancelled: nothing was heard yet, the server
// said so, or a person has put the stop file there.
func (a *agent) held(actuator string) func() bool {
	return func() bool {
		if a.stopFile != "" {
			if _, err := os.Stat(a.stopFile); err == nil || !os.IsNotExist(err) {
				return true
			}
		}
		s, ok := a.last(actuator)
		return !ok || s.Held
	}
}

func (a *agent) cancelled(c actuators.Cancel) {
	a.log.Info("statement cancelled", "actuator", c.Actuator, "role", c.Role, "pid", c.Statement.PID, "running", c.Running, "floor", c.Floor)
}

// gate adds a reverse proxy that admits calls by tenant.
func (a *agent) gate(ctx context.Context, declared slo.Actuator, o agentOptions, parts *[]func(context.Context) error) error {
	upstream, err := o.address()
	if err != nil {
		return err
	}
	name, err := o.gateName()
	if err != nil {
		return fmt.Errorf("name the gate: %w", err)
	}
	l, err := listenOn(ctx, o.gate)
	if err != nil {
		return err
	}
	g := quota.NewGate(*web.Quota(declared.Quota), declared.SafeSetting(), declared.Rest)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(upstream)
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}}
	server := &http.Server{Handler: g.Handler(proxy), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}
	*parts = append(*parts, func(ctx context.Context) error { return serveUntil(ctx, server, l) },
		func(ctx context.Context) error { return g.Run(ctx, a.client, declared.Name, name, a.hear) })
	a.log.Info("gate", "url", web.Address(l), "quota", declared.Name, "name", name)
	return nil
}

// publish adds the settings as they were heard, for services of this machine,
// at the addresses that the server has them at.
func (a *agent) publish(ctx context.Context, address string, parts *[]func(context.Context) error) error {
	l, err := web.Listen(ctx, address, false)
	if err != nil {
		return err
	}
	only := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range []string{"/v1/settings", "/v1/retry/", "/healthz"} {
			if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, path) {
				a.web.Handler().ServeHTTP(w, r)
				return
			}
		}
		http.NotFound(w, r)
	})
	*parts = append(*parts, func(ctx context.Context) error { return web.Serve(ctx, l, only) })
	a.log.Info("settings published", "url", web.Address(l))
	return nil
}

// report is what was heard, as a loop would have seen it. What the server is
// not sure of is unread here too, so that the leases of those who ask this
// agent end as well.
func (a *agent) report() loop.Report {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := loop.Report{At: time.Now(), Set: a.set, Leader: true}
	for _, declared := range a.set.Actuators {
		s := loop.Setting{Actuator: declared.Name, Service: declared.Service, Kind: string(declared.Kind), Mode: slo.Act, Value: declared.SafeSetting(), Rest: declared.Rest, Tight: declared.Tight, Unit: declared.Unit, Error: "the server was not heard yet"}
		if heard, ok := a.heard[declared.Name]; ok {
			s.Value, s.At, s.Error = heard.Value, heard.At, ""
			if heard.Stale {
				s.Error = "the server is away or not sure: " + heard.Cause
			}
			if heard.Held {
				s.Mode = slo.Observe
			}
			if t := (loop.Term{Timeline: heard.Timeline, Epoch: heard.Epoch}); t.Compare(r.Term) > 0 {
				r.Term = t
			}
		}
		s.Shown = declared.Show(s.Value)
		r.Settings = append(r.Settings, s)
	}
	return r
}

// serveUntil serves until ctx ends, and then lets calls under way finish for a
// while.
func serveUntil(ctx context.Context, server *http.Server, l net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := server.Shutdown(last)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	<-ended
	return err
}
