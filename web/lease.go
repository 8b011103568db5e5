package web

import (
	"math"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// wireLease adds what those who enforce a setting by themselves go by.
func (s *Server) wireLease(out *client.Setting, l look, v loop.Setting) {
	out.Safe = v.Rest
	if l.report.Leader {
		out.Timeline, out.Epoch = l.report.Timeline, l.report.Epoch
	}
	a, declared := l.actuator(v.Actuator)
	if !declared || a.Kind == slo.Freeze {
		return
	}
	out.Lease, out.Safe, out.Held = a.LeaseFor().Seconds(), a.SafeSetting(), l.held(a, v.Mode)
	switch a.Kind {
	case slo.Retry:
		out.Retry, out.SafeRetry = wireRetry(a, v.Value), wireRetry(a, a.SafeSetting())
	case slo.TenantQuota:
		out.Quota = Quota(a.Quota)
	}
}

// Quota is a quota as gates are told of it.
func Quota(q slo.Quota) *client.Quota {
	tenant := func(t slo.Tenant) client.Tenant {
		return client.Tenant{Name: t.Name, Guarantee: t.Guarantee, Ceiling: t.Ceiling, Weight: t.Weight}
	}
	out := &client.Quota{Capacity: q.Capacity, Gates: q.Gates, Header: q.Header, Others: tenant(q.Others)}
	for _, t := range q.Tenants {
		out.Tenants = append(out.Tenants, tenant(t))
	}
	return out
}

func wireRetry(a slo.Actuator, setting float64) *client.Retry {
	r := a.Retries.At(setting)
	return &client.Retry{
		Level: r.Name, Attempts: r.Attempts, Budget: r.Budget.Float(), Base: r.Base.Seconds(), Cap: r.Cap.Seconds(),
		Spread: a.Retries.Herd.Spread().Seconds(), DropExpired: !r.KeepExpired,
	}
}

// held reports whether local enforcement must do nothing by a setting: a stop
// covers it, or its loop only observes and no person has set it.
func (l look) held(a slo.Actuator, mode slo.Mode) bool {
	pinned := false
	for _, o := range l.report.Orders {
		if o.Kind == loop.OrderStop && (o.Target == "*" || o.Target == a.Name || o.Target == a.Service && a.Service != "") {
			return true
		}
		pinned = pinned || o.Kind == loop.OrderPin && o.Target == a.Name
	}
	return mode != slo.Act && mode != slo.Ask && !pinned
}

// retry answers with the contract between a service and who calls it, in the
// way of setting.
func (s *Server) retry(w http.ResponseWriter, r *http.Request) {
	service, err := param(r, "service")
	if err != nil {
		s.problem(w, r, err)
		return
	}
	a, ok := s.look(time.Now()).set.RetriesFor(service, r.URL.Query().Get("caller"))
	if !ok {
		s.problem(w, r, refuse(http.StatusNotFound, "unknown-contract", "there is no retry contract for calls to "+service, "an Actuator of type retry declares one"))
		return
	}
	chi.RouteContext(r.Context()).URLParams.Add("actuator", a.Name)
	s.setting(w, r)
}

// lease gives a gate its part of a quota's capacity. Only the leader gives
// any, and only while its loop ticks and the ledger confirms that it leads:
// another one may have taken over.
func (s *Server) lease(w http.ResponseWriter, r *http.Request) {
	name, err := param(r, "actuator")
	var ask client.LeaseAsk
	if err == nil {
		err = readJSON(r, &ask)
	}
	if err == nil {
		_, err = named("gate", ask.Gate)
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	out, err := s.granted(s.look(time.Now()), name, ask)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusOK, out)
}

func (s *Server) granted(l look, name string, ask client.LeaseAsk) (client.Lease, error) {
	a, ok := l.actuator(name)
	switch {
	case !ok || a.Kind != slo.TenantQuota:
		return client.Lease{}, unknown("quota", name)
	case ask.Gate == "":
		return client.Lease{}, refuse(http.StatusUnprocessableEntity, "bad-lease", "the gate has no name", "one of its own among all gates")
	case !(ask.Has >= 0 && ask.Has <= a.Quota.Capacity && ask.Wants >= 0 && ask.Wants <= math.MaxInt32 && ask.Left >= 0 && ask.Left <= 3600):
		return client.Lease{}, refuse(http.StatusUnprocessableEntity, "bad-lease", "has and wants are numbers of calls at once, has at most the capacity, and a lease lasts an hour at most", "")
	case s.cfg.Lease == nil || !l.report.Leader || l.report.LedgerErr != nil || l.stale:
		return client.Lease{}, loop.ErrNotLeader
	}
	out, err := s.cfg.Lease(a, l.report.Epoch, ask, l.now)
	out.Timeline, out.Epoch = l.report.Timeline, l.report.Epoch
	return out, err
}
