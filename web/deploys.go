package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
)

// A DeployBook keeps the deploys that tools told of. Its errors are those of
// a Reader.
type DeployBook interface {
	// AddDeploy records a deploy; of one ID the first stays, and is returned.
	AddDeploy(ctx context.Context, d loop.Deploy) (loop.Deploy, error)
	// Deploys lists deploys, the newest first.
	Deploys(ctx context.Context, f DeployFilter) ([]loop.Deploy, error)
}

// A DeployFilter chooses deploys. Empty fields choose all.
type DeployFilter struct {
	Service string
	To      time.Time // before then
	Limit   int       // most deploys
}

const (
	mostDeploys = 100                // in a list: each is judged by the slices around it
	fewDeploys  = 20                 // in a list unless asked for more, and those that a risk is learned from
	oldestTold  = 7 * 24 * time.Hour // a deploy may be told of so much later
)

// deployed takes in a deploy that a tool tells of.
func (s *Server) deployed(w http.ResponseWriter, r *http.Request) {
	var told client.Deploy
	err := readFields(r, &told)
	var d loop.Deploy
	if err == nil {
		d, err = s.deploy(r.Context(), told, time.Now())
	}
	if err == nil {
		d, err = s.addDeploy(r.Context(), d)
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusCreated, wireDeploy(d))
}

// deploy checks what a tool tells.
func (s *Server) deploy(ctx context.Context, told client.Deploy, now time.Time) (loop.Deploy, error) {
	d := loop.Deploy{ID: told.ID, Service: told.Service, Release: told.Release, Environment: told.Environment, Change: told.Change, Region: told.Region, At: told.At, By: told.By, Tool: told.Tool, Link: told.Link}
	if c := callerOf(ctx); !c.open {
		d.By = c.Name
	}
	if d.ID == "" {
		d.ID = rand.Text()
	}
	if d.Tool == "" {
		d.Tool = "api"
	}
	if d.At.IsZero() {
		d.At = now
	}
	for what, text := range map[string]string{"id": d.ID, "service": d.Service, "release": d.Release, "environment": d.Environment, "change": d.Change, "region": d.Region, "by": d.By, "tool": d.Tool, "link": d.Link} {
		if _, err := named(what, text); err != nil {
			return d, err
		}
		if unfilled(text) {
			return d, refuse(http.StatusBadRequest, "unfilled", what+" is a placeholder that was not filled in: "+text, "")
		}
	}
	switch {
	case d.Service == "" || d.Release == "":
		return d, refuse(http.StatusUnprocessableEntity, "bad-deploy", "a deploy names its service and its release", "")
	case d.At.After(now.Add(time.Minute)) || now.Sub(d.At) > oldestTold:
		return d, refuse(http.StatusUnprocessableEntity, "bad-deploy", "at is not within the last 7 days", "")
	case len(d.ID) > 200:
		return d, refuse(http.StatusUnprocessableEntity, "bad-deploy", "id is longer than 200 bytes", "")
	case d.Link != "" && !strings.HasPrefix(d.Link, "https://") && !strings.HasPrefix(d.Link, "http://"):
		return d, refuse(http.StatusUnprocessableEntity, "bad-deploy", "link is no address of a page", "it begins with https://")
	}
	return d, s.knownService(d.Service, now)
}

// knownService refuses a service that nothing is declared about: it is
// likely misspelt.
func (s *Server) knownService(service string, now time.Time) error {
	for _, name := range serviceNames(s.look(now).set) {
		if name == service {
			return nil
		}
	}
	return refuse(http.StatusNotFound, "unknown-service", "nothing is declared about the service "+service, "/v1/objectives names the services")
}

func (s *Server) addDeploy(ctx context.Context, d loop.Deploy) (loop.Deploy, error) {
	if s.cfg.Deploys == nil {
		return d, errNoLedger
	}
	kept, err := patient(ctx, s, func(ctx context.Context) (loop.Deploy, error) { return s.cfg.Deploys.AddDeploy(ctx, d) })
	if err == nil {
		s.gone.add(kept)
	}
	return kept, err
}

// tellDeploy records a deploy that a tool tells of as an aside: it is not kept
// waiting by a ledger that is out of reach, and learns nothing of it. Told
// several times in a day it is one.
func (s *Server) tellDeploy(ctx context.Context, d client.Deploy, now time.Time) {
	sum := sha256.Sum256([]byte(strings.Join([]string{d.Tool, d.Service, d.Environment, d.Release, now.UTC().Format(time.DateOnly)}, "\n")))
	d.ID = d.Tool + "-" + hex.EncodeToString(sum[:12])
	told, err := s.deploy(ctx, d, now)
	if err == nil {
		_, err = s.addDeploy(ctx, told)
	}
	if err != nil && s.cfg.Deploys != nil {
		s.failed(fmt.Errorf("keep a deploy that %s told of: %w", d.Tool, err))
	}
}

// deploys lists deploys with what they burned.
func (s *Server) deploys(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, askDeploys, func(r *http.Request, f DeployFilter) (map[string][]client.Deploy, error) {
		found, err := s.judgedDeploys(r.Context(), f, time.Now())
		out := []client.Deploy{}
		for _, d := range found {
			wire := wireDeploy(d.Deploy)
			for _, b := range d.burns {
				wire.Burned = append(wire.Burned, wireBurn(d.Deploy, b))
			}
			out = append(out, wire)
		}
		return map[string][]client.Deploy{"deploys": out}, err
	})
}

