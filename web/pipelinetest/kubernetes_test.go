// Package pipelinetest asks the gate with the code of the tools that will
// ask it. It is a module of its own so that what they need stays out of
// Setpoint's.
package pipelinetest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	admission "k8s.io/api/admission/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// gate answers about checkout, with so much of its budget left.
func gate(remaining float64) http.Handler {
	now := time.Now()
	set := &slo.Set{Objectives: []slo.Objective{{Name: "fast", Service: "checkout"}}, Policies: []slo.ReleasePolicy{{Name: "p", Service: "checkout", HasMin: true}}}
	report := loop.Report{At: now, States: []budget.State{{Objective: "fast", Service: "checkout", At: now, Newest: now, Status: budget.OK, Remaining: remaining}}}
	return web.New(web.Config{Set: func() *slo.Set { return set }, Report: func() loop.Report { return report }}).Handler()
}

func deployment(image string, replicas int32) *apps.Deployment {
	return &apps.Deployment{
		TypeMeta:   meta.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: meta.ObjectMeta{Name: "checkout", Namespace: "production", Labels: map[string]string{"setpoint.dev/gate": "on"}},
		Spec: apps.DeploymentSpec{Replicas: &replicas, Template: core.PodTemplateSpec{
			ObjectMeta: meta.ObjectMeta{Labels: map[string]string{"app": "checkout"}},
			Spec:       core.PodSpec{Containers: []core.Container{{Name: "c", Image: image}}},
		}},
	}
}

// review asks as an API server does, and reads the answer strictly.
func review(t *testing.T, h http.Handler, before, after runtime.Object) *admission.AdmissionResponse {
	t.Helper()
	dryRun := false
	ask := admission.AdmissionReview{TypeMeta: meta.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: &admission.AdmissionRequest{
		UID: "705ab4f5-6393", Kind: meta.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, Resource: meta.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"},
		Name: "checkout", Namespace: "production", Operation: admission.Update, DryRun: &dryRun, Object: runtime.RawExtension{Object: after}, OldObject: runtime.RawExtension{Object: before},
	}}
	body, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/gate/kubernetes?timeout=5s", bytes.NewReader(body)))
	dec := json.NewDecoder(w.Body)
	dec.DisallowUnknownFields()
	var got admission.AdmissionReview
	if err := dec.Decode(&got); err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d: %v", w.Code, err)
	}
	if got.GroupVersionKind() != ask.GroupVersionKind() || got.Response == nil || got.Response.UID != ask.Request.UID {
		t.Fatalf("not the answer to this review: %+v", got)
	}
	return got.Response
}

func TestKubernetesTypes(t *testing.T) {
	for _, c := range []struct {
		name      string
		remaining float64
		after     *apps.Deployment
		allowed   bool
	}{
		{"an image, with budget", 1, deployment("v2", 3), true},
		{"an image, without", -1, deployment("v2", 3), false},
		{"replicas, without", -1, deployment("v1", 9), true},
	} {
		got := review(t, gate(c.remaining), deployment("v1", 3), c.after)
		if got.Allowed != c.allowed {
			t.Errorf("%s: allowed %t", c.name, got.Allowed)
		}
		if !c.allowed && (got.Result == nil || got.Result.Code != http.StatusForbidden || got.Result.Reason != meta.StatusReasonForbidden || got.Result.Message == "") {
			t.Errorf("%s: status %+v", c.name, got.Result)
		}
	}
}
