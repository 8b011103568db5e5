package pipelinetest

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	tfe "github.com/hashicorp/go-tfe"

	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// A patch is a request of a callback, as HCP Terraform gets it.
type patch struct {
	Asked, Token, Type string
	Body               map[string]map[string]any
}

// terraform notes what it is called back with.
func terraform(t *testing.T) (*httptest.Server, *[]patch) {
	var got []patch
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet { // go-tfe asks which version it talks to
			return
		}
		body, _ := io.ReadAll(r.Body)
		p := patch{Asked: r.Method + " " + r.URL.RequestURI(), Token: r.Header.Get("Authorization"), Type: r.Header.Get("Content-Type")}
		if err := json.Unmarshal(body, &p.Body); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		got = append(got, p)
	}))
	t.Cleanup(s.Close)
	return s, &got
}

// TestTerraformRunTask: a message as go-tfe writes it is answered as go-tfe
// would answer.
func TestTerraformRunTask(t *testing.T) {
	at, got := terraform(t)
	const token = "4QEuyyxug1f2rw.atlasv1.iDyxqhXGVZ0ykes53YdQyHy"
	ask := tfe.RunTaskRequest{
		AccessToken: token, PayloadVersion: 1, Stage: "pre_apply", OrganizationName: "hashicorp", WorkspaceName: "checkout", WorkspaceID: "ws-ck4G5bb1Yei5szRh",
		RunID: "run-i3Df5to9ELvibKpQ", RunCreatedAt: time.Now(), TaskResultID: "taskrs-2nH5dncYoXaMVQmJ", TaskResultEnforcementLevel: string(tfe.Mandatory),
		TaskResultCallbackURL: at.URL + "/api/v2/task-results/5ea8d46c-2ceb-42cd-83f2-82e54697bddd/callback",
	}
	body, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	m := hmac.New(sha512.New, []byte(secret))
	m.Write(body)
	header := http.Header{}
	header.Set("X-TFC-Task-Signature", hex.EncodeToString(m.Sum(nil)))
	asked(t, "terraform", &web.Terraform{Secrets: []slo.Secret{secret}, API: at.URL, HTTP: at.Client()}, body, header)
	if len(*got) != 1 {
		t.Fatalf("got %+v", *got)
	}
	ours := (*got)[0].Body["data"]["attributes"].(map[string]any)
	theirs, err := tfe.NewClient(&tfe.Config{Address: at.URL, Token: "of somebody else", HTTPClient: at.Client()})
	if err != nil {
		t.Fatal(err)
	}
	says := tfe.TaskResultCallbackRequestOptions{Status: tfe.TaskPassed, Message: ours["message"].(string)}
	if says.URL, _ = ours["url"].(string); says.Message == "" {
		t.Error("there is no message")
	}
	if err := theirs.RunTasksIntegration.Callback(t.Context(), ask.TaskResultCallbackURL, token, says); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff((*got)[1], (*got)[0]); diff != "" {
		t.Errorf("told otherwise than by go-tfe (-theirs +ours):\n%s", diff)
	}
}
