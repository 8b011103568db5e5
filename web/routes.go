package web

import (
	"cmp"
	"net/http"
	"path"
	"strings"

	"github.com/go-chi/chi/v5"
)

// Handler answers every route. A path with a slash at its end is the path
// without it; nothing is redirected.
func (s *Server) Handler() http.Handler { return s.routes() }

func (s *Server) routes() *chi.Mux {
	r := chi.NewRouter()
	r.Use(secured, s.unpanicked, s.sameOrigin, keepZone, unslashed)
	r.NotFound(s.notFound)
	r.MethodNotAllowed(s.wrongMethod)
	s.openRoutes(r)
	s.pageRoutes(r.With(s.needs(ScopeRead)))
	s.apiRoutes(r.With(s.needs(ScopeRead)))
	s.nativeRoutes(r.With(s.needs(ScopeGate)))
	s.orderRoutes(r.With(s.needs(ScopeOverride)))
	return r
}

// openRoutes are for everybody: they tell nothing of the services.
func (s *Server) openRoutes(r chi.Router) {
	read(r, "/assets/{file}", s.asset)
	read(r, "/healthz", s.healthz)
	read(r, "/readyz", s.readyz)
}

func (s *Server) pageRoutes(r chi.Router) {
	read(r, "/", s.overview)
	read(r, "/objectives/{name}", s.objectivePage)
	read(r, "/decisions", s.decisionsPage)
	read(r, "/decisions/{id}", s.decisionPage)
	read(r, "/control", s.controlPage)
	read(r, "/gate", s.gatePage)
	read(r, "/verdicts/{id}", s.verdictPage)
	r.Get("/events", s.events)
}

// orderRoutes are where people command.
func (s *Server) orderRoutes(r chi.Router) {
	r.Post("/actions/{kind}", s.action)
	r.Post("/v1/orders", s.giveOrder)
}

func (s *Server) apiRoutes(r chi.Router) {
	r.Get("/v1/status", s.status)
	r.Get("/v1/definitions", s.definitions)
	r.Get("/v1/objectives", s.objectives)
	r.Get("/v1/objectives/{name}", s.objective)
	r.Get("/v1/objectives/{name}/versions", s.versions)
	r.Get("/v1/settings", s.settings)
	r.Get("/v1/settings/{actuator}", s.setting)
	r.Get("/v1/retry/{service}", s.retry)
	r.Get("/v1/decisions", s.decisions)
	r.Get("/v1/decisions/{id}", s.decision)
	r.Get("/v1/verdicts", s.verdicts)
	r.Get("/v1/verdicts/{id}", s.verdict)
	r.Get("/v1/orders", s.orders)
	read(r, "/metrics", s.metrics)
}

// nativeRoutes are the gate, in its own words and in those of delivery tools.
func (s *Server) nativeRoutes(r chi.Router) {
	r.Get("/v1/gate/{service}", s.gate)
	r.Post("/v1/gate/flagger/{hook}", s.flagger)
	r.Get("/v1/gate/argo/{service}", s.argo)
	r.Post("/v1/gate/argo/{service}", s.argo)
	r.Post("/v1/gate/tekton", s.tekton)
	r.Post("/v1/gate/kubernetes", s.kubernetes)
	r.Post("/api/v2/deployments/gates/evaluation", s.datadogStart)
	r.Get("/api/v2/deployments/gates/evaluation/{id}", s.datadogPoll)
}

// read serves GET and HEAD. The gate is not read like this: a HEAD without
// a body must not be taken for a yes.
func read(r chi.Router, pattern string, h http.HandlerFunc) {
	r.Get(pattern, h)
	r.Head(pattern, h)
}

// unslashed routes a path with a slash at its end like the path without it.
// It keeps an escaped slash in a name what it is, unlike chi's middleware.
func unslashed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route := cmp.Or(r.URL.RawPath, r.URL.Path)
		if short, had := strings.CutSuffix(route, "/"); had && short != "" {
			chi.RouteContext(r.Context()).RoutePath = short
		}
		next.ServeHTTP(w, r)
	})
}

// machine reports whether a path is for programs, which get JSON whatever
// goes wrong.
func machine(address string) bool {
	address = path.Clean("/" + address)
	return address == "/v1" || strings.HasPrefix(address, "/v1/") || address == "/api" || strings.HasPrefix(address, "/api/") || address == "/readyz" || address == "/healthz" || address == "/metrics"
}
