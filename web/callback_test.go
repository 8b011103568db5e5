package web_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// A caller is HCP Terraform or Azure as far as it is called back.
type caller struct {
	*httptest.Server
	mu     sync.Mutex
	called []string
	status int
}

func newCaller(t *testing.T) *caller {
	f := &caller{status: http.StatusOK}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.called = append(f.called, strings.Join([]string{r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Content-Type"), string(body)}, " "))
		w.WriteHeader(f.status)
	}))
	t.Cleanup(f.Close)
	return f
}

// calls are those since the last time; from then on it answers with status.
func (f *caller) calls(status int) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	called := f.called
	f.called, f.status = nil, status
	return called
}

// awaited is a server that Terraform and Azure ask by messages.
func awaited(t *testing.T) (*world, func(secrets []slo.Secret) *web.Server, *callbacks, *caller) {
	w, b, f := newWorld(), &callbacks{}, newCaller(t)
	now := time.Now().Truncate(tick)
	w.play(now, now, calm, nil)
	return w, func(secrets []slo.Secret) *web.Server {
		cfg := w.config()
		cfg.Callbacks = b
		cfg.Hooks = map[string]web.Hook{
			"terraform": &web.Terraform{Secrets: secrets, API: f.URL, Services: map[string]string{"acme/web-eu": "checkout"}, HTTP: f.Client()},
			"azure":     &web.Azure{Secrets: secrets, Organizations: []string{"https://dev.azure.com/other", f.URL + "/acme/"}, HTTP: f.Client()},
		}
		return web.New(cfg)
	}, b, f
}

var oneSecret = []slo.Secret{hookSecret}

const task = `{"payload_version":1,"access_token":"at.atlasv1.x","stage":"pre_apply","is_speculative":false,"task_result_id":"taskrs-2nH5",` +
	`"task_result_enforcement_level":"mandatory","task_result_callback_url":"https://app.terraform.io/api/v2/task-results/5ea8d46c-2ceb/callback",` +
	`"run_id":"run-i3Df5","run_message":"Triggered via UI","workspace_id":"ws-1","workspace_name":"web-eu","organization_name":"acme","vcs_branch":null}`

func runTask(t *testing.T, s *web.Server, body string) answer {
	t.Helper()
	m := hmac.New(sha512.New, []byte(hookSecret))
	m.Write([]byte(body))
	return do(t, s.Handler(), "POST", "/v1/hooks/terraform?environment=production&release=", body, "X-TFC-Task-Signature", hex.EncodeToString(m.Sum(nil)), "User-Agent", "TFC/1.0 (+https://app.terraform.io; TFC)")
}

// TestTerraform: a run task passes, and its message counts once, however often
// it comes; its token is nowhere in what is kept.
func TestTerraform(t *testing.T) {
	_, serve, b, f := awaited(t)
	s := serve(oneSecret)
	for range 2 {
		if a := runTask(t, s, task); a.code != 200 || !strings.Contains(a.body, `"asks":true`) {
			t.Fatalf("status %d: %s", a.code, a.body)
		}
	}
	if len(b.all) != 1 || strings.Contains(b.all[0].To["token"], "atlasv1") {
		t.Fatalf("kept %+v", b.all)
	}
	want := loop.GateQuestion{Service: "checkout", Environment: "production", Release: "run-i3Df5"}
	if diff := cmp.Diff(want, b.all[0].Question); diff != "" {
		t.Error(diff)
	}
	if err := s.Answer(context.Background(), time.Now()); err != nil {
		t.Fatal(err)
	}
	got := f.calls(200)
	const begins = `PATCH /api/v2/task-results/5ea8d46c-2ceb/callback Bearer at.atlasv1.x application/vnd.api+json {"data":{"type":"task-results","attributes":{"status":"passed","message":"allow: `
	if len(got) != 1 || !strings.HasPrefix(got[0], begins) || b.all[0].Done.IsZero() {
		t.Errorf("told %q, kept %+v", got, b.all[0])
	}
}

