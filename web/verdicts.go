package web

import (
	"context"
	"net/http"
	"net/url"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
)

// verdicts lists the answers of the gate that are on record.
func (s *Server) verdicts(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, askVerdicts, func(r *http.Request, f VerdictFilter) (map[string][]client.RecordedVerdict, error) {
		found, err := s.verdictHistory(r.Context(), f)
		out := []client.RecordedVerdict{}
		for _, v := range found {
			out = append(out, s.wireVerdict(v))
		}
		return map[string][]client.RecordedVerdict{"verdicts": out}, err
	})
}

func (s *Server) verdict(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, pathed("id"), func(r *http.Request, id string) (client.RecordedVerdict, error) {
		v, err := s.verdictOnRecord(r.Context(), id)
		return s.wireVerdict(v), err
	})
}

// verdictPage shows one answer as it was given.
func (s *Server) verdictPage(w http.ResponseWriter, r *http.Request) {
	id, err := param(r, "id")
	if err != nil {
		s.problem(w, r, err)
		return
	}
	v, err := s.verdictOnRecord(r.Context(), id)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	l := s.look(here(r))
	s.render(w, r, http.StatusOK, "verdict", s.page(l, "gate", "Verdict "+id, s.verdictView(l, v)))
}

// askVerdicts reads which verdicts are wanted.
func askVerdicts(r *http.Request) (f VerdictFilter, err error) {
	values := r.URL.Query()
	for name, field := range map[string]*string{"service": &f.Service, "release": &f.Release, "before": &f.Before} {
		if *field, err = named(name, values.Get(name)); err != nil {
			return f, err
		}
	}
	if f.Release != "" && f.Service == "" {
		return f, refuse(http.StatusBadRequest, "no-service", "a release is looked for without its service", "add service=")
	}
	limit, err := askNumber(values, "limit", fewest, most)
	f.Limit = int(limit)
	return f, err
}

func (s *Server) wireVerdict(v loop.Verdict) client.RecordedVerdict {
	return client.RecordedVerdict{Tool: v.Tool, Repeats: v.Repeats, Answer: s.wireAnswer(v.Answer)}
}

func (s *Server) verdictHistory(ctx context.Context, f VerdictFilter) ([]loop.Verdict, error) {
	return verdictsOf(ctx, s, func(ctx context.Context, r VerdictReader) ([]loop.Verdict, error) { return r.Verdicts(ctx, f) })
}

func (s *Server) verdictOnRecord(ctx context.Context, id string) (loop.Verdict, error) {
	return verdictsOf(ctx, s, func(ctx context.Context, r VerdictReader) (loop.Verdict, error) { return r.Verdict(ctx, id) })
}

// A verdictRow is a verdict in a list.
type verdictRow struct {
	ID, Link  string
	At, Stamp string
	Service   string
	Release   string
	Asked     string // environment and class of change
	Tool      string
	Verdict   badge
	Words     string
}

func (s *Server) verdictRow(l look, v loop.Verdict) verdictRow {
	a := v.Answer
	asked := a.Environment
	if a.Change != "" {
		asked = a.Change + " " + asked
	}
	return verdictRow{
		ID: v.ID, Link: "/verdicts/" + url.PathEscape(v.ID), At: clock(a.At, l.now), Stamp: stamp(a.At), Service: a.Service, Release: a.Release,
		Asked: asked, Tool: v.Tool, Verdict: verdictBadge(a.Verdict), Words: redact(a.Words),
	}
}

// A verdictView is the page of one verdict.
type verdictView struct {
	Row     verdictRow
	Card    gateCard
	Repeats int
	Bound   string // until when the gate stands by it
}

func (s *Server) verdictView(l look, v loop.Verdict) verdictView {
	a := v.Answer
	out := verdictView{Row: s.verdictRow(l, v), Repeats: v.Repeats, Card: s.answerCard(l, a)}
	if !a.BoundUntil.IsZero() {
		out.Bound = clock(a.BoundUntil, l.now)
	}
	return out
}
