package web_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// A mood is a state that the gate answers about.
type mood func(*loop.Report, *slo.ReleasePolicy)

func well(*loop.Report, *slo.ReleasePolicy) {}

// burning passes a limit of the policy, with budget left.
func burning(r *loop.Report, p *slo.ReleasePolicy) {
	p.MaxBurn = []slo.BurnLimit{{Window: 10 * time.Second, Burn: slo.NewDecimal(2, 0)}}
	r.States[0].Status, r.States[0].Windows[0].Burn = budget.Burning, 30
	r.States[0].Windows[0].Good, r.States[0].Windows[0].Bad = 850_000_000, 150_000_000
}

// spent has no budget left, and burns no longer.
func spent(r *loop.Report, _ *slo.ReleasePolicy) {
	r.States[0].Status, r.States[0].Remaining = budget.Exhausted, -0.3
}

// spending has no budget left, and goes on burning.
func spending(r *loop.Report, p *slo.ReleasePolicy) {
	spent(r, p)
	r.States[0].Windows[0].Burn = 1.5
}

// low has less budget than the policy asks for, and burns.
func low(r *loop.Report, p *slo.ReleasePolicy) {
	r.States[0].Remaining, r.States[0].Windows[0].Burn = 0.05, 1.5
}

func unseen(r *loop.Report, _ *slo.ReleasePolicy) { r.States[0].Status = budget.NoData }

// old is a state of long ago.
func old(r *loop.Report, p *slo.ReleasePolicy) {
	spending(r, p)
	r.At = r.At.Add(-time.Hour)
}

func byOrder(r *loop.Report, _ *slo.ReleasePolicy) {
	r.Orders = []loop.Order{{ID: "o", Kind: loop.OrderFreeze, Target: "checkout", By: "ann", Why: strings.Repeat("long ", 900)}}
}

// house answers about checkout in a mood.
func house(m mood) http.Handler {
	w := newWorld()
	now := time.Now().Truncate(tick)
	w.play(now.Add(-10*tick), now, func(string, time.Time) float64 { return 0 }, nil)
	m(&w.report, &w.set.Policies[0])
	cfg := w.config()
	cfg.URL = "http://127.0.0.1:8321"
	return web.New(cfg).Handler()
}

func post(t *testing.T, h http.Handler, path, body string) answer {
	t.Helper()
	return do(t, h, http.MethodPost, path, body, "Content-Type", "application/json")
}

const canary = `{"name": "checkout", "namespace": "prod", "phase": "Progressing", "checksum": "85d557f47b", "metadata": {%s}, "later": {"added": [1]}}`

func TestFlagger(t *testing.T) {
	for _, c := range []struct {
		name, meta        string
		mood              mood
		confirm, rollback int
	}{
		{"all is well", ``, well, 200, 403},
		{"burning", ``, burning, 403, 200},
		{"burning, and this is the fix", `"change": "fix"`, burning, 200, 403},
		{"spent long ago", ``, spent, 403, 403},
		{"spent and spending", ``, spending, 403, 200},
		{"spent and spending an hour ago", ``, old, 403, 403},
		{"low", ``, low, 403, 403},
		{"unseen", ``, unseen, 403, 403},
		{"frozen by a person", ``, byOrder, 403, 403},
		{"another service", `"service": "reporting"`, spending, 200, 403},
		{"an unknown service", `"service": "nobody"`, well, 403, 403},
	} {
		h := house(c.mood)
		for hook, want := range map[string]int{"confirm-rollout": c.confirm, "confirm-traffic-increase": c.confirm, "confirm-promotion": c.confirm, "rollback": c.rollback, "post-rollout": 200, "event": 200} {
			a := post(t, h, "/v1/gate/flagger/"+hook, fmt.Sprintf(canary, c.meta))
			if a.code != want || a.body == "" || len(a.body) > 1024 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
				t.Errorf("%s: %s: status %d, want %d: %d bytes: %s", c.name, hook, a.code, want, len(a.body), a.body)
			}
		}
	}
}

