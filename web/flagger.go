package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// flaggerHook is what Flagger sends to a webhook. Its metadata is what the
// Canary's author wrote there.
type flaggerHook struct {
	Name     string            `json:"name"` // of the Canary
	Phase    string            `json:"phase"`
	Checksum string            `json:"checksum"`
	Metadata map[string]string `json:"metadata"`
}

// asking is what the Canary's author wrote, there or in the address, and else
// what Flagger says by itself.
func (h flaggerHook) asking(query url.Values) asking {
	wrote := askingBy(func(name string) string { return h.Metadata[name] })
	return wrote.or(askingBy(query.Get)).or(asking{Service: h.Name, Release: h.Checksum})
}

// readFlagger reads what Flagger sends, and what is asked by it.
func readFlagger(r *http.Request) (h flaggerHook, says asking, err error) {
	query, err := readQuery(r)
	if err == nil {
		err = readJSON(r, &h)
	}
	return h, h.asking(query), err
}

// flagger answers Flagger's webhooks, each kind on a path of its own because
// the same status means different things to them:
//
//	confirm-rollout, confirm-traffic-increase, confirm-promotion
//	             200 go on; 403 wait and ask again, not counted as a failure
//	rollback     200 roll back; 403 do not, as when nobody answers
//	post-rollout, event
//	             200 received and counted; the first event of a revision that
//	             progresses is a deploy on record
//
// The hooks pre-rollout and rollout are refused: Flagger counts their
// denials as failures and rolls back, so that a freeze would undo releases
// instead of keeping them waiting.
func (s *Server) flagger(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	hook, err := param(r, "hook")
	if err != nil {
		s.problem(w, r, err)
		return
	}
	switch hook {
	case "confirm-rollout", "confirm-traffic-increase", "confirm-promotion":
		s.flaggerAsks(w, r, now, s.flaggerConfirm)
	case "rollback":
		s.flaggerAsks(w, r, now, s.flaggerRollback)
	case "post-rollout", "event":
		s.flaggerTells(w, r, hook)
	default:
		s.problem(w, r, refuse(http.StatusNotFound, "no-such-hook", "the gate does not answer this hook of Flagger",
			"use confirm-rollout, confirm-traffic-increase, confirm-promotion or rollback; pre-rollout and rollout would turn a freeze into a rollback"))
	}
}

// flaggerAsks reads the question of a hook: the service is metadata.service,
// or the service parameter of the address, or the Canary's name.
func (s *Server) flaggerAsks(w http.ResponseWriter, r *http.Request, now time.Time, answer func(context.Context, http.ResponseWriter, loop.GateQuestion, time.Time)) {
	_, says, err := readFlagger(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	q, err := says.question()
	if err != nil {
		s.problem(w, r, err)
		return
	}
	answer(r.Context(), w, q, now)
}

func (s *Server) flaggerConfirm(ctx context.Context, w http.ResponseWriter, q loop.GateQuestion, now time.Time) {
	a := s.decide(ctx, "flagger", q, now)
	status := http.StatusForbidden
	if a.Verdict == slo.Allow {
		status = http.StatusOK
	}
	say(w, status, said(s.wireAnswer(a)))
}

func (s *Server) flaggerRollback(ctx context.Context, w http.ResponseWriter, q loop.GateQuestion, now time.Time) {
	l := s.look(now)
	a := s.record(ctx, "flagger rollback", l, q)
	s.tally.gate(a, time.Since(now))
	why, harmful := l.harm(a)
	if !harmful {
		say(w, http.StatusForbidden, cut("no rollback: "+why, maxSaid))
		return
	}
	say(w, http.StatusOK, cut("roll back: "+redact(why), maxSaid))
}

func (s *Server) flaggerTells(w http.ResponseWriter, r *http.Request, hook string) {
	h, says, err := readFlagger(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	if hook == "event" && h.Phase == "Progressing" && h.Checksum != "" { // a revision begins to take traffic
		s.tellDeploy(r.Context(), client.Deploy{Tool: "flagger", Service: says.Service, Release: says.Release, Environment: says.Environment, Region: says.Region, Change: says.Change}, time.Now())
	}
	s.tally.set.GetOrCreateCounter(series("setpoint_pipeline_events_total", "tool", "flagger", "hook", hook)).Inc()
	say(w, http.StatusOK, "received")
}

// harm reports whether to undo the release under way, and why or why not. A
// denial is not enough: only harm that is seen now is worth a rollback. An
// objective harms when its burn passes a limit of the policy, or when its
// budget is exhausted while it still burns over its shortest window. A
// freeze by a person or an actuator, a budget spent weeks ago, old or
// missing data, and a change that always passes (the fix itself) are no
// reasons.
func (l look) harm(a loop.GateAnswer) (why string, harmful bool) {
	if a.Verdict != slo.Deny {
		return "the verdict is " + string(a.Verdict), false
	}
	for _, r := range a.Reasons {
		if r.Code == loop.GateStale {
			return "what is known is too old to undo a release for it", false
		}
	}
	for _, r := range a.Reasons {
		if r.Verdict == slo.Deny && (r.Code == loop.GateBurn || r.Code == loop.GateBudget && r.Value <= 0 && l.burns(r.Objective)) {
			return r.Message, true
		}
	}
	return "nothing burns now; the release waits", false
}

// burns reports whether an objective is seen to burn faster than its budget
// lasts, over the shortest window that is known.
func (l look) burns(objective string) bool {
	st, ok := l.state(objective)
	return ok && len(st.Windows) > 0 && st.Windows[0].Known && st.Windows[0].Burn > 1
}
