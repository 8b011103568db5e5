package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
)

// setting answers with the setting of an actuator and its ETag. A caller
// that sends the ETag in If-None-Match gets 304 while nothing changed; with
// ?wait=30s the answer is put off until something does, or the time is up.
// That it was read anew is no change; that it cannot be read, or that the
// loop stands still, is.
func (s *Server) setting(w http.ResponseWriter, r *http.Request) {
	name, err := param(r, "actuator")
	if err != nil {
		s.problem(w, r, err)
		return
	}
	if listens(r) {
		s.settingEvents(w, r, name)
		return
	}
	wait, err := askWait(r.URL.Query())
	if err != nil {
		s.problem(w, r, err)
		return
	}
	v, changed, err := s.awaitSetting(r, name, wait)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	w.Header().Set("ETag", etag(v))
	w.Header().Set("Cache-Control", "no-cache")
	if !changed {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.writeJSON(w, r, http.StatusOK, v)
}

// awaitSetting waits until the setting is another than the caller knows.
func (s *Server) awaitSetting(r *http.Request, name string, wait time.Duration) (v client.Setting, changed bool, err error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for last := wait == 0; ; {
		heard := s.bell.heard() // before looking, so that no tick falls between
		l := s.look(time.Now())
		found, ok := l.setting(name)
		if !ok {
			return v, false, unknown("setting", name)
		}
		v = s.wireSetting(l, found)
		if changed = !matches(r.Header.Get("If-None-Match"), etag(v)); changed || last {
			return v, changed, nil
		}
		select {
		case <-heard:
		case <-timer.C:
			last = true
		case <-r.Context().Done():
			return v, false, r.Context().Err()
		}
	}
}

// etag names a setting, apart from when it was read and what was decided
// about it since.
func etag(v client.Setting) string {
	v.At, v.Decision = time.Time{}, ""
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

// matches reports whether an If-None-Match header names a tag.
func matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == tag || part == "*" {
			return true
		}
	}
	return false
}