func TestFlaggerRefuses(t *testing.T) {
	h := house(well)
	for _, c := range []struct {
		path, body string
		code       int
	}{
		{"pre-rollout", fmt.Sprintf(canary, ""), 404}, {"rollout", fmt.Sprintf(canary, ""), 404},
		{"confirm-rollout", "", 400}, {"confirm-rollout", "[]", 400}, {"confirm-rollout", "{}", 400}, {"confirm-rollout", `{"name":"checkout"} {}`, 400},
		{"rollback", "{}", 400}, {"event", "nonsense", 400},
		{"confirm-rollout", `{"name": "` + strings.Repeat("x", 100_000) + `"}`, 413},
		{"confirm-rollout", `{"name": "check\nout"}`, 400},
		{"confirm-rollout?service=reporting", `{}`, 200},
	} {
		if a := post(t, h, "/v1/gate/flagger/"+c.path, c.body); a.code != c.code || a.code != 200 && !json.Valid([]byte(a.body)) {
			t.Errorf("%s %.40s: status %d, want %d: %s", c.path, c.body, a.code, c.code, a.body)
		}
	}
	if a := get(t, h, "/v1/gate/flagger/confirm-rollout"); a.code != 405 {
		t.Errorf("GET: status %d", a.code)
	}
}

func TestArgo(t *testing.T) {
	for _, c := range []struct {
		mood    mood
		path    string
		body    string
		verdict client.Verdict
	}{
		{well, "checkout", "", client.Allow}, {spent, "checkout", "", client.Deny}, {unseen, "checkout", "", client.Hold},
		{spent, "checkout?change=rollback", "", client.Allow}, {spent, "checkout", `{"change": "rollback", "more": 1}`, client.Allow}, {well, "nobody", "{}", client.Hold},
	} {
		h := house(c.mood)
		answers := []answer{post(t, h, "/v1/gate/argo/"+c.path, c.body)}
		if c.body == "" {
			answers = append(answers, get(t, h, "/v1/gate/argo/"+c.path))
		}
		for _, a := range answers {
			var got client.Answer
			decode(t, a, &got)
			if a.code != 200 || got.Verdict != c.verdict || got.Allowed != (c.verdict == client.Allow) {
				t.Errorf("%s: status %d, %s; want %s", c.path, a.code, got.Verdict, c.verdict)
			}
		}
	}
}

func TestTekton(t *testing.T) {
	for _, c := range []struct {
		mood mood
		body string
		goes bool
		code float64
	}{
		{well, `{"interceptor_params": {"service": "checkout", "other": [1]}, "body": "{}", "header": {"A": ["b"]}, "context": {}}`, true, 0},
		{well, `{"extensions": {"service": "checkout"}}`, true, 0},
		{spent, `{"interceptor_params": {"service": "checkout"}}`, false, 9},
		{spent, `{"interceptor_params": {"service": "checkout"}, "extensions": {"change": "rollback"}}`, true, 0},
		{unseen, `{"interceptor_params": {"service": "checkout"}}`, false, 9},
		{well, `{}`, false, 3},
		{well, `{"interceptor_params": {"service": [7]}}`, false, 3},
	} {
		a := post(t, house(c.mood), "/v1/gate/tekton", c.body)
		var got struct {
			Continue   bool
			Extensions map[string]any
			Status     map[string]any
		}
		decode(t, a, &got)
		if a.code != 200 || got.Continue != c.goes || got.Extensions == nil || !c.goes && (got.Status["code"] != c.code || got.Status["message"] == "") {
			t.Errorf("%s: status %d: %s", c.body, a.code, a.body)
		}
	}
	if a := post(t, house(well), "/v1/gate/tekton", "nonsense"); a.code != 400 || !json.Valid([]byte(a.body)) {
		t.Errorf("nonsense: status %d: %s", a.code, a.body)
	}
}

