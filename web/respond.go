package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/go-chi/chi/v5"
)

// maxBody bounds what a request may carry, in bytes.
const maxBody = 64 << 10

// serveJSON is every JSON handler: parse the question, answer it, write the
// answer or the problem.
func serveJSON[Q, A any](s *Server, w http.ResponseWriter, r *http.Request, parse func(*http.Request) (Q, error), answer func(*http.Request, Q) (A, error)) {
	q, err := parse(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	a, err := answer(r, q)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusOK, a)
}

// nothing parses a request that asks no more than its path does.
func nothing(*http.Request) (struct{}, error) { return struct{}{}, nil }

// writeJSON writes v whole or not at all.
func (s *Server) writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(v); err != nil {
		s.problem(w, r, fmt.Errorf("encode answer: %w", err))
		return
	}
	writeBody(w, status, body.Bytes())
}

// writeBody writes JSON that is encoded already.
func writeBody(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller who went away is told nothing
}

// problem tells what went wrong: as JSON to programs, as a page to people.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status == http.StatusInternalServerError {
		s.failed(fmt.Errorf("answer %s %q: %w", r.Method, r.URL.Path, err))
	}
	if early := (*slowDown)(nil); errors.As(err, &early) {
		w.Header().Set("Retry-After", early.after())
	}
	if machine(r.URL.Path) {
		s.writeJSON(w, r, p.Status, inWords(r.URL.Path, p))
		return
	}
	s.problemPage(w, r, p)
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, refuse(http.StatusNotFound, "no-such-path", "there is nothing at this address", "the overview is at /, the gate at /v1/gate/{service}"))
}

// wrongMethod refuses a method, and says which are taken.
func (s *Server) wrongMethod(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	routes, at := chi.RouteContext(r.Context()).Routes, strings.TrimSuffix(cmp.Or(r.URL.RawPath, r.URL.Path), "/")
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if routes.Match(chi.NewRouteContext(), method, cmp.Or(at, "/")) {
			allowed = append(allowed, method)
		}
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	s.problem(w, r, refuse(http.StatusMethodNotAllowed, "wrong-method", r.Method+" is not understood here", "it takes "+strings.Join(allowed, ", ")))
}

// unpanicked turns a panic into an internal error, so that a caller of the
// gate gets JSON even then.
func (s *Server) unpanicked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == http.ErrAbortHandler {
				panic(p)
			}
			if p != nil {
				s.failed(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
				s.problem(w, r, errors.New("panic"))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses orders that another site's page sends in a person's
// browser, also when that site gave its own name our address (rebinding).
// Where nobody is asked who they are, such a page may not read either.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, refuse(http.StatusForbidden, "cross-origin", "the request comes from another site", "give orders from this server's own page, the CLI, or a program"))
	}))
	guarded := guard.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		if (!reads || s.cfg.Caller == nil) && byBrowser(r) && !s.ownHost(r.Host) {
			s.problem(w, r, refuse(http.StatusForbidden, "unknown-host", "this server is not known by this name", "use 127.0.0.1 or localhost, or tell 'setpoint serve' by --url how it is called"))
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// byBrowser reports whether a request has what browsers send and programs
// mostly do not. They leave out Origin when they read from their own site, and
// what begins with Sec-Fetch where nothing is encrypted. Node's fetch takes any
// language, and PowerShell calls itself Mozilla: delivery tools are made of both.
func byBrowser(r *http.Request) bool {
	h := r.Header
	if h.Get("Origin") != "" || h.Get("Sec-Fetch-Site") != "" {
		return true
	}
	language, agent := h.Get("Accept-Language"), h.Get("User-Agent")
	return language != "" && language != "*" || strings.HasPrefix(agent, "Mozilla/") && !strings.Contains(agent, "PowerShell/")
}

// ownHost reports whether a Host header names this server: this machine, or
// the host of Config.URL.
func (s *Server) ownHost(host string) bool {
	if own, err := url.Parse(s.cfg.URL); err == nil && own.Host != "" && own.Host == host {
		return true
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// redact hides what may be a password in the text of an error: the user part
// of addresses and the value after "password=".
func redact(text string) string {
	text = redactAfter(text, "://", "@", "/ \t\n\"'")
	return redactAfter(text, "password=", "", " \t\n&\"'")
}

// redactAfter replaces what stands between each lead and the next end by an
// ellipsis. A stop character ends the search; without an end it is the end.
func redactAfter(text, lead, end, stops string) string {
	if !strings.Contains(text, lead) { // mostly
		return text
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, lead)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		out.WriteString(lead)
		stop := strings.IndexAny(rest, stops)
		if stop < 0 {
			stop = len(rest)
		}
		secret := rest[:stop]
		if end != "" {
			secret = rest[:max(strings.LastIndex(rest[:stop], end), 0)]
		}
		if secret != "" {
			out.WriteString("…")
		}
		text = rest[len(secret):]
	}
}
