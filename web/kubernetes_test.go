package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// deployment is one of checkout with an image, and more fields of metadata
// and spec as JSON that begins with a comma.
func deployment(image string, more ...string) string {
	more = append(more, "", "", "")
	return fmt.Sprintf(`{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "checkout", "namespace": "prod"%s},
		"spec": {"replicas": 3, "template": {"metadata": {"labels": {"app": "checkout"}%s}, "spec": {"containers": [{"name": "c", "image": %q}]}}%s}}`, more[0], more[2], image, more[1])
}

// review is an AdmissionReview as an API server sends it; more begins with
// a comma.
func review(operation, before, after, more string) string {
	return fmt.Sprintf(`{"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {"uid": "705ab4f5-6393", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
		"name": "checkout", "namespace": "prod", "operation": %q, "userInfo": {"username": "ann"}, "object": %s, "oldObject": %s, "options": {}%s}}`, operation, after, before, more)
}

type reviewed struct {
	APIVersion, Kind string
	Response         struct {
		UID      string
		Allowed  bool
		Status   struct{ Code int }
		Warnings []string
		Audit    map[string]string `json:"auditAnnotations"`
	}
}

func admit(t *testing.T, h http.Handler, body string) reviewed {
	t.Helper()
	a := post(t, h, "/v1/gate/kubernetes?timeout=5s", body)
	var got reviewed
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.code != 200 {
		t.Fatalf("status %d: %v: %s", a.code, err, a.body)
	}
	if got.APIVersion != "admission.k8s.io/v1" || got.Kind != "AdmissionReview" || got.Response.UID != "705ab4f5-6393" {
		t.Errorf("envelope: %s", a.body)
	}
	if !got.Response.Allowed && got.Response.Status.Code != 403 {
		t.Errorf("refused with code %d", got.Response.Status.Code)
	}
	return got
}

// TestKubernetes refuses what starts new software, and nothing else.
func TestKubernetes(t *testing.T) {
	const none = "null"
	restarted := deployment("v1", "", "", `, "annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}`)
	for _, c := range []struct {
		name, body string
		asked      bool
	}{
		{"create", review("CREATE", none, deployment("v1"), ""), true},
		{"image", review("UPDATE", deployment("v1"), deployment("v2"), ""), true},
		{"image and replicas", review("UPDATE", deployment("v1"), strings.Replace(deployment("v2"), `"replicas": 3`, `"replicas": 4`, 1), ""), true},
		{"dry run of an image", review("UPDATE", deployment("v1"), deployment("v2"), `, "dryRun": true`), true},
		{"replicas", review("UPDATE", deployment("v1"), strings.Replace(deployment("v1"), `"replicas": 3`, `"replicas": 4`, 1), ""), false},
		{"annotation", review("UPDATE", deployment("v1"), deployment("v1", `, "annotations": {"a": "b"}`), ""), false},
		{"restart", review("UPDATE", deployment("v1"), restarted, ""), false},
		{"restart again", review("UPDATE", restarted, strings.Replace(restarted, "2026", "2027", 1), ""), false},
		{"restart with an image", review("UPDATE", deployment("v0"), restarted, ""), true},
		{"scale", review("UPDATE", deployment("v1"), deployment("v2"), `, "subResource": "scale"`), false},
		{"delete", review("DELETE", deployment("v1"), none, ""), false},
		{"owned", review("CREATE", none, deployment("v1", `, "ownerReferences": [{"controller": true}]`), ""), false},
		{"no template", review("CREATE", none, `{"metadata": {"name": "x"}, "spec": {"type": "ClusterIP"}}`, ""), false},
		{"cron job", review("CREATE", none, `{"metadata": {"name": "checkout"}, "spec": {"jobTemplate": {"spec": {"template": {"spec": {}}}}}}`, ""), true},
		{"security", review("UPDATE", deployment("v1"), deployment("v2", `, "annotations": {"setpoint.dev/change": "security CVE-2026-1"}`), ""), false},
		{"security of last time", review("UPDATE", deployment("v1", `, "annotations": {"setpoint.dev/change": "security"}`), deployment("v2", `, "annotations": {"setpoint.dev/change": "security"}`), ""), true},
		{"service by annotation", review("UPDATE", deployment("v1"), deployment("v2", `, "annotations": {"setpoint.dev/service": "reporting"}`), ""), false},
		{"service by label", review("UPDATE", deployment("v1"), deployment("v2", `, "labels": {"app.kubernetes.io/name": "reporting"}`), ""), false},
	} {
		if got := admit(t, house(spent), c.body); got.Response.Allowed == c.asked {
			t.Errorf("%s: allowed %t while denied: %+v", c.name, got.Response.Allowed, got.Response)
		}
		if got := admit(t, house(well), c.body); !got.Response.Allowed || len(got.Response.Warnings) > 0 {
			t.Errorf("%s: %+v while all is well", c.name, got.Response)
		}
		if got := admit(t, house(unseen), c.body); got.Response.Allowed == c.asked || c.asked && len(got.Response.Warnings) != 2 {
			t.Errorf("%s: %+v while held", c.name, got.Response)
		}
	}
}

