package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// Handler answers every route. A path with a slash at its end is the path
// without it; nothing is redirected.
func (s *Server) Handler() http.Handler { return s.routes() }

func (s *Server) routes() *chi.Mux {
	r := chi.NewRouter()
	r.Use(secured, s.unpanicked, s.sameOrigin, middleware.StripSlashes)
	r.NotFound(s.notFound)
	r.MethodNotAllowed(s.wrongMethod)
	s.pageRoutes(r)
	s.apiRoutes(r)
	return r
}

func (s *Server) pageRoutes(r chi.Router) {
	read(r, "/", s.overview)
	read(r, "/objectives/{name}", s.objectivePage)
	read(r, "/decisions", s.decisionsPage)
	read(r, "/decisions/{id}", s.decisionPage)
	read(r, "/control", s.controlPage)
	read(r, "/gate", s.gatePage)
	read(r, "/assets/{file}", asset)
	r.Post("/actions/{kind}", s.action)
}

func (s *Server) apiRoutes(r chi.Router) {
	r.Get("/v1/gate/{service}", s.gate)
	r.Get("/v1/status", s.status)
	r.Get("/v1/objectives", s.objectives)
	r.Get("/v1/objectives/{name}", s.objective)
	r.Get("/v1/settings", s.settings)
	r.Get("/v1/settings/{actuator}", s.setting)
	r.Get("/v1/decisions", s.decisions)
	r.Get("/v1/decisions/{id}", s.decision)
	r.Get("/v1/orders", s.orders)
	r.Post("/v1/orders", s.giveOrder)
	read(r, "/healthz", s.healthz)
	read(r, "/readyz", s.readyz)
	read(r, "/metrics", s.metrics)
}

// read serves GET and HEAD. The gate is not read like this: a HEAD without
// a body must not be taken for a yes.
func read(r chi.Router, path string, h http.HandlerFunc) {
	r.Get(path, h)
	r.Head(path, h)
}

// machine reports whether a path is for programs, which get JSON whatever
// goes wrong.
func machine(path string) bool {
	return path == "/v1" || strings.HasPrefix(path, "/v1/") || path == "/readyz" || path == "/healthz" || path == "/metrics"
}
