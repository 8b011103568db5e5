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
	s.programRoutes(r)
	read(r, "/assets/{file}", s.asset)
	s.loginRoutes(r)
	s.pageRoutes(r.With(s.needs(ScopeRead)))
	r.With(s.needs(ScopeOverride)).Post("/actions/{kind}", s.action)
	r.With(s.needs(ScopeOverride)).Post("/reports/{report}/send", s.sendByForm)
	admin := r.With(s.needs(ScopeAdmin))
	read(admin, "/tokens", s.tokensPage)
	admin.Post("/tokens", s.makeTokenByForm)
	admin.Post("/tokens/revoke", s.revokeTokenByForm)
	return r
}

// pageRoutes are for people.
func (s *Server) pageRoutes(r chi.Router) {
	read(r, "/", s.overview)
	read(r, "/objectives/{name}", s.objectivePage)
	read(r, "/services/{service}", s.servicePage)
	read(r, "/capacity", s.capacityPage)
	read(r, "/health", s.healthPage)
	read(r, "/actuators/{actuator}", s.actuatorPage)
	read(r, "/reports", s.reportPage)
	read(r, "/badges/{kind}/{name}", s.badgeImage)
	read(r, "/cards/{kind}/{name}", s.cardPage)
	read(r, "/decisions", s.decisionsPage)
	read(r, "/decisions/{id}", s.decisionPage)
	read(r, "/control", s.controlPage)
	read(r, "/gate", s.gatePage)
	read(r, "/verdicts/{id}", s.verdictPage)
	r.Get("/events", s.events)
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
	address = strings.ToLower(path.Clean("/" + address))
	return address == "/v1" || strings.HasPrefix(address, "/v1/") || address == "/api" || strings.HasPrefix(address, "/api/") || address == "/readyz" || address == "/healthz" || address == "/metrics" || address == "/openapi.json"
}
