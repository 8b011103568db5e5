package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
)

//go:embed templates/*.html
var templates embed.FS

// refreshEvery is how often the browser reads a page without forms anew, in
// seconds, when its reader asks for it with ?refresh=1. Nobody is moved about
// in a page without having asked (WCAG 2.2.1).
const refreshEvery = 5

// A page is what every page shows around its body.
type page struct {
	Title   string
	Nav     string // the current entry of the navigation
	Refresh int    // seconds; 0 = not at all
	Still   bool   // it could be refreshed, and is not
	AsOf    time.Time
	Age     string // of the newest tick, in words
	Role    string // leader or follower, with the epoch
	Version string
	Who     string // who is logged in; "" = nobody is asked
	Admin   bool   // they administer tokens
	Banners []banner
	Seen    string // names what the page knows: see herald
	Style   string // addresses of the style sheets and scripts
	Plots   string
	Scripts string
	Icon    string
	Zone    string            // in which times are shown
	Zones   []string          // that can be chosen
	Keep    map[string]string // parameters of the address that choosing a zone keeps
	Body    any
}

// A banner says what everyone must know before reading on.
type banner struct {
	Style string // "bad", "warn" or "info"
	Title string
	Words string
	Link  string
	Label string // of Link
}

// pages are the parsed templates, each with the frame around it.
type pages map[string]*template.Template

func parsePages() pages {
	funcs := template.FuncMap{"clock": clock, "stamp": stamp, "plural": plural, "dict": dict}
	out := pages{}
	files, _ := fs.Glob(templates, "templates/*.html")
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name != "base" && name != "parts" {
			out[name] = template.Must(template.New(name).Funcs(funcs).ParseFS(templates, "templates/base.html", "templates/parts.html", file))
		}
	}
	return out
}

// dict makes a map of pairs, to hand several values to a part of a page.
func dict(pairs ...any) (map[string]any, error) {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("key %v is not a string", pairs[i])
		}
		out[key] = pairs[i+1]
	}
	return out, nil
}

// frame fills in what every page shows.
func (s *Server) page(l look, nav, title string, body any) page {
	p := page{Title: title, Nav: nav, Version: s.cfg.Version, Body: body, Banners: banners(l), Role: role(l), Seen: s.herald.newest(), Zone: l.now.Location().String(), Zones: offeredZones()}
	p.Style, p.Plots, p.Scripts, p.Icon = s.files.path("style.css"), s.files.path("app.css"), s.files.path("app.js"), s.files.path("icon.svg")
	if !slices.Contains(p.Zones, p.Zone) {
		p.Zones = append(p.Zones, p.Zone)
	}
	if b, bad := definitionsBanner(s.readDefinitions(), l.now); bad {
		p.Banners = append(p.Banners, b)
	}
	p.Banners = append(p.Banners, untold(s.deliveries(), l.now)...)
	if l.ticked() {
		p.AsOf, p.Age = l.report.At.In(l.now.Location()), about(l.age)+" ago"
	}
	return p
}

// refreshed has the browser read the page anew, if the reader asks for it.
// Only pages without forms can be.
func (p page) refreshed(r *http.Request) page {
	p.Still = r.URL.Query().Get("refresh") == ""
	if !p.Still {
		p.Refresh = refreshEvery
	}
	return p
}

func role(l look) string {
	switch {
	case !l.ticked():
		return "starting"
	case l.report.Leader:
		return fmt.Sprintf("leads, epoch %d", l.report.Epoch)
	}
	return "follows"
}

// banners say what is out of the ordinary, the gravest first.
func banners(l look) []banner {
	var out []banner
	for _, o := range l.report.Orders {
		if o.Kind == loop.OrderStop {
			out = append(out, stopBanner(o, l.now))
		}
	}
	if l.report.LedgerErr != nil {
		out = append(out, banner{Style: "bad", Title: "The ledger cannot be reached", Words: "What cannot be recorded is not done: every actuator stays as it is. Gates answer from memory, marked degraded."})
	}
	switch {
	case !l.ticked():
		out = append(out, banner{Style: "info", Title: "Starting", Words: "The first look at the budgets is not done yet."})
	case l.stale:
		out = append(out, banner{Style: "bad", Title: "Out of date", Words: fmt.Sprintf("The loop last looked %s ago. What follows was true then.", about(l.age))})
	case !l.report.Leader && l.report.LedgerErr == nil:
		out = append(out, banner{Style: "info", Title: "Another instance leads", Words: "This one watches and answers gates; it moves nothing."})
	}
	if n := len(l.report.Errs); n > 0 && l.report.LedgerErr == nil {
		out = append(out, banner{Style: "warn", Title: plural(n, "thing", "things") + " went wrong in the newest tick", Words: redact(l.report.Errs[0].Error())})
	}
	return append(out, aloneBanners(l)...)
}

func stopBanner(o loop.Order, now time.Time) banner {
	what := "Nothing moves any actuator"
	switch {
	case o.Revert:
		what = "Settings walk back to rest"
	case o.Target != "*":
		what = "Nothing moves " + o.Target
	}
	return banner{"bad", "Emergency stop", fmt.Sprintf("%s since %s: %s (%s).", what, clock(o.At, now), o.Why, o.By), "/control", "Resume"}
}

// render writes a page whole or not at all.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	who := callerOf(r.Context())
	p.Who, p.Admin = who.Name, who.Name != "" && who.may(ScopeAdmin)
	var body bytes.Buffer
	p.Keep = kept(r)
	if err := s.pages[name].ExecuteTemplate(&body, "base", p); err != nil {
		s.failed(fmt.Errorf("render %s: %w", name, err))
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// blank is a page that tells nothing but its body, for who is not known.
func (s *Server) blank(title string, body any) page {
	return page{Title: title, Style: s.files.path("style.css"), Icon: s.files.path("icon.svg"), Body: body}
}

func (s *Server) problemPage(w http.ResponseWriter, r *http.Request, p *client.Problem) {
	if s.cfg.Caller != nil && !callerOf(r.Context()).may(ScopeRead) { // who may not read is told no more than this
		s.render(w, r, p.Status, "problem", s.blank(p.Message, p))
		return
	}
	s.render(w, r, p.Status, "problem", s.page(s.look(here(r)), "", p.Message, p))
}

// kept are the parameters of a view's address apart from the zone: those that
// tell of an order just given are not.
func kept(r *http.Request) map[string]string {
	out := map[string]string{}
	values := r.URL.Query()
	if r.Method != http.MethodGet || values.Has("done") {
		return out
	}
	for name := range values {
		if name != "zone" {
			out[name] = values.Get(name)
		}
	}
	return out
}
