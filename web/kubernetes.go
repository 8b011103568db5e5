package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
)

// admissionReview is the AdmissionReview of Kubernetes, as far as it is read
// and written here.
type admissionReview struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Request    *admissionRequest  `json:"request,omitempty"`
	Response   *admissionResponse `json:"response,omitempty"`
}

type admissionRequest struct {
	UID         string   `json:"uid"`
	SubResource string   `json:"subResource"` // absent for the object itself
	Kind        kind     `json:"kind"`
	Name        string   `json:"name"`
	Namespace   string   `json:"namespace"`
	Operation   string   `json:"operation"`
	DryRun      bool     `json:"dryRun"`
	Object      workload `json:"object"`
	OldObject   workload `json:"oldObject"`
}

type kind struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
}

type admissionResponse struct {
	UID      string            `json:"uid"`
	Allowed  bool              `json:"allowed"`
	Status   *admissionStatus  `json:"status,omitempty"`
	Warnings []string          `json:"warnings,omitempty"`
	Audit    map[string]string `json:"auditAnnotations,omitempty"`
}

type admissionStatus struct {
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

const admissionV1 = "admission.k8s.io/v1"

// kubernetes answers a ValidatingAdmissionWebhook: status 200, and the
// review says whether the object is admitted. Only what starts new software
// is asked about: the creation of a workload and the change of its pod
// template. Scaling, annotating, restarting, deleting, and what a controller
// creates for its own workload pass. A hold is not admitted either, and a
// warning says that it is one. A dry run is answered alike and leaves no
// trace.
func (s *Server) kubernetes(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	var review admissionReview
	if err := readJSON(r, &review); err != nil {
		s.problem(w, r, err)
		return
	}
	if review.APIVersion != admissionV1 || review.Kind != "AdmissionReview" || review.Request == nil || review.Request.UID == "" {
		s.problem(w, r, refuse(http.StatusBadRequest, "bad-review", "this is no AdmissionReview of "+admissionV1+" with a request", ""))
		return
	}
	answer := s.admit(r.Context(), *review.Request, now)
	answer.UID = review.Request.UID
	s.writeJSON(w, r, http.StatusOK, admissionReview{APIVersion: admissionV1, Kind: "AdmissionReview", Response: &answer})
}

func (s *Server) admit(ctx context.Context, r admissionRequest, now time.Time) admissionResponse {
	back := r.Operation == "UPDATE" && r.SubResource == "" && s.past.back(r)
	if why := r.harmless(); why != "" {
		return admissionResponse{Allowed: true, Audit: map[string]string{"verdict": "not-asked", "why": why}}
	}
	q, err := r.question(back)
	if p := (&client.Problem{}); errors.As(err, &p) { // another status would admit it where failurePolicy is Ignore
		return admissionResponse{Status: &admissionStatus{http.StatusBadRequest, "BadRequest", p.Error()}, Audit: map[string]string{"verdict": "not-asked", "why": p.Error()}}
	}
	return admission(s.wireAnswer(s.admissionAnswer(ctx, r, q, now)))
}

// admissionAnswer neither records nor counts dry runs.
func (s *Server) admissionAnswer(ctx context.Context, r admissionRequest, q loop.GateQuestion, now time.Time) loop.GateAnswer {
	if r.DryRun {
		return s.look(now).gate(q)
	}
	return s.decide(ctx, "kubernetes", q, now)
}

func admission(a client.Answer) admissionResponse {
	out := admissionResponse{Allowed: a.Allowed, Warnings: warnings(a), Audit: map[string]string{"verdict": string(a.Verdict), "words": said(a)}}
	if a.Decision != "" {
		out.Audit["decision"] = a.Decision
	}
	if !a.Allowed {
		out.Status = &admissionStatus{http.StatusForbidden, "Forbidden", said(a)}
	}
	return out
}

// harmless says why a request starts no new software, or "".
func (r admissionRequest) harmless() string {
	switch {
	case r.SubResource != "":
		return "subresource " + r.SubResource
	case r.Operation != "CREATE" && r.Operation != "UPDATE":
		return "operation " + r.Operation
	case r.Object.template() == nil:
		return "no pod template"
	case r.Object.owned():
		return "its controller answers for it"
	case r.Operation == "UPDATE" && fingerprint(r.Object) == fingerprint(r.OldObject):
		return "the pod template stays as it is"
	}
	return ""
}

// The names by which a workload says what it is to the gate, as annotations
// or labels.
const (
	saysService     = "setpoint.dev/service"
	saysEnvironment = "setpoint.dev/environment"
	saysRegion      = "setpoint.dev/region"
	saysChange      = "setpoint.dev/change"
	saysSize        = "setpoint.dev/size"
)

// question reads what a workload says about itself: the service is
// setpoint.dev/service, or the label app.kubernetes.io/name, or the
// object's name; the environment is setpoint.dev/environment, or the
// namespace; region and size are setpoint.dev/region and setpoint.dev/size; the class of the change is the first word of
// setpoint.dev/change, which counts only in the request that writes it, so
// that it does not exempt the next release too.
func (r admissionRequest) question(back bool) (loop.GateQuestion, error) {
	o := r.Object
	change := ""
	if says := o.says(saysChange); says != r.OldObject.says(saysChange) {
		change, _, _ = strings.Cut(strings.TrimSpace(says), " ")
	}
	if change == "" && back {
		change = "rollback"
	}
	service := cmp.Or(o.says(saysService), o.Metadata.Labels["app.kubernetes.io/name"], r.Name, o.Metadata.Name)
	return asking{
		Service: service, Environment: cmp.Or(o.says(saysEnvironment), r.Namespace), Region: o.says(saysRegion), Change: change,
		Release: o.Metadata.Labels["app.kubernetes.io/version"], Size: o.says(saysSize),
	}.question()
}

// A workload is an object that may hold a pod template: where Deployments,
// StatefulSets, DaemonSets, Jobs, ReplicaSets and Rollouts keep it, or where
// CronJobs do.
type workload struct {
	Metadata struct {
		Name        string            `json:"name"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		Owners      []struct {
			Controller bool `json:"controller"`
		} `json:"ownerReferences"`
	} `json:"metadata"`
	Spec struct {
		Template    json.RawMessage `json:"template"`
		JobTemplate struct {
			Spec struct {
				Template json.RawMessage `json:"template"`
			} `json:"spec"`
		} `json:"jobTemplate"`
	} `json:"spec"`
}

func (o workload) template() json.RawMessage {
	if len(o.Spec.Template) > 0 {
		return o.Spec.Template
	}
	return o.Spec.JobTemplate.Spec.Template
}

func (o workload) says(name string) string {
	return cmp.Or(o.Metadata.Annotations[name], o.Metadata.Labels[name])
}

// owned reports whether a controller made the object, such as a ReplicaSet
// of a Deployment, which was asked about itself.
func (o workload) owned() bool {
	for _, owner := range o.Metadata.Owners {
		if owner.Controller {
			return true
		}
	}
	return false
}
