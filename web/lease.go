package web

import (
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
		out.Epoch = l.report.Epoch
	}
	a, declared := l.actuator(v.Actuator)
	if !declared || a.Kind == slo.Freeze {
		return
	}
	out.Lease, out.Safe, out.Held = a.LeaseFor().Seconds(), a.SafeSetting(), l.held(a, v.Mode)
	if a.Kind == slo.Retry {
		out.Retry, out.SafeRetry = wireRetry(a, v.Value), wireRetry(a, a.SafeSetting())
	}
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
