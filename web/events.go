package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// mostListeners bounds the pages that are told of news at the same time;
	// those beyond read anew when their reader wants it.
	mostListeners = 2000
	// aliveEvery is how often a page hears that the connection is there.
	aliveEvery = 20 * time.Second
	// listenFor is how long a page may listen before it has to come back, and
	// is asked again who it is.
	listenFor = 5 * time.Minute
)

// Pages are told that there is something new, and read it then: what a page
// shows is made in one way only. The news are a number that rises with each
// tick and each order, after a word for this process, so that a page that was
// away, or whose server was started again, knows that it is behind.

// A herald tells pages of news.
type herald struct {
	process   string
	number    atomic.Int64
	listeners atomic.Int64
}

func newHerald() *herald { return &herald{process: rand.Text()[:8]} }

// newest names the newest news.
func (h *herald) newest() string { return fmt.Sprintf("%s.%d", h.process, h.number.Load()) }

// News has waiting pages and callers told that what they wait for may have
// changed.
func (s *Server) News() {
	s.herald.number.Add(1)
	s.bell.ring()
}

// events tells a page of news for as long as it listens.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	told := ""
	s.stream(w, r, aliveEvery, func() (string, bool) {
		newest := s.herald.newest()
		if newest == told {
			return ": alive\n\n", true
		}
		told = newest
		return "retry: 1000\nevent: news\ndata: " + newest + "\n\n", true
	})
}

// stream writes what tell says whenever the bell rings, and each time that
// some time has passed, until it says that there is no more.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, every time.Duration, tell func() (string, bool)) {
	if s.herald.listeners.Add(1) > mostListeners {
		s.herald.listeners.Add(-1)
		s.problem(w, r, refuse(http.StatusServiceUnavailable, "too-many", "too many listen already", "ask again without listening"))
		return
	}
	defer s.herald.listeners.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // of proxies that would keep the news to themselves
	to := http.NewResponseController(w)
	alive := time.NewTicker(every)
	defer alive.Stop()
	over := time.NewTimer(listenFor)
	defer over.Stop()
	for {
		heard := s.bell.heard() // before looking, so that no news falls between
		line, more := tell()
		_ = to.SetWriteDeadline(time.Now().Add(10 * time.Second)) // not of every writer
		if _, err := w.Write([]byte(line)); err != nil || to.Flush() != nil || !more {
			return
		}
		select {
		case <-heard:
		case <-alive.C:
		case <-over.C:
			return
		case <-r.Context().Done():
			return
		}
	}
}
