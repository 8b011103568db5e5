package web

import (
	"context"
	"strings"
	"sync"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
)

// A shades is what was made last of the record of all loops. It takes up to
// 50,000 rows a loop to make and changes with ticks and orders only, so it is
// made once for all who ask between two of them; who asks meanwhile waits.
type shades struct {
	mu   sync.Mutex
	made shade
	all  []client.Shadow // nil = none was made
}

// A shade is what it was made of.
type shade struct {
	set    *slo.Set
	at     time.Time // of the tick
	orders string    // IDs of those in force
}

// shadowsNow are the shadows of all loops.
func (s *Server) shadowsNow(ctx context.Context, now time.Time) ([]client.Shadow, error) {
	l, ids := s.look(now), []string(nil)
	for _, o := range l.report.Orders {
		ids = append(ids, o.ID)
	}
	of := shade{l.set, l.report.At, strings.Join(ids, " ")}
	s.shades.mu.Lock()
	defer s.shades.mu.Unlock()
	if s.shades.all != nil && s.shades.made == of && !of.at.IsZero() {
		return s.shades.all, nil
	}
	out := []client.Shadow{}
	for _, c := range l.set.Loops {
		sh, err := s.shadow(ctx, l, c)
		if err != nil {
			return nil, err
		}
		out = append(out, wireShadow(sh, c, l))
	}
	s.shades.made, s.shades.all = of, out
	return out, nil
}
