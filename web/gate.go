package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// gate answers a pipeline from memory: it asks neither the ledger nor the
// metrics backend, and waits for nothing but its answer to be on record. The answer is status 200 with the
// verdict in the body; with strict=1 a denial is 403 and a hold is 409, for
// callers that look at the status only. A denial is never 429 or 5xx, which
// clients retry without reading why. The question is in the path, the query or
// the body (readAsking); with wait it is answered when it is no hold any more,
// with format=text in one line that begins with the verdict.
func (s *Server) gate(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	q, err := askGate(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	var a loop.GateAnswer
	if q.wait > 0 {
		a = s.awaitVerdict(r.Context(), q.GateQuestion, q.wait)
	} else {
		a = s.decide(r.Context(), "api", q.GateQuestion, now)
	}
	if status := gateStatus(a.Verdict, q.strict); q.text {
		say(w, status, said(s.wireAnswer(a)))
	} else {
		s.writeSigned(w, r, status, s.wireAnswer(a))
	}
}

// writeSigned writes an answer with a signature, so that it can stand in for
// the server while that is away.
func (s *Server) writeSigned(w http.ResponseWriter, r *http.Request, status int, a client.Answer) {
	body, err := json.Marshal(a)
	if err != nil {
		s.problem(w, r, fmt.Errorf("encode answer: %w", err))
		return
	}
	if s.cfg.Sign != nil {
		w.Header().Set(client.SignatureHeader, base64.StdEncoding.EncodeToString(s.cfg.Sign(client.SignedText(body))))
	}
	writeBody(w, status, append(body, '\n'))
}

func gateStatus(v slo.Verdict, strict bool) int {
	switch {
	case !strict || v == slo.Allow:
		return http.StatusOK
	case v == slo.Deny:
		return http.StatusForbidden
	}
	return http.StatusConflict
}
