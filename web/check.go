package web

import (
	"context"
	"fmt"
	"net/http"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
)

// A Witness tells of a decision on record what it takes to check it. Its errors
// are those of a Reader.
type Witness interface {
	// Definition returns the text kept under a policy hash.
	Definition(ctx context.Context, policy string) ([]byte, error)
	// Beside returns, in words, what is wrong with the row of a decision or with
	// the rows beside it; nothing when they are as they were written.
	Beside(ctx context.Context, seq int64) ([]string, error)
}

// check makes a decision again and verifies its row.
func (s *Server) check(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, pathed("id"), func(r *http.Request, id string) (client.Replay, error) {
		rec, err := s.recorded(r.Context(), id)
		if err != nil {
			return client.Replay{}, err
		}
		out, err := s.replayed(r.Context(), rec.Decision)
		if err != nil {
			return out, err
		}
		faults, err := s.beside(r.Context(), rec.Seq)
		out.Sound, out.Faults = len(faults) == 0, append([]string{}, faults...)
		return out, err
	})
}

// replayed makes a decision again. That its definition is not on record, or
// cannot be read, is an answer; that the ledger is away is an error.
func (s *Server) replayed(ctx context.Context, d loop.Decision) (client.Replay, error) {
	out := client.Replay{Decision: d.ID, Differs: []string{}}
	text, err := witnessed(ctx, s, func(ctx context.Context, w Witness) ([]byte, error) { return w.Definition(ctx, d.Input.Policy) })
	if p := (*client.Problem)(nil); err != nil {
		if p = problemOf(err); p.Status != http.StatusNotFound {
			return out, err
		}
		out.Error = fmt.Sprintf("its definition %s is not on record", d.Input.Policy)
		return out, nil
	}
	again, same, err := loop.Redecide(d, text)
	if err != nil {
		out.Error = redact(err.Error())
		return out, nil
	}
	out.Same, out.Again = same, redact(again.Words)
	if !same {
		out.Differs = loop.Differing(d, again)
	}
	return out, nil
}

func (s *Server) beside(ctx context.Context, seq int64) ([]string, error) {
	return witnessed(ctx, s, func(ctx context.Context, w Witness) ([]string, error) { return w.Beside(ctx, seq) })
}

// witnessed asks the witness, for a bounded time.
func witnessed[A any](ctx context.Context, s *Server, ask func(context.Context, Witness) (A, error)) (A, error) {
	if s.cfg.Witness == nil {
		var none A
		return none, errNoLedger
	}
	return patient(ctx, s, func(ctx context.Context) (A, error) { return ask(ctx, s.cfg.Witness) })
}

// A checkView is what the page of a decision says of its row.
type checkView struct {
	Chain    badge
	Faults   []string
	Unread   string         // why the chain could not be looked at
	Again    *client.Replay // nil = nobody asked to make it again
	AgainBad string         // why it could not be made again
}

func (s *Server) checkView(r *http.Request, rec Record) *checkView {
	if s.cfg.Witness == nil {
		return nil
	}
	v := &checkView{}
	faults, err := s.beside(r.Context(), rec.Seq)
	switch {
	case err != nil:
		v.Chain, v.Unread = badge{"waiting", "not verified"}, problemOf(err).Message
	case len(faults) > 0:
		v.Chain, v.Faults = badge{"exhausted", "not as it was written"}, faults
	default:
		v.Chain = badge{"ok", "chain verified"}
	}
	if r.URL.Query().Get("replay") == "" {
		return v
	}
	again, err := s.replayed(r.Context(), rec.Decision)
	if err != nil {
		v.AgainBad = problemOf(err).Message
		return v
	}
	v.Again, v.AgainBad = &again, again.Error
	return v
}
