package web

import (
	"context"
	"net/http"
	"time"

	"setpoint.dev/setpoint/client"
)

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, nothing, func(*http.Request, struct{}) (status, error) {
		return s.wireStatus(s.look(time.Now())), nil
	})
}

func (s *Server) objectives(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, nothing, func(r *http.Request, _ struct{}) (map[string][]client.Objective, error) {
		l, _, err := judged(s.look(time.Now()), r)
		return map[string][]client.Objective{"objectives": s.wireObjectives(l)}, err
	})
}

func (s *Server) objective(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, pathed("name"), func(r *http.Request, name string) (client.Objective, error) {
		l, _, err := judged(s.look(time.Now()), r)
		if err != nil {
			return client.Objective{}, err
		}
		o, ok := l.objective(name)
		if !ok {
			return client.Objective{}, unknown("objective", name)
		}
		out := s.wireObjective(l, o)
		out.PartOf = partOf(l.set)[name]
		return out, nil
	})
}

func (s *Server) settings(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, nothing, func(*http.Request, struct{}) (map[string][]client.Setting, error) {
		return map[string][]client.Setting{"settings": s.wireSettings(s.look(time.Now()))}, nil
	})
}

func (s *Server) decisions(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, askFilter, func(r *http.Request, f Filter) (map[string][]record, error) {
		found, err := s.history(r.Context(), f)
		out := []record{}
		for _, d := range found {
			out = append(out, s.wireRecord(d, time.Now()))
		}
		return map[string][]record{"decisions": out}, err
	})
}

func (s *Server) decision(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, pathed("id"), func(r *http.Request, id string) (record, error) {
		d, err := s.recorded(r.Context(), id)
		return s.wireRecord(d, time.Now()), err
	})
}

func (s *Server) orders(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, nothing, func(*http.Request, struct{}) (map[string][]client.Order, error) {
		return map[string][]client.Order{"orders": wireOrders(s.look(time.Now()))}, nil
	})
}

func (s *Server) giveOrder(w http.ResponseWriter, r *http.Request) {
	d, err := draftFromJSON(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	receipt, err := s.give(r.Context(), d, time.Now())
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.writeJSON(w, r, receiptStatus(receipt), receipt)
}

// receiptStatus is 201 for an order on record, 202 for one that is in force
// and still to be recorded.
func receiptStatus(r client.Receipt) int {
	if r.Recorded {
		return http.StatusCreated
	}
	return http.StatusAccepted
}

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	s.writeJSON(w, r, http.StatusOK, map[string]string{"health": "ok", "version": s.cfg.Version})
}

// readyz says whether the server has something to answer from: the first
// tick is done. Stale data and a ledger that is down do not make it unready,
// since the gate answers all the same; a newer program that has migrated the
// ledger does, since this one cannot put its answers on record any more.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if l := s.look(time.Now()); !l.ticked() {
		s.problem(w, r, refuse(http.StatusServiceUnavailable, "not-ready", "the first tick is not done", "try again in a few seconds"))
		return
	}
	if s.cfg.Outdated != nil && s.cfg.Outdated() != nil {
		s.problem(w, r, refuse(http.StatusServiceUnavailable, "outdated", "a newer program has migrated the ledger, and this one does not use it any more", "send requests to the newer one, and replace this one"))
		return
	}
	s.writeJSON(w, r, http.StatusOK, map[string]bool{"ready": true})
}

// pathed parses a request that names one thing in its path.
func pathed(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) { return param(r, name) }
}

func unknown(kind, name string) error {
	return refuse(http.StatusNotFound, "unknown-"+kind, "there is no "+kind+" "+name, "/v1/"+kind+"s lists them")
}

func (s *Server) history(ctx context.Context, f Filter) ([]Record, error) {
	return ledger(ctx, s, func(ctx context.Context, r Reader) ([]Record, error) { return r.Decisions(ctx, f) })
}

func (s *Server) recorded(ctx context.Context, id string) (Record, error) {
	return ledger(ctx, s, func(ctx context.Context, r Reader) (Record, error) { return r.Decision(ctx, id) })
}
