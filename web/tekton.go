package web

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"time"

	"setpoint.dev/setpoint/client"
)

// tektonRequest is the InterceptorRequest of Tekton Triggers.
type tektonRequest struct {
	Extensions map[string]any `json:"extensions"`
	Params     map[string]any `json:"interceptor_params"`
}

// tektonResponse is the InterceptorResponse. Without continue true, Tekton
// starts nothing.
type tektonResponse struct {
	Continue   bool           `json:"continue"`
	Extensions map[string]any `json:"extensions"`
	Status     *tektonStatus  `json:"status,omitempty"`
}

// tektonStatus has a code of gRPC.
type tektonStatus struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

const (
	grpcInvalidArgument    = 3
	grpcFailedPrecondition = 9
)

// tekton answers an interceptor of Tekton Triggers: status 200, and continue
// says whether the event may start anything. Deny and hold do not continue;
// an event is not asked about again. service, environment, region, change,
// release and size are parameters of the interceptor, or extensions that one
// before it set; the answer is the extension setpoint.
func (s *Server) tekton(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	var t tektonRequest
	if err := readJSON(r, &t); err != nil {
		s.problem(w, r, err)
		return
	}
	q, err := askingBy(t.text).question()
	if p := (&client.Problem{}); errors.As(err, &p) {
		s.writeJSON(w, r, http.StatusOK, tektonResponse{Extensions: map[string]any{}, Status: &tektonStatus{grpcInvalidArgument, p.Error()}})
		return
	}
	a := s.wireAnswer(s.decide(r.Context(), "tekton", q, now))
	out := tektonResponse{Continue: a.Allowed, Extensions: map[string]any{"setpoint": a}}
	if !a.Allowed {
		out.Status = &tektonStatus{grpcFailedPrecondition, said(a)}
	}
	s.writeJSON(w, r, http.StatusOK, out)
}

// text is a parameter or, without it, an extension. A number is the text that
// it is written as; what is neither counts as not there.
func (t tektonRequest) text(name string) string {
	return cmp.Or(plainly(t.Params[name]), plainly(t.Extensions[name]))
}

func plainly(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}
