package web_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

const hookSecret = "a secret of the webhook"

// callbacks keeps messages in memory.
type callbacks struct {
	mu  sync.Mutex
	all []loop.Callback
}

func (b *callbacks) AddCallback(_ context.Context, c loop.Callback) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, known := range b.all {
		if known.ID == c.ID {
			return false, nil
		}
	}
	b.all = append(b.all, c)
	return true, nil
}

func (b *callbacks) KeepCallback(_ context.Context, c loop.Callback) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.all {
		if b.all[i].ID == c.ID {
			b.all[i] = c
		}
	}
	return nil
}

func (b *callbacks) Callbacks(context.Context) (out []loop.Callback, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.all {
		if c.Done.IsZero() {
			out = append(out, c)
		}
	}
	return out, nil
}

// A forge is GitHub or GitLab as far as they are told: it notes what it is
// sent, and answers with status.
type forge struct {
	*httptest.Server
	mu     sync.Mutex
	told   []string
	status int
}

func newForge(t *testing.T) *forge {
	f := &forge{status: http.StatusNoContent}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		defer f.mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "/access_tokens") {
			fmt.Fprintf(w, `{"token":"installation token","expires_at":%q}`, time.Now().Add(time.Hour).Format(time.RFC3339))
			return
		}
		says := map[string]any{}
		if err := json.Unmarshal(body, &says); err != nil {
			t.Errorf("told %s: %v", body, err)
		}
		f.told = append(f.told, strings.TrimSpace(r.Header.Get("Authorization")+r.Header.Get("Private-Token"))+" "+r.URL.Path+" "+word(says["state"])+word(says["status"]))
		w.WriteHeader(f.status)
	}))
	t.Cleanup(f.Close)
	return f
}

func word(v any) string { text, _ := v.(string); return text }

// heard is what the forge was told since the last time.
func (f *forge) heard(status int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := strings.Join(f.told, "\n")
	f.told, f.status = nil, status
	return all
}

// hooked is a server that GitHub and GitLab ask by messages; api is where
// GitHub is, instead of at the forge.
func hooked(t *testing.T, api ...string) (*world, *web.Server, *callbacks, *forge) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	w, b, f := newWorld(), &callbacks{}, newForge(t)
	secrets := []slo.Secret{"the one before, replaced", hookSecret}
	cfg := w.config()
	cfg.Callbacks = b
	cfg.Hooks = map[string]web.Hook{
		"github": &web.GitHub{App: "7", Key: key, Secrets: secrets, API: append(api, f.URL)[0], HTTP: f.Client()},
		"gitlab": &web.GitLab{Secrets: secrets, Token: "gitlab token", API: f.URL, Services: map[string]string{"shop/web": "checkout"}, HTTP: f.Client()},
	}
	now := time.Now().Truncate(tick)
	w.play(now, now, calm, nil)
	return w, web.New(cfg), b, f
}

func mac(body string) string {
	m := hmac.New(sha256.New, []byte(hookSecret))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

const ruleMessage = `{"action":"requested","environment":"production","deployment_callback_url":"https://api.github.com/repos/acme/checkout/actions/runs/42/deployment_protection_rule",` +
	`"deployment":{"sha":"abc","task":"deploy"},"sha":"abc","ref":"main","repository":{"name":"checkout","full_name":"acme/checkout"},"installation":{"id":9}}`

func message(t *testing.T, s *web.Server, body string, headers ...string) answer {
	t.Helper()
	return do(t, s.Handler(), "POST", "/v1/hooks/github", body, append([]string{"X-GitHub-Event", "deployment_protection_rule"}, headers...)...)
}

// TestHookSigned takes messages only that are signed over their bytes with
// the secret, and each once.
func TestHookSigned(t *testing.T) {
	_, s, b, _ := hooked(t)
	old := hmac.New(sha1.New, []byte(hookSecret))
	old.Write([]byte(ruleMessage))
	for name, headers := range map[string][]string{
		"none":        nil,
		"empty":       {"X-Hub-Signature-256", ""},
		"no hex":      {"X-Hub-Signature-256", "sha256=zz"},
		"wrong":       {"X-Hub-Signature-256", "sha256=" + mac(ruleMessage+" ")},
		"half":        {"X-Hub-Signature-256", "sha256=" + mac(ruleMessage)[:32]},
		"no prefix":   {"X-Hub-Signature-256", mac(ruleMessage)},
		"SHA-1 only":  {"X-Hub-Signature", "sha1=" + hex.EncodeToString(old.Sum(nil))},
		"SHA-1 as it": {"X-Hub-Signature-256", "sha1=" + hex.EncodeToString(old.Sum(nil))},
	} {
		if a := message(t, s, ruleMessage, headers...); a.code != 401 || !strings.Contains(a.body, "bad-signature") {
			t.Errorf("%s: status %d: %s", name, a.code, a.body)
		}
	}
	good := []string{"X-Hub-Signature-256", "sha256=" + mac(ruleMessage)}
	if a := message(t, s, ruleMessage, append(good, "X-GitHub-Delivery", "1")...); a.code != 200 || len(b.all) != 1 {
		t.Fatalf("good: status %d: %s", a.code, a.body)
	}
	if a := message(t, s, ruleMessage, append(good, "X-GitHub-Delivery", "2")...); a.code != 200 || !strings.Contains(a.body, `"before":true`) || len(b.all) != 1 {
		t.Errorf("sent again under another delivery ID: status %d: %s", a.code, a.body)
	}
	if a := message(t, s, strings.Repeat(" ", 25<<20), good...); a.code != 413 {
		t.Errorf("25 MB: status %d", a.code)
	}
	if a := do(t, s.Handler(), "POST", "/v1/hooks/gitea", "{}"); a.code != 501 {
		t.Errorf("another tool: status %d", a.code)
	}
}

// TestHookRefused: what is signed and cannot be answered is refused, and no
// address of a message is dialled.
func TestHookRefused(t *testing.T) {
	_, s, b, f := hooked(t)
	for body, code := range map[string]int{
		`{`: 400,
		strings.Replace(ruleMessage, "runs/42", "runs/x", 1):                                      422,
		strings.Replace(ruleMessage, `"id":9`, `"id":-1`, 1):                                      422,
		strings.Replace(ruleMessage, `"acme/checkout"`, `"acme/../x"`, 1):                         422,
		strings.Replace(ruleMessage, `"requested"`, `"other"`, 1):                                 200, // asks nothing
		strings.Replace(ruleMessage, `"name":"checkout"`, `"name":"a\nb"`, 1):                     400,
		strings.Replace(ruleMessage, "https://api.github.com/", "http://169.254.169.254/x/y/", 1): 200, // answered at the API all the same
	} {
		if a := message(t, s, body, "X-Hub-Signature-256", "sha256="+mac(body)); a.code != code {
			t.Errorf("status %d, want %d: %s\n%s", a.code, code, a.body, body)
		}
	}
	if err := s.Answer(context.Background(), time.Now()); err != nil {
		t.Error(err)
	}
	if got, want := f.heard(204), "Bearer installation token /repos/acme/checkout/actions/runs/42/deployment_protection_rule approved"; got != want || len(b.all) != 1 {
		t.Errorf("told %q of %d, want %q", got, len(b.all), want)
	}
}

// TestToolsDoNotLead follows no redirect of a tool, which would carry its
// token elsewhere.
func TestToolsDoNotLead(t *testing.T) {
	inside := newForge(t)
	tool := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusTemporaryRedirect))
	defer tool.Close()
	_, s, b, _ := hooked(t, tool.URL)
	message(t, s, ruleMessage, "X-Hub-Signature-256", "sha256="+mac(ruleMessage))
	if err := s.Answer(context.Background(), time.Now()); err == nil || !strings.Contains(err.Error(), "answers 307") || len(b.all) != 1 || !b.all[0].Done.IsZero() {
		t.Errorf("answered: %v, kept %+v", err, b.all)
	}
	if told := inside.heard(204); told != "" {
		t.Errorf("another was told %q", told)
	}
}

