package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
)

// Sessions are how people stay known after they have logged in: a session is
// a key like any other, which the browser keeps in a cookie.
type Sessions struct {
	Begin    func(context.Context, Caller, time.Time) (key slo.Secret, until time.Time, err error) // makes a key for who has logged in; nil = people log in with tokens only
	End      func(context.Context, slo.Secret) error                                               // ends it, when Begin made it; nil = only the cookie goes
	Provider *Provider                                                                             // nil = people log in with tokens only
}

const (
	sessionCookie = "setpoint"       // holds a key
	journeyCookie = "setpoint_login" // holds a login under way
	journeyTime   = 10 * time.Minute
)

// loginRoutes are for those who are not known yet.
func (s *Server) loginRoutes(r chi.Router) {
	if s.cfg.Caller == nil {
		return
	}
	r.Get("/login", s.loginPage)
	r.Post("/login", s.loginByToken)
	journeys := r.With(s.unhurried)
	journeys.Get("/login/oidc", s.loginBegins)
	journeys.Get("/login/callback", s.loginEnds)
	r.Post("/logout", s.logout)
}

// unhurried bounds how often an address that is not known may have the
// identity provider asked.
func (s *Server) unhurried(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.misses.take("login "+remote(r), missesRate, missesBurst, time.Now()); err != nil {
			s.problem(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// A loginView is the page by which people say who they are.
type loginView struct {
	Wrong    string // why the last try failed
	Provider string // where else they can; "" = nowhere
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	s.askLogin(w, r, http.StatusOK, "")
}

func (s *Server) askLogin(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	v := loginView{Wrong: wrong}
	if p := s.cfg.Sessions.Provider; p != nil {
		v.Provider = p.Issuer
		if u, err := url.Parse(p.Issuer); err == nil && u.Host != "" {
			v.Provider = u.Host
		}
	}
	s.render(w, r, status, "login", s.blank("Log in", v))
}

// loginByToken keeps a token in the browser, when it is one.
func (s *Server) loginByToken(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimSpace(r.PostFormValue("token"))
	if _, err := s.known(r, key, time.Now()); err != nil {
		p := problemOf(err)
		s.askLogin(w, r, p.Status, p.Message)
		return
	}
	s.keep(w, r, sessionCookie, "/", key, 0)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// loginBegins sends the browser to the identity provider.
func (s *Server) loginBegins(w http.ResponseWriter, r *http.Request) {
	p := s.cfg.Sessions.Provider
	if p == nil {
		s.notFound(w, r)
		return
	}
	j := newJourney()
	to, err := p.begin(s.back(), j)
	if err != nil {
		s.failed(err)
		s.askLogin(w, r, http.StatusServiceUnavailable, "the identity provider cannot be reached")
		return
	}
	s.keep(w, r, journeyCookie, "/login", j.text(), journeyTime)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// back is where the identity provider sends the browser.
func (s *Server) back() string { return strings.TrimSuffix(s.cfg.URL, "/") + "/login/callback" }

// loginEnds takes in who comes back from the identity provider.
func (s *Server) loginEnds(w http.ResponseWriter, r *http.Request) {
	p := s.cfg.Sessions.Provider
	if p == nil || s.cfg.Sessions.Begin == nil {
		s.notFound(w, r)
		return
	}
	s.keep(w, r, journeyCookie, "/login", "", -1)
	cookie, err := r.Cookie(journeyCookie)
	j, ok := journey{}, false
	if err == nil {
		j, ok = readJourney(cookie.Value)
	}
	values := r.URL.Query()
	if !ok || values.Get("code") == "" {
		s.askLogin(w, r, http.StatusForbidden, "the identity provider did not let you in, or it took too long; log in again")
		return
	}
	c, err := p.finish(r.Context(), s.back(), values, j)
	switch {
	case err != nil:
		s.failed(err)
		s.askLogin(w, r, http.StatusForbidden, "the login could not be verified; log in again")
	case len(c.Scopes) == 0:
		s.askLogin(w, r, http.StatusForbidden, c.Name+" is in no group that may do anything here")
	default:
		s.welcome(w, r, c)
	}
}

// welcome begins the session of somebody who has logged in.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, c Caller) {
	now := time.Now()
	key, until, err := s.cfg.Sessions.Begin(r.Context(), c, now)
	if err != nil {
		s.failed(err)
		s.askLogin(w, r, http.StatusServiceUnavailable, "the session cannot be recorded just now; try again, or log in with a token")
		return
	}
	s.keep(w, r, sessionCookie, "/", key.Reveal(), until.Sub(now))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// logout ends the session of a browser.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie(sessionCookie)
	if err == nil && s.cfg.Sessions.End != nil {
		if err := s.cfg.Sessions.End(r.Context(), slo.Secret(cookie.Value)); err != nil && !errors.Is(err, ErrNobody) {
			s.failed(err)
			s.problem(w, r, refuse(http.StatusServiceUnavailable, "ledger-down", "the session cannot be ended just now", "try again, or close the browser"))
			return
		}
	}
	s.keep(w, r, sessionCookie, "/", "", -1)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// keep has the browser keep a text for a while, out of reach of scripts and
// of other sites: 0 = until it is closed, below 0 = not any more.
func (s *Server) keep(w http.ResponseWriter, r *http.Request, name, path, text string, lasts time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: text, Path: path, MaxAge: int(lasts.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || strings.HasPrefix(s.cfg.URL, "https://"),
	})
}

// unknownCaller is what people get who are not known: the way to log in.
func (s *Server) unknownCaller(w http.ResponseWriter, r *http.Request, p *client.Problem) {
	wrong := ""
	if credentials(r) != "" {
		wrong = p.Message
	}
	s.askLogin(w, r, p.Status, wrong)
}
