package web

import (
	"cmp"
	"net/http"
	"time"
)

// argoBody is what a web metric may send as its body.
type argoBody struct {
	Environment string `json:"environment"`
	Change      string `json:"change"`
	Release     string `json:"release"`
}

// argo answers a web metric of Argo Rollouts: status 200 with the whole
// answer, whatever the verdict. Its conditions make of it Successful,
// Failed or, when neither holds, Inconclusive, which pauses the rollout. A
// denial with another status would be an error to it, which it retries.
// What may be asked for in the address may also be fields of a JSON body.
func (s *Server) argo(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	service, err := param(r, "service")
	if err != nil {
		s.problem(w, r, err)
		return
	}
	var body argoBody
	if r.Method == http.MethodPost && r.ContentLength != 0 {
		err = readJSON(r, &body)
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	v := r.URL.Query()
	q, err := ask(service, cmp.Or(v.Get("environment"), body.Environment), cmp.Or(v.Get("change"), body.Change), cmp.Or(v.Get("release"), body.Release))
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusOK, s.wireAnswer(s.decide(r.Context(), "argo", q, now)))
}
