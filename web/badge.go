package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"unicode/utf8"

	"setpoint.dev/setpoint/loop"
)

// A sign is what a badge and a card say of an objective or a service.
type sign struct {
	Name, Link string
	Status     badge
	Said       string // in one or two words
	Words      string
	Objective  *objectiveRow
	Gate       *gateCard
	Age        string
	Style      string // address of the style sheet
}

// signOf is about an objective or a service.
func (s *Server) signOf(r *http.Request) (sign, error) {
	name, err := param(r, "name")
	if err != nil {
		return sign{}, err
	}
	kind, err := param(r, "kind")
	if err != nil {
		return sign{}, err
	}
	l := s.look(here(r))
	v := sign{Name: name, Link: s.link(kind, name), Age: "as of " + clock(l.report.At, l.now) + " " + l.now.Location().String(), Style: s.files.path("style.css")}
	switch o, ok := l.objective(name); {
	case kind == "objectives" && ok:
		row := s.objectiveRow(l, o)
		v.Objective, v.Status, v.Said, v.Words = &row, row.Status, row.Status.Word, row.Words
		if row.Seen {
			v.Said = row.Left + " left"
		}
	case kind == "services" && l.knows(name):
		card := s.gateCard(l, loop.GateQuestion{Service: name})
		v.Gate, v.Status, v.Said, v.Words = &card, card.Verdict, "releases "+card.Verdict.Word, card.Words
	default:
		return v, refuse(http.StatusNotFound, "no-badge", "there is no such objective or service", "badges are at /badges/objectives/{name} and /badges/services/{name}")
	}
	if l.stale { // a picture that is kept somewhere must not go on being green
		v.Status, v.Said = statusBadge("no-data"), "out of date"
	}
	return v, nil
}

func (l look) knows(service string) bool {
	for _, known := range l.gated() {
		if known == service {
			return true
		}
	}
	return false
}

// badgeImage draws a badge. Its colour is that of the state, which it says in
// words too.
func (s *Server) badgeImage(w http.ResponseWriter, r *http.Request) {
	v, err := s.signOf(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	colour := map[string]string{"ok": "#17734a", "allow": "#17734a", "burning": "#8a5300", "hold": "#8a5300", "exhausted": "#b3221c", "deny": "#b3221c"}[v.Status.Style]
	if colour == "" {
		colour = "#5d6773"
	}
	left, right := 14+7*utf8.RuneCountInString(v.Name), 14+7*utf8.RuneCountInString(v.Said)
	name, said := template.HTMLEscapeString(v.Name), template.HTMLEscapeString(v.Said)
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="20" role="img" aria-label="%s: %s"><title>%s: %s</title>`, left+right, name, said, name, said)
	fmt.Fprintf(&out, `<rect width="%d" height="20" rx="4" fill="#333a42"/><path d="M%d 0h%da4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H%dz" fill="%s"/>`, left+8, left, right-4, left, colour)
	fmt.Fprintf(&out, `<g fill="#fff" font-family="DejaVu Sans,Verdana,sans-serif" font-size="11"><text x="7" y="14" textLength="%d">%s</text><text x="%d" y="14" textLength="%d">%s</text></g></svg>`+"\n", left-14, name, left+7, right-14, said)
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(out.Bytes()) // a caller who went away is told nothing
}

// cardPage is a small page that other sites may frame: it takes no orders.
func (s *Server) cardPage(w http.ResponseWriter, r *http.Request) {
	v, err := s.signOf(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	var out bytes.Buffer
	if err := s.pages["card"].ExecuteTemplate(&out, "card", v); err != nil {
		s.problem(w, r, fmt.Errorf("render card: %w", err))
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes()) // a caller who went away is told nothing
}