// TestHookHeld: of a hold the tool is told once, and of its end when it ends;
// a tool that is away is told later, one that does not wait never.
func TestHookHeld(t *testing.T) {
	w, s, b, f := hooked(t)
	now := time.Now().Truncate(tick)
	blind := func(string, time.Time) float64 { return -1 }
	w.play(now, now, blind, nil)
	message(t, s, ruleMessage, "X-Hub-Signature-256", "sha256="+mac(ruleMessage))
	const to = "Bearer installation token /repos/acme/checkout/actions/runs/42/deployment_protection_rule "
	for i, step := range []struct {
		after time.Duration
		seen  bool
		says  string // what it hears
		then  int    // what it answers from then on
		fails bool
	}{
		{0, false, to, 204, false},
		{10 * time.Second, false, "", 503, false}, // nothing new
		{20 * time.Second, true, to + "approved", 204, true},
		{21 * time.Second, true, "", 204, false}, // not yet again
		{40 * time.Second, true, to + "approved", 204, false},
		{60 * time.Second, true, "", 204, false}, // done
	} {
		if step.seen {
			w.play(now, now, calm, nil)
		}
		err := s.Answer(context.Background(), now.Add(step.after))
		if got := f.heard(step.then); strings.TrimSpace(got) != strings.TrimSpace(step.says) || (err != nil) != step.fails {
			t.Errorf("step %d: told %q, want %q (%v)", i, got, step.says, err)
		}
	}
	if len(b.all) != 1 || b.all[0].Done.IsZero() || b.all[0].Error != "" {
		t.Errorf("kept: %+v", b.all)
	}
}

// TestHookGone: what GitHub does not know any more is not told again.
func TestHookGone(t *testing.T) {
	_, s, b, f := hooked(t)
	f.heard(404)
	message(t, s, ruleMessage, "X-Hub-Signature-256", "sha256="+mac(ruleMessage))
	err := s.Answer(context.Background(), time.Now())
	if err == nil || b.all[0].Done.IsZero() || strings.Contains(b.all[0].Error, "token ") {
		t.Errorf("kept %+v: %v", b.all[0], err)
	}
}

// TestHookGitLab answers status checks of merge requests.
func TestHookGitLab(t *testing.T) {
	w, s, _, f := hooked(t)
	body := `{"object_kind":"merge_request","project":{"id":3,"path_with_namespace":"shop/web"},"object_attributes":{"iid":5,"last_commit":{"id":"abc"}},"labels":[{"title":"change::feature"}],"external_approval_rule":{"id":8}}`
	w.play(time.Now().Truncate(tick), time.Now().Truncate(tick), surge(time.Now().Add(-time.Hour)), nil)
	if a := do(t, s.Handler(), "POST", "/v1/hooks/gitlab", body, "X-Gitlab-Signature", mac(body)); a.code != 200 {
		t.Fatalf("status %d: %s", a.code, a.body)
	}
	if a := do(t, s.Handler(), "POST", "/v1/hooks/gitlab", body, "X-Gitlab-Token", hookSecret); a.code != 401 {
		t.Errorf("a token is no signature: status %d", a.code)
	}
	if err := s.Answer(context.Background(), time.Now()); err != nil {
		t.Error(err)
	}
	if got, want := f.heard(204), "gitlab token /projects/3/merge_requests/5/status_check_responses failed"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}