// TestKubernetesRollback lets a workload go back, and not forward again.
func TestKubernetesRollback(t *testing.T) {
	h := house(spent)
	step := func(from, to, more string, want bool) {
		t.Helper()
		if got := admit(t, h, review("UPDATE", deployment(from), deployment(to), more)); got.Response.Allowed != want {
			t.Errorf("%s to %s: allowed %t, want %t", from, to, got.Response.Allowed, want)
		}
	}
	step("v1", "v2", `, "dryRun": true`, false) // remembers nothing
	step("v2", "v1", `, "dryRun": true`, false)
	step("v1", "v2", "", false) // v1 runs
	step("v1", "v1", "", true)
	step("v2", "v2", "", true)  // v2 runs, by whatever way it came
	step("v2", "v3", "", false) // forward
	step("v2", "v1", "", true)  // back
	step("v1", "v2", "", false) // forward again
	step("v3", "v2", "", true)
	for i := range 20 {
		step(fmt.Sprint("w", i), fmt.Sprint("w", i), "", true)
	}
	step("w19", "v1", "", false) // forgotten by now
	step("w19", "w12", "", true)
}

func TestKubernetesRefuses(t *testing.T) {
	h := house(well)
	for name, body := range map[string]string{
		"empty": "", "no request": `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}`,
		"v1beta1": strings.Replace(review("CREATE", "null", deployment("v1"), ""), "k8s.io/v1", "k8s.io/v1beta1", 1),
		"no uid":  strings.Replace(review("CREATE", "null", deployment("v1"), ""), "705ab4f5-6393", "", 1),
		"a list":  "[]",
	} {
		if a := post(t, h, "/v1/gate/kubernetes", body); a.code != 400 || !json.Valid([]byte(a.body)) {
			t.Errorf("%s: status %d: %s", name, a.code, a.body)
		}
	}
	large := review("UPDATE", deployment("v1"), deployment("v2", `, "annotations": {"a": "`+strings.Repeat("x", 1<<20)+`"}`), "")
	if got := admit(t, h, large); !got.Response.Allowed {
		t.Errorf("a large object: %+v", got.Response)
	}
	if a := post(t, h, "/v1/gate/kubernetes", strings.Repeat(" ", 9<<20)+large); a.code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large an object: status %d", a.code)
	}
}

// TestKubernetesDryRun counts nothing.
func TestKubernetesDryRun(t *testing.T) {
	h := house(well)
	count := func() bool {
		return strings.Contains(get(t, h, "/metrics").body, `setpoint_gate_answers_total{service="checkout"`)
	}
	admit(t, h, review("UPDATE", deployment("v1"), deployment("v2"), `, "dryRun": true`))
	if count() {
		t.Error("a dry run is counted")
	}
	admit(t, h, review("UPDATE", deployment("v1"), deployment("v2"), ""))
	if !count() {
		t.Error("an answer is not counted")
	}
}
