package web

import (
	"net/http"
	"time"
)

// argo answers a web metric of Argo Rollouts: status 200 with the whole
// answer, whatever the verdict. Its conditions make of it Successful,
// Failed or, when neither holds, Inconclusive, which pauses the rollout. A
// denial with another status would be an error to it, which it retries.
// What may be asked for in the address may also be fields of the body.
func (s *Server) argo(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	query, err := readQuery(r)
	var says asking
	if err == nil {
		says, err = readAsking(r, query)
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	q, err := says.question()
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusOK, s.wireAnswer(s.decide(r.Context(), "argo", q, now)))
}
