package web

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// The gate asks nobody: what it knows of releases that went, and of what they
// burned, it has from the last look back (LookBack) and from those that this
// server was told of since.

const (
	mostPast   = 1000            // releases of a service that are remembered
	judgeAgain = 5 * time.Minute // after so long it is looked anew what releases burned
	mostJudged = 20              // services of which that is done in one look
)

// A gone is the releases that went. The zero gone knows of none.
type gone struct {
	mu sync.Mutex
	at time.Time            // of the last look back
	of map[string]*releases // service →
}

// releases are those of one service.
type releases struct {
	all    []loop.Deploy          // the newest first
	whole  bool                   // all that are on record were read, as far as they are remembered
	judged time.Time              // when it was looked what they burned
	burns  map[string][]loop.Burn // objective →
}

// recall adds what is known of a service to what the gate looks at.
func (g *gone) recall(v *loop.GateView, service string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.of[service]
	if known == nil {
		return
	}
	if known.whole {
		v.PastAt = g.at
	}
	v.Past = known.all
	for _, st := range v.Report.States {
		if st.Service == service && len(known.burns[st.Objective]) > 0 {
			v.Risks = append(v.Risks, loop.RiskOf(st, known.burns[st.Objective]))
		}
	}
}

// add takes in releases, in any order.
func (g *gone) add(told ...loop.Deploy) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range told {
		known := g.service(d.Service)
		if slices.ContainsFunc(known.all, func(o loop.Deploy) bool { return o.ID == d.ID }) {
			continue
		}
		all := append(slices.Clone(known.all), d) // views keep the old list
		slices.SortStableFunc(all, func(a, b loop.Deploy) int { return b.At.Compare(a.At) })
		known.all, known.judged = all[:min(len(all), mostPast)], time.Time{}
	}
}

// service is what is known of a service. The caller holds the lock.
func (g *gone) service(name string) *releases {
	if g.of == nil {
		g.of = map[string]*releases{}
	}
	if g.of[name] == nil {
		g.of[name] = &releases{}
	}
	return g.of[name]
}

// LookBack brings what the gate knows of releases that went up to date: those
// that other servers were told of, and what they burned.
func (s *Server) LookBack(ctx context.Context, now time.Time) error {
	if s.cfg.Deploys == nil {
		return nil
	}
	l := s.look(now)
	newest, err := s.cfg.Deploys.Deploys(ctx, DeployFilter{Limit: mostPast})
	if err != nil {
		return err
	}
	s.gone.add(newest...)
	for _, service := range s.gone.unread(l.set) {
		all, err := s.cfg.Deploys.Deploys(ctx, DeployFilter{Service: service, Limit: mostPast})
		if err != nil {
			return err
		}
		s.gone.add(all...)
		s.gone.read(service)
	}
	s.gone.looked(now)
	for _, service := range s.gone.unjudged(now) {
		found, err := s.judgedDeploys(ctx, DeployFilter{Service: service, Limit: fewDeploys}, now)
		if err != nil {
			return err
		}
		s.gone.burned(service, burnsOf(found), now)
	}
	return nil
}

// unread are the services whose policies look at releases that went, and of
// which not all were read.
func (g *gone) unread(set *slo.Set) (out []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, policy := range set.Policies {
		if (policy.MinInterval > 0 || policy.Pace.Releases > 0) && !g.service(policy.Service).whole {
			out = append(out, policy.Service)
		}
	}
	return slices.Compact(out)
}

func (g *gone) read(service string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.service(service).whole = true
}

func (g *gone) looked(at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at = at
}

// unjudged are services of which it is to be looked what their releases
// burned, those first that wait longest.
func (g *gone) unjudged(now time.Time) (out []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for service, known := range g.of {
		if len(known.all) > 0 && now.Sub(known.judged) >= judgeAgain {
			out = append(out, service)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(g.of[a].judged.Compare(g.of[b].judged), cmp.Compare(a, b))
	})
	return out[:min(len(out), mostJudged)]
}

func (g *gone) burned(service string, burns map[string][]loop.Burn, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.service(service)
	known.burns, known.judged = burns, now
}

// burnsOf are what deploys burned, by objective.
func burnsOf(all []judgedDeploy) map[string][]loop.Burn {
	out := map[string][]loop.Burn{}
	for _, d := range all {
		for _, b := range d.burns {
			out[b.Objective] = append(out[b.Objective], b)
		}
	}
	return out
}
