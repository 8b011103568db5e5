package web

import (
	"net/http"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
)

// worth weighs each loop against people who do its work by hand.
func (s *Server) worth(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, nothing, func(r *http.Request, _ struct{}) (map[string][]client.Worth, error) {
		l, out := s.look(time.Now()), []client.Worth{}
		for _, c := range l.set.Loops {
			entries, orders, err := s.knownOf(r.Context(), l, c)
			if err != nil {
				return nil, err
			}
			a, _ := l.actuator(c.Actuator)
			out = append(out, wireWorth(loop.WorthOf(c, a, entries, orders)))
		}
		return map[string][]client.Worth{"worth": out}, nil
	})
}

func wireWorth(w loop.Worth) client.Worth {
	return client.Worth{
		Loop: w.Loop, Actuator: w.Actuator, Mode: string(w.Mode), Looked: w.Looked.Seconds(), Times: w.Times, Right: w.Right,
		Missed: w.Missed, False: w.False, Open: w.Open, Saved: w.Saved, Cost: w.Cost, PerMonth: w.PerMonth(), Words: w.Words(),
	}
}
