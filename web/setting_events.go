package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// listens reports whether a caller wants to be told, instead of asking.
func listens(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// settingEvents tells a setting whenever it changes, and confirms it three
// times in a lease as long as the server is sure of it. A caller that comes
// back with Last-Event-ID is told what is new only.
func (s *Server) settingEvents(w http.ResponseWriter, r *http.Request, name string) {
	found, ok := s.look(time.Now()).setting(name)
	if !ok {
		s.problem(w, r, unknown("setting", name))
		return
	}
	v := s.wireSetting(s.look(time.Now()), found)
	every := aliveEvery
	if third := time.Duration(v.Lease * float64(time.Second) / 3); third > 0 {
		every = min(every, third)
	}
	told := `"` + r.Header.Get("Last-Event-ID") + `"`
	s.stream(w, r, every, func() (line string, more bool) {
		l := s.look(time.Now())
		found, ok := l.setting(name)
		if !ok {
			return "event: gone\ndata: not declared any more\n\n", false
		}
		v := s.wireSetting(l, found)
		tag := etag(v)
		text, err := json.Marshal(v)
		switch {
		case err != nil:
			s.failed(err)
			return "", false
		case tag != told:
			told = tag
			return "retry: 1000\nid: " + strings.Trim(tag, `"`) + "\nevent: setting\ndata: " + string(text) + "\n\n", true
		case v.Stale:
			return ": alive\n\n", true
		}
		return "event: confirmed\ndata: " + strings.Trim(tag, `"`) + "\n\n", true
	})
}