// TestTerraformTests: the message that tries a new run task asks nothing, and
// has to be signed as well.
func TestTerraformTests(t *testing.T) {
	_, serve, b, _ := awaited(t)
	s := serve(oneSecret)
	tries := strings.Replace(task, "at.atlasv1.x", "test-token", 1)
	if a := runTask(t, s, tries); a.code != 200 || !strings.Contains(a.body, `"asks":false`) {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	if a := do(t, s.Handler(), "POST", "/v1/hooks/terraform", tries); a.code != 401 {
		t.Errorf("unsigned: status %d", a.code)
	}
	if a := do(t, s.Handler(), "POST", "/v1/hooks/terraform", task, "X-TFC-Task-Signature", mac(task)); a.code != 401 {
		t.Errorf("signed by SHA-256: status %d", a.code)
	}
	for name, body := range map[string]string{
		"another path":        strings.Replace(task, "task-results/5ea8d46c-2ceb/callback", "task-results/../../admin/callback", 1),
		"no callback":         strings.Replace(task, "task_result_callback_url", "x", 1),
		"no token":            strings.Replace(task, "access_token", "x", 1),
		"after it is applied": strings.Replace(task, "pre_apply", "post_apply", 1),
	} {
		if a := runTask(t, s, body); a.code != 422 {
			t.Errorf("%s: status %d: %s", name, a.code, a.body)
		}
	}
	if len(b.all) != 0 {
		t.Errorf("kept %+v", b.all)
	}
}

// TestTerraformHeld: a run that is held hears of it before it takes silence for
// an error, until the hold ends; another instance may answer.
func TestTerraformHeld(t *testing.T) {
	w, serve, b, f := awaited(t)
	now := time.Now().Truncate(tick)
	w.play(now, now, func(string, time.Time) float64 { return -1 }, nil)
	runTask(t, serve(oneSecret), task)
	for i, step := range []struct {
		after  time.Duration
		status string
	}{{0, "running"}, {10 * time.Second, ""}, {4 * time.Minute, "running"}, {5 * time.Minute, ""}, {6 * time.Minute, "passed"}, {7 * time.Minute, ""}} {
		if step.after >= 6*time.Minute {
			at := now.Add(step.after)
			w.play(at, at, calm, nil)
		}
		if err := serve([]slo.Secret{"a newer secret", hookSecret}).Answer(context.Background(), now.Add(step.after)); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(f.calls(200), "\n")
		if (got == "") != (step.status == "") || !strings.Contains(got, `"status":"`+step.status) && got != "" {
			t.Errorf("step %d: told %q, want %q", i, got, step.status)
		}
	}
	if b.all[0].Done.IsZero() {
		t.Errorf("kept %+v", b.all[0])
	}
}

// TestSealed: without the secret that a token was sealed with nothing is sent,
// and the tool is given up; one that has ended is given up too.
func TestSealed(t *testing.T) {
	_, serve, b, f := awaited(t)
	runTask(t, serve(oneSecret), task)
	if err := serve([]slo.Secret{"the secret of somebody else"}).Answer(context.Background(), time.Now()); err == nil || b.all[0].Done.IsZero() {
		t.Errorf("kept %+v: %v", b.all[0], err)
	}
	again := strings.Replace(task, "5ea8d46c", "5ea8d46d", 1)
	runTask(t, serve(oneSecret), again)
	b.all[1].To["path"] = b.all[0].To["path"] // sealed for another place
	if err := serve(oneSecret).Answer(context.Background(), time.Now()); err == nil || b.all[1].Done.IsZero() || len(f.calls(401)) != 0 {
		t.Errorf("kept %+v: %v", b.all[1], err)
	}
	runTask(t, serve(oneSecret), strings.Replace(task, "5ea8d46c", "5ea8d46e", 1))
	if err := serve(oneSecret).Answer(context.Background(), time.Now()); err == nil || b.all[2].Done.IsZero() || strings.Contains(b.all[2].Error, "atlasv1") {
		t.Errorf("kept %+v: %v", b.all[2], err)
	}
}

// azureCheck asks as the check of docs/pipelines/azure-pipelines.md does, with
// what Azure fills in.
func azureCheck(t *testing.T, s *web.Server, organization, secret string, changed ...string) answer {
	t.Helper()
	headers := []string{
		"Content-Type", "application/json", "Authorization", "Bearer " + secret, "PlanUrl", organization, "ProjectId", "5b0c-1", "HubName", "checks",
		"PlanId", "7d00-2", "JobId", "3a7e-3", "TimelineId", "9a-4", "TaskInstanceId", "6115-5", "AuthToken", "eyJ0.job.token",
	}
	return do(t, s.Handler(), "POST", "/v1/hooks/azure?service=checkout", `{"environment":"production","release":20260301.4}`, append(headers, changed...)...)
}

// TestAzureCallback: a check is called back as Microsoft's manual has it, when
// the gate allows or denies, and hears nothing of a hold.
func TestAzureCallback(t *testing.T) {
	w, serve, b, f := awaited(t)
	now := time.Now().Truncate(tick)
	const completed = `POST /acme/5b0c-1/_apis/distributedtask/hubs/checks/plans/7d00-2/events?api-version=2.0-preview.1 Bearer eyJ0.job.token application/json ` +
		`{"jobId":"3a7e-3","name":"TaskCompleted","result":"$","taskId":"6115-5"}`
	for i, c := range []struct {
		share  func(string, time.Time) float64
		result string
	}{{calm, "succeeded"}, {surge(now.Add(-time.Hour)), "failed"}, {func(string, time.Time) float64 { return -1 }, ""}} {
		w.play(now, now, c.share, nil)
		s := serve(oneSecret)
		if a := azureCheck(t, s, f.URL+"/acme/", hookSecret, "AuthToken", "eyJ0.job.token"+strings.Repeat(" ", i)); a.code != 200 || len(b.all) != 1 {
			t.Fatalf("status %d: %s", a.code, a.body)
		}
		if err := s.Answer(context.Background(), now); err != nil {
			t.Fatal(err)
		}
		want := strings.Replace(completed, "$", c.result, 1)
		if got := strings.Join(f.calls(200), "\n"); c.result == "" && got != "" || c.result != "" && got != want {
			t.Errorf("told %q, want %q", got, want)
		}
		if b.all[0].Question.Release != "20260301.4" || strings.Contains(b.all[0].To["token"], "job") {
			t.Errorf("kept %+v", b.all[0])
		}
		b.all = nil
	}
}

// TestAzureRefused: who does not show the secret is not heard, and what Azure
// did not fill in, or an organization that is not answered, is refused.
func TestAzureRefused(t *testing.T) {
	_, serve, b, f := awaited(t)
	s := serve(oneSecret)
	for name, c := range map[string]struct {
		organization, secret string
		changed              []string
		code                 int
	}{
		"another secret":           {f.URL + "/acme", "guessed", nil, 401},
		"no secret":                {f.URL + "/acme", "", nil, 401},
		"another organization":     {f.URL + "/evil/", hookSecret, nil, 422},
		"another host":             {"http://169.254.169.254/acme/", hookSecret, nil, 422},
		"a user in the address":    {strings.Replace(f.URL, "http://", "http://u@", 1) + "/acme/", hookSecret, nil, 422},
		"a path for a plan":        {f.URL + "/acme", hookSecret, []string{"PlanId", "../../x"}, 422},
		"nothing for a task":       {f.URL + "/acme", hookSecret, []string{"TaskInstanceId", ""}, 422},
		"a token not filled in":    {f.URL + "/acme", hookSecret, []string{"AuthToken", "$(system.AccesToken)"}, 422},
		"as a password of a login": {strings.ToUpper(f.URL[:4]) + f.URL[4:] + "/ACME", hookSecret, []string{"Authorization", "Basic OmEgc2VjcmV0IG9mIHRoZSB3ZWJob29r"}, 200},
	} {
		b.all = nil
		a := azureCheck(t, s, c.organization, c.secret, c.changed...)
		if a.code != c.code || (len(b.all) == 1) != (c.code == 200) {
			t.Errorf("%s: status %d, want %d: %s", name, a.code, c.code, a.body)
		}
	}
}

// TestAzurePasted asks with the form of docs/pipelines/azure-pipelines.md.
func TestAzurePasted(t *testing.T) {
	var form struct {
		Method, URLSuffix, CompletionEvent string
		TimeBetweenEvaluations             int
		Headers                            map[string]string
	}
	if err := json.Unmarshal([]byte(block(t, "azure-pipelines.md", "json")), &form); err != nil || form.CompletionEvent != "Callback" || form.TimeBetweenEvaluations != 0 {
		t.Fatalf("%+v: %v", form, err)
	}
	_, serve, b, f := awaited(t)
	s := serve(oneSecret)
	fill := strings.NewReplacer("$(system.CollectionUri)", f.URL+"/acme/", "$(SETPOINT_SECRET)", hookSecret, "$(Build.BuildNumber)", "20260301.4", "$(system.", "filled-in-", ")", "")
	var headers []string
	for name, value := range form.Headers {
		headers = append(headers, name, fill.Replace(value))
	}
	if a := do(t, s.Handler(), form.Method, fill.Replace(form.URLSuffix), "", headers...); a.code != 200 || len(b.all) != 1 {
		t.Fatalf("status %d: %s", a.code, a.body)
	}
	if err := s.Answer(context.Background(), time.Now()); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(f.calls(200), "\n")
	for _, want := range []string{"Bearer filled-in-AccessToken", `"result":"succeeded"`, `"taskId":"filled-in-TaskInstanceId"`, "/plans/filled-in-PlanId/"} {
		if !strings.Contains(got, want) {
			t.Errorf("called back with %s, without %s", got, want)
		}
	}
}