func TestDatadog(t *testing.T) {
	const path = "/api/v2/deployments/gates/evaluation"
	for _, c := range []struct {
		mood   mood
		status string
	}{{well, "pass"}, {spent, "fail"}, {unseen, "in_progress"}} {
		var ticket struct {
			Data struct {
				ID         string
				Attributes struct {
					ID string `json:"evaluation_id"`
				}
			}
		}
		a := post(t, house(c.mood), path, `{"data": {"type": "deployment_gates_evaluation_request", "attributes": {"service": "checkout", "env": "prod", "version": "v2", "apm_primary_tag": "a:b"}}}`)
		if err := json.Unmarshal([]byte(a.body), &ticket); err != nil || a.code != 200 || ticket.Data.Attributes.ID == "" {
			t.Fatalf("status %d: %v: %s", a.code, err, a.body)
		}
		again := get(t, house(c.mood), path+"/"+ticket.Data.Attributes.ID) // another instance knows it too
		var result struct {
			Data struct {
				Attributes struct {
					Status string `json:"gate_status"`
					URL    string `json:"evaluation_url"`
					Rules  []struct{ Name, Status, Reason string }
				}
			}
		}
		if err := json.Unmarshal([]byte(again.body), &result); err != nil || again.code != 200 || result.Data.Attributes.Status != c.status || len(result.Data.Attributes.Rules) == 0 || result.Data.Attributes.URL == "" {
			t.Errorf("want %s: status %d: %v: %s", c.status, again.code, err, again.body)
		}
	}
	for body, code := range map[string]int{``: 400, `{}`: 400, `{"data": {"attributes": {"service": ""}}}`: 400, `{"data": {"attributes": {"service": "a\u0000"}}}`: 400} {
		if a := post(t, house(well), path, body); a.code != code || !json.Valid([]byte(a.body)) || !strings.Contains(a.body, `"errors":[{"title":"`) {
			t.Errorf("%s: status %d, want %d", body, a.code, code)
		}
	}
	for _, id := range []string{"none", "e30", "bnVsbA", strings.Repeat("A", 5000), "%2e%2e"} {
		if a := get(t, house(well), path+"/"+id); a.code != 404 && a.code != 400 || !json.Valid([]byte(a.body)) {
			t.Errorf("%.20s: status %d: %s", id, a.code, a.body)
		}
	}
}

// TestDatadogDryRun: the tool is told that a policy only looks on.
func TestDatadogDryRun(t *testing.T) {
	h := house(func(r *loop.Report, p *slo.ReleasePolicy) {
		spent(r, p)
		p.DryRun = true
	})
	a := get(t, h, "/api/v2/deployments/gates/evaluation/"+base64.RawURLEncoding.EncodeToString([]byte(`{"service":"checkout"}`)))
	if !strings.Contains(a.body, `"dry_run":true`) || !strings.Contains(a.body, `"gate_status":"pass"`) || !strings.Contains(a.body, "would be deny") {
		t.Error(a.body)
	}
}

// TestGateOfToolNames finds services that are called like a tool.
func TestGateOfToolNames(t *testing.T) {
	for _, service := range []string{"tekton", "kubernetes", "argo", "flagger"} {
		var got client.Answer
		a := get(t, house(well), "/v1/gate/"+service)
		if a.code != 200 {
			t.Fatalf("%s: status %d: %s", service, a.code, a.body)
		}
		if decode(t, a, &got); got.Service != service {
			t.Errorf("asked about %s, told about %s", service, got.Service)
		}
	}
}

// FuzzNative sends any body to every tool's path: there is always a whole
// answer, and never a redirect or an empty one.
func FuzzNative(f *testing.F) {
	paths := []string{"/v1/gate/flagger/confirm-rollout", "/v1/gate/flagger/rollback", "/v1/gate/argo/checkout", "/v1/gate/tekton", "/v1/gate/kubernetes", "/api/v2/deployments/gates/evaluation"}
	h := house(well)
	for _, seed := range []string{"", "{}", "null", fmt.Sprintf(canary, ""), review("UPDATE", deployment("a"), deployment("b"), ""), `{"data":{"attributes":{"service":"a"}}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range paths {
			a := serve(h, newPost(path, "127.0.0.1:8321", body))
			if a.code != 200 && a.code != 400 && a.code != 403 && a.code != 413 || a.body == "" {
				t.Fatalf("%s: status %d: %q", path, a.code, a.body)
			}
			if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
				t.Fatalf("%s: HTML", path)
			}
		}
	})
}
