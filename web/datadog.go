package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// datadogDocument is the JSON:API envelope of Datadog.
type datadogDocument[A any] struct {
	Data datadogData[A] `json:"data"`
}

type datadogData[A any] struct {
	ID         string `json:"id,omitempty"`
	Type       string `json:"type"`
	Attributes A      `json:"attributes"`
}

type datadogQuestion struct {
	Service    string `json:"service"`
	Env        string `json:"env"`
	Identifier string `json:"identifier,omitempty"`
	Version    string `json:"version,omitempty"`
	PrimaryTag string `json:"apm_primary_tag,omitempty"` // region:… is the region
}

type datadogTicket struct {
	EvaluationID string `json:"evaluation_id"`
}

type datadogResult struct {
	DryRun        bool          `json:"dry_run"`
	EvaluationID  string        `json:"evaluation_id"`
	EvaluationURL string        `json:"evaluation_url"`
	GateID        string        `json:"gate_id"`
	GateStatus    string        `json:"gate_status"`
	Rules         []datadogRule `json:"rules"`
}

type datadogRule struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Reason string `json:"reason"`
	DryRun bool   `json:"dry_run"`
}

// maxTicket bounds the ID of an evaluation, in bytes.
const maxTicket = 4096

// datadogStart answers datadog-ci deployment gate with the ID of an
// evaluation. The ID is the question itself, so that any instance knows it,
// also after a restart; the identifier is taken as the class of the change.
func (s *Server) datadogStart(w http.ResponseWriter, r *http.Request) {
	var d datadogDocument[datadogQuestion]
	if err := readJSON(r, &d); err != nil {
		s.problem(w, r, err)
		return
	}
	if _, err := d.Data.Attributes.ask(); err != nil {
		s.problem(w, r, err)
		return
	}
	id := d.Data.Attributes.ticket()
	s.writeJSON(w, r, http.StatusOK, datadogDocument[datadogTicket]{datadogData[datadogTicket]{id, "deployment_gates_evaluation_response", datadogTicket{id}}})
}

// datadogPoll answers how the evaluation went: pass, fail, or in_progress
// while the gate holds, which has datadog-ci ask again.
func (s *Server) datadogPoll(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	id := chi.URLParam(r, "id")
	question, err := datadogFrom(id)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	q, err := question.ask()
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusOK, datadogDocument[datadogResult]{datadogData[datadogResult]{id, "deployment_gates_evaluation_result_response", datadogResultOf(id, s.wireAnswer(s.decide(r.Context(), "datadog", q, now)))}})
}

func (d datadogQuestion) ask() (loop.GateQuestion, error) {
	region, _ := strings.CutPrefix(d.PrimaryTag, "region:")
	if region == d.PrimaryTag {
		region = "" // a tag of another name
	}
	return asking{Service: d.Service, Environment: d.Env, Region: region, Change: d.Identifier, Release: d.Version}.question()
}

func (d datadogQuestion) ticket() string {
	text, err := json.Marshal(d)
	if err != nil {
		return "" // texts always are JSON
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func datadogFrom(id string) (d datadogQuestion, err error) {
	unknown := refuse(http.StatusNotFound, "not-found", "there is no such evaluation", "POST one to /api/v2/deployments/gates/evaluation")
	if len(id) > maxTicket {
		return d, unknown
	}
	text, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || json.Unmarshal(text, &d) != nil {
		return d, unknown
	}
	return d, nil
}

func datadogResultOf(id string, a client.Answer) datadogResult {
	dry := slices.ContainsFunc(a.Reasons, func(r client.Reason) bool { return r.Code == loop.GateDryRun })
	out := datadogResult{DryRun: dry, EvaluationID: id, EvaluationURL: a.Link, GateID: a.Policy, GateStatus: datadogStatus(a.Verdict), Rules: []datadogRule{}}
	for _, r := range a.Reasons {
		out.Rules = append(out.Rules, datadogRule{Name: strings.TrimSuffix(r.Code+": "+r.Objective+r.Actuator, ": "), DryRun: dry, Status: datadogStatus(r.Verdict), Reason: r.Message})
	}
	return out
}

// A datadogProblem is a problem as datadog-ci reads it, too: it shows the
// details of errors, and nothing else of an answer that is one.
type datadogProblem struct {
	*client.Problem
	Errors []datadogError `json:"errors"`
}

type datadogError struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// inWords is a problem as whoever asks at a path can read it.
func inWords(path string, p *client.Problem) any {
	if !strings.HasPrefix(path, "/api/") {
		return p
	}
	return datadogProblem{p, []datadogError{{p.Code, p.Error()}}}
}

func datadogStatus(v client.Verdict) string {
	return heldWord(slo.Verdict(v), "pass", "in_progress", "fail")
}
