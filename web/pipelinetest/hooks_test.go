package pipelinetest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v88/github"
	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

const secret = "a secret of the webhook"

// A book keeps messages in memory.
type book []loop.Callback

func (b *book) AddCallback(_ context.Context, c loop.Callback) (bool, error) {
	*b = append(*b, c)
	return true, nil
}
func (b *book) KeepCallback(context.Context, loop.Callback) error  { return nil }
func (b *book) Callbacks(context.Context) ([]loop.Callback, error) { return *b, nil }

// A request is one that a remote got.
type request struct {
	Path   string
	Header map[string]string
	Body   map[string]any
}

// remote notes the requests of one path's end, and gives tokens to those who
// show a JWT that the app's key has signed.
func remote(t *testing.T, key *rsa.PublicKey, end string) (*httptest.Server, *[]request) {
	var got []request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.HasSuffix(r.URL.Path, "/access_tokens") {
			checkJWT(t, key, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
			_ = json.NewEncoder(w).Encode(github.InstallationToken{Token: github.Ptr("T"), ExpiresAt: &github.Timestamp{Time: time.Now().Add(time.Hour)}})
			return
		}
		if !strings.HasSuffix(r.URL.Path, end) {
			t.Errorf("asked for %s", r.URL.Path)
		}
		q := request{Path: strings.TrimPrefix(r.URL.Path, "/api/v3"), Header: map[string]string{"Authorization": r.Header.Get("Authorization"), "Private-Token": r.Header.Get("Private-Token"), "Content-Type": r.Header.Get("Content-Type")}}
		if err := json.Unmarshal(body, &q.Body); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		got = append(got, q)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(s.Close)
	return s, &got
}

func checkJWT(t *testing.T, key *rsa.PublicKey, text string) {
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	var claims jwt.Claims
	if err == nil {
		err = token.Claims(key, &claims)
	}
	if err == nil {
		err = claims.ValidateWithLeeway(jwt.Expected{Issuer: "7", Time: time.Now()}, 0)
	}
	if err != nil || claims.Expiry.Time().Sub(claims.IssuedAt.Time()) > 10*time.Minute {
		t.Errorf("the app shows %+v: %v", claims, err)
	}
}

// asked is a server that a tool asks by a message, which it answers.
func asked(t *testing.T, tool string, hook web.Hook, body []byte, header http.Header) {
	t.Helper()
	objective := slo.Objective{Name: "fast", Service: "checkout"}
	set := &slo.Set{Objectives: []slo.Objective{objective}, Policies: []slo.ReleasePolicy{{Name: "p", Service: "checkout", OnNoData: slo.Allow}}}
	var b book
	s := web.New(web.Config{
		Callbacks: &b, Hooks: map[string]web.Hook{tool: hook}, Set: func() *slo.Set { return set },
		Report: func() loop.Report { return loop.Report{At: time.Now(), Leader: true, Set: set} },
	})
	r := httptest.NewRequest(http.MethodPost, "/v1/hooks/"+tool, strings.NewReader(string(body)))
	r.Header = header
	w := httptest.NewRecorder()
	if s.Handler().ServeHTTP(w, r); w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if err := s.Answer(t.Context(), time.Now()); err != nil {
		t.Error(err)
	}
}

func mac(body []byte) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

// TestGitHubRule: a message as go-github writes it, with a signature that it
// accepts, is answered as it would answer.
func TestGitHubRule(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	at, got := remote(t, &key.PublicKey, "/deployment_protection_rule")
	body, err := json.Marshal(github.DeploymentProtectionRuleEvent{
		Action: github.Ptr("requested"), Environment: github.Ptr("production"),
		DeploymentCallbackURL: github.Ptr("https://api.github.com/repos/acme/checkout/actions/runs/42/deployment_protection_rule"),
		Deployment:            &github.Deployment{SHA: github.Ptr("abc"), Task: github.Ptr("deploy")},
		Repo:                  &github.Repository{Name: github.Ptr("checkout"), FullName: github.Ptr("acme/checkout")},
		Installation:          &github.Installation{ID: github.Ptr(int64(9))},
	})
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	header.Set(github.SHA256SignatureHeader, "sha256="+mac(body))
	header.Set(github.EventTypeHeader, "deployment_protection_rule")
	if err := github.ValidateSignature(header.Get(github.SHA256SignatureHeader), body, []byte(secret)); err != nil {
		t.Fatal(err)
	}
	asked(t, "github", &web.GitHub{App: "7", Key: key, Secrets: []slo.Secret{secret}, API: at.URL, HTTP: at.Client()}, body, header)
	if len(*got) != 1 {
		t.Fatalf("got %+v", *got)
	}
	theirs, err := github.NewClient(github.WithAuthToken("T"), github.WithEnterpriseURLs(at.URL, at.URL))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Actions.ReviewCustomDeploymentProtectionRule(t.Context(), "acme", "checkout", 42, &github.ReviewCustomDeploymentProtectionRuleRequest{EnvironmentName: "production", State: "approved", Comment: fmt.Sprint((*got)[0].Body["comment"])}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff((*got)[1], (*got)[0]); diff != "" {
		t.Errorf("told otherwise than by go-github (-theirs +ours):\n%s", diff)
	}
}

// TestGitLabStatusCheck: a message as GitLab's client writes it is answered as
// it would answer.
func TestGitLabStatusCheck(t *testing.T) {
	at, got := remote(t, nil, "/status_check_responses")
	var e gitlab.MergeEvent
	e.ObjectKind, e.Project.ID, e.Project.PathWithNamespace, e.ObjectAttributes.IID, e.ObjectAttributes.LastCommit.ID = "merge_request", 3, "acme/checkout", 5, "abc"
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	body := append(text[:len(text)-1], []byte(`,"external_approval_rule":{"id":8,"name":"setpoint","external_url":"https://setpoint.example"}}`)...)
	asked(t, "gitlab", &web.GitLab{Secrets: []slo.Secret{secret}, Token: "T", API: at.URL + "/api/v4", HTTP: at.Client()}, body, http.Header{"X-Gitlab-Signature": {mac(body)}})
	theirs, err := gitlab.NewClient("T", gitlab.WithBaseURL(at.URL))
	if err != nil {
		t.Fatal(err)
	}
	_, err = theirs.ExternalStatusChecks.SetExternalStatusCheckStatus(3, 5, &gitlab.SetExternalStatusCheckStatusOptions{SHA: gitlab.Ptr("abc"), ExternalStatusCheckID: gitlab.Ptr(int64(8)), Status: gitlab.Ptr("passed")})
	if err != nil || len(*got) != 2 {
		t.Fatalf("got %+v: %v", *got, err)
	}
	if diff := cmp.Diff((*got)[1], (*got)[0]); diff != "" {
		t.Errorf("told otherwise than by GitLab's client (-theirs +ours):\n%s", diff)
	}
}
