package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A Scope is something that a caller may do.
type Scope string

// The scopes. Admin is all of them, for all teams.
const (
	ScopeRead     Scope = "read"     // the pages, the API and the metrics
	ScopeGate     Scope = "gate"     // ask whether a release may go, and tell of releases
	ScopeOverride Scope = "override" // give orders about what belongs to the caller's teams
	ScopeAdmin    Scope = "admin"
)

// Scopes are all scopes, from the least on.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeGate, ScopeOverride, ScopeAdmin} }

// A Caller is who asks, and what they may do.
type Caller struct {
	Name   string
	Scopes []Scope
	Teams  []string // whose services they may command; * = all

	open bool // nobody is asked who they are
}

// ErrNobody is the refusal of a key that is none, has expired or was revoked.
// Every other error of Config.Caller counts as an unreachable ledger.
var ErrNobody = errors.New("the key is none that may be used")

// teamLabel is the label of a Service that says whose it is.
const teamLabel = "team"

// callerKey finds the caller in the context of a request.
type callerKey struct{}

// callerOf is who asks. Outside of a request it is somebody who may do
// nothing.
func callerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// may reports whether a caller has a scope.
func (c Caller) may(s Scope) bool {
	return c.open || slices.Contains(c.Scopes, s) || slices.Contains(c.Scopes, ScopeAdmin)
}

// commands reports whether a caller may command what belongs to a team.
func (c Caller) commands(team string) bool {
	return c.open || slices.Contains(c.Scopes, ScopeAdmin) || slices.Contains(c.Teams, "*") || team != "" && slices.Contains(c.Teams, team)
}

// needs lets those pass who may do what a scope allows.
func (s *Server) needs(scope Scope) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := s.caller(r, time.Now())
			if err == nil && !c.may(scope) {
				err = refuse(http.StatusForbidden, "forbidden", c.Name+" may not do this", "it needs the scope "+string(scope))
			}
			if err != nil {
				s.challenge(w, r, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
		})
	}
}

// caller finds out who asks, within the rate that one caller may ask at: by
// the certificate of the connection, or by a key.
func (s *Server) caller(r *http.Request, now time.Time) (Caller, error) {
	if s.cfg.Caller == nil {
		return Caller{open: true}, s.paced("address "+remote(r), now)
	}
	key := credentials(r)
	if c, ok := s.certified(r); ok && key == "" {
		return c, s.paced("caller "+c.Name, now)
	}
	c, err := s.known(r, key, now)
	if err != nil {
		return c, err
	}
	return c, s.paced("caller "+c.Name, now)
}

// certified is who the connection's certificate, which was verified, is of.
func (s *Server) certified(r *http.Request) (Caller, bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return Caller{}, false
	}
	name := r.TLS.VerifiedChains[0][0].Subject.CommonName
	g, ok := s.cfg.Certificates[name]
	return Caller{Name: name, Scopes: g.Scopes, Teams: g.Teams}, ok
}

// known is who shows a key.
func (s *Server) known(r *http.Request, key string, now time.Time) (Caller, error) {
	if key == "" {
		return Caller{}, s.missed(r, now, "there is no key in the request")
	}
	c, err := s.cfg.Caller(r.Context(), slo.Secret(key), now)
	switch {
	case errors.Is(err, ErrNobody):
		return Caller{}, s.missed(r, now, ErrNobody.Error())
	case err != nil:
		s.failed(err)
		return Caller{}, refuse(http.StatusServiceUnavailable, "unknown-key", "the key cannot be looked up just now, and is not known here", "try again; keys that were used here go on for a while without the ledger")
	}
	return c, nil
}

// missed refuses somebody who is not known, and slows them down.
func (s *Server) missed(r *http.Request, now time.Time, why string) error {
	if err := s.misses.take("address "+remote(r), missesRate, missesBurst, now); err != nil {
		return err
	}
	return refuse(http.StatusUnauthorized, "unauthenticated", why, "send it as Authorization: Bearer …, as the password of Authorization: Basic, or log in")
}

// challenge is a problem with what tells programs how to do better, and shows
// people where to log in.
func (s *Server) challenge(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
		if !machine(r.URL.Path) {
			s.unknownCaller(w, r, p)
			return
		}
	}
	s.problem(w, r, err)
}

// credentials is the key that a request shows, in one of the places that
// delivery tools can put it: a bearer token (Argo Rollouts, Kubernetes,
// Spinnaker, Azure, Jenkins), the password of basic authentication or the
// user without one (Flagger, from the address of a webhook), the header of
// datadog-ci, that of GitLab's webhooks; or the cookie of a browser.
func credentials(r *http.Request) string {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(rest)
	}
	if user, password, ok := r.BasicAuth(); ok {
		return cmp.Or(password, user)
	}
	if key := cmp.Or(r.Header.Get("DD-API-KEY"), r.Header.Get("X-Gitlab-Token")); key != "" {
		return key
	}
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		return cookie.Value
	}
	return ""
}

// permits says whether a caller may give an order: about what belongs to
// their teams, and about everything only with admin or all teams.
func (c Caller) permits(o loop.Order, set *slo.Set) error {
	if !c.may(ScopeOverride) {
		return refuse(http.StatusForbidden, "forbidden", c.Name+" may not give orders", "it needs the scope "+string(ScopeOverride))
	}
	team := teamOf(set, subject(o, set))
	if c.commands(team) {
		return nil
	}
	what := o.Target + " belongs to the team " + team
	switch {
	case o.Target == "*":
		what = "this is about the services of all teams"
	case team == "":
		what = "nobody says whose " + o.Target + " is"
	}
	return refuse(http.StatusForbidden, "not-your-team", c.Name+" may not order this: "+what, "teams are those of the token; a Service says whose it is by its label "+teamLabel)
}

// teamOf is the team that a service, or the service of an actuator, belongs
// to; empty when nothing says so.
func teamOf(set *slo.Set, target string) string {
	for _, a := range set.Actuators {
		if a.Name == target {
			target = a.Service
			break
		}
	}
	for _, s := range set.Services {
		if s.Name == target {
			return s.Labels[teamLabel]
		}
	}
	return ""
}

// signed puts the caller's name under an order: who is known cannot give
// orders by another name.
func (c Caller) signed(o client.Order) client.Order {
	if !c.open {
		o.By = c.Name
	}
	return o
}