func askDeploys(r *http.Request) (f DeployFilter, err error) {
	values := r.URL.Query()
	if f.Service, err = named("service", values.Get("service")); err != nil {
		return f, err
	}
	if f.To, err = askTime(values, "to", time.UTC); err != nil {
		return f, err
	}
	limit, err := askNumber(values, "limit", fewDeploys, mostDeploys)
	f.Limit = int(limit)
	return f, err
}

// risk says what a release of a service usually burns, for each objective.
func (s *Server) risk(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, pathed("service"), func(r *http.Request, service string) (map[string][]client.Risk, error) {
		now := time.Now()
		if err := s.knownService(service, now); err != nil {
			return nil, err
		}
		found, err := s.judgedDeploys(r.Context(), DeployFilter{Service: service, Limit: fewDeploys}, now)
		out, burns := []client.Risk{}, burnsOf(found)
		for _, st := range s.look(now).statesOf(service) {
			out = append(out, wireRisk(loop.RiskOf(st, burns[st.Objective])))
		}
		return map[string][]client.Risk{"risks": out}, err
	})
}

// A judgedDeploy is a deploy with what it burned of each objective.
type judgedDeploy struct {
	loop.Deploy
	burns []loop.Burn
}

// judgedDeploys reads deploys, and the slices around each.
func (s *Server) judgedDeploys(ctx context.Context, f DeployFilter, now time.Time) ([]judgedDeploy, error) {
	if s.cfg.Deploys == nil {
		return nil, errNoLedger
	}
	found, err := patient(ctx, s, func(ctx context.Context) ([]loop.Deploy, error) { return s.cfg.Deploys.Deploys(ctx, f) })
	if err != nil {
		return nil, err
	}
	l := s.look(now)
	var out []judgedDeploy
	var asks []loop.Stretch
	for i, d := range found {
		out = append(out, judgedDeploy{Deploy: d})
		for _, st := range l.statesOf(d.Service) {
			asks = append(asks, loop.Stretch{Objective: st.Objective, From: d.At.Add(-loop.DeployEffect), To: until(found[:i], d)})
		}
	}
	if s.cfg.Slices == nil || len(asks) == 0 {
		return out, nil
	}
	around, err := patient(ctx, s, func(ctx context.Context) ([][]sli.Slice, error) { return s.cfg.Slices(ctx, asks...) })
	if err != nil {
		return nil, err
	}
	for i, next := 0, 0; i < len(out); i++ {
		for _, st := range l.statesOf(out[i].Service) {
			out[i].burns = append(out[i].burns, loop.BurnOf(st, around[next], out[i].At, asks[next].To, now))
			next++
		}
	}
	return out, nil
}

// until is when the time that is put down to a deploy ends: with the next one
// of its service and environment, of those that came later.
func until(later []loop.Deploy, d loop.Deploy) time.Time {
	end := d.At.Add(loop.DeployEffect)
	for _, n := range later {
		if n.Service == d.Service && n.Environment == d.Environment && n.Region == d.Region && n.At.After(d.At) && n.At.Before(end) {
			end = n.At
		}
	}
	return end
}

// statesOf are the states of the objectives of a service, groups left out.
func (l look) statesOf(service string) (out []budget.State) {
	for _, o := range l.set.Objectives {
		if st, ok := l.state(o.Name); ok && o.Service == service && o.Of == "" {
			out = append(out, st)
		}
	}
	return out
}

func wireDeploy(d loop.Deploy) client.Deploy {
	return client.Deploy{ID: d.ID, Service: d.Service, Release: d.Release, Environment: d.Environment, Change: d.Change, Region: d.Region, At: d.At, By: d.By, Tool: d.Tool, Link: d.Link}
}

func wireBurn(d loop.Deploy, b loop.Burn) client.DeployBurn {
	words := fmt.Sprintf("what %s burned of the budget of %s was not seen", d.Release, b.Objective)
	if b.Known {
		words = fmt.Sprintf("%s burned %s of the budget of %s (%s)", d.Release, about(b.Time), b.Objective, percent(b.Share))
	}
	if !b.Complete {
		words += " so far"
	}
	return client.DeployBurn{Objective: b.Objective, Share: finite(b.Share), Seconds: b.Time.Seconds(), Known: b.Known, Complete: b.Complete, Words: words}
}

func wireRisk(r loop.Risk) client.Risk {
	out := client.Risk{Objective: r.Objective, Deploys: r.Deploys, Usual: finite(r.Usual), Worst: finite(r.Worst), Remaining: finite(r.Remaining), Known: r.Known, Exceeds: r.Exceeds()}
	switch {
	case !r.Known:
		out.Words = fmt.Sprintf("too few deploys were seen to say what one burns of the budget of %s", r.Objective)
	case r.Exceeds():
		out.Words = fmt.Sprintf("a release usually burns %s of the budget of %s, and %s is left", percent(r.Usual), r.Objective, percent(r.Remaining))
	default:
		out.Words = fmt.Sprintf("a release usually burns %s of the budget of %s, at worst %s; %s is left", percent(r.Usual), r.Objective, percent(r.Worst), percent(r.Remaining))
	}
	return out
}
