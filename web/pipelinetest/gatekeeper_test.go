package pipelinetest

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/apis/externaldata/unversioned"
	"github.com/open-policy-agent/frameworks/constraint/pkg/externaldata"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/types"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// provider is a gate with so much budget left, as Gatekeeper knows it.
func provider(t *testing.T, remaining float64) *unversioned.Provider {
	t.Helper()
	pair, ca := certificate(t, "setpoint.test")
	s := httptest.NewUnstartedServer(gate(remaining))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.StartTLS()
	t.Cleanup(s.Close)
	text, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	return &unversioned.Provider{ObjectMeta: meta.ObjectMeta{Name: t.Name()}, Spec: unversioned.ProviderSpec{
		URL: s.URL + "/v1/gate/gatekeeper", Timeout: 3, CABundle: base64.StdEncoding.EncodeToString(text),
	}}
}

// external has Gatekeeper's own client ask, and makes of the answer what a
// policy sees.
func external(t *testing.T, p *unversioned.Provider, keys ...string) *externaldata.RegoResponse {
	t.Helper()
	answer, status, err := externaldata.DefaultSendRequestToProvider(t.Context(), p, keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Kind != externaldata.ProviderResponseKind || answer.APIVersion != "externaldata.gatekeeper.sh/v1beta1" {
		t.Errorf("this is a %s of %s", answer.Kind, answer.APIVersion)
	}
	return externaldata.NewRegoResponse(status, answer)
}

func TestGatekeeper(t *testing.T) {
	p := provider(t, -1)
	const denied, unread, nobody = "service=checkout&environment=production", "service=checkout;x", "service=nobody"
	got := external(t, p, denied, unread, nobody)
	if got.StatusCode != 200 || got.SystemError != "" || len(got.Responses) != 2 || len(got.Errors) != 1 || got.Errors[0][0] != unread {
		t.Fatalf("got %+v", got)
	}
	for i, verdict := range []string{"deny", "hold"} {
		answer, _ := got.Responses[i][1].(map[string]any)
		if answer["verdict"] != verdict || answer["allowed"] != false {
			t.Errorf("%s: %v", got.Responses[i][0], answer)
		}
	}
	if got := external(t, p); got.SystemError == "" || len(got.Responses) != 0 {
		t.Errorf("without a key: %+v", got)
	}
}

// policy is the Rego of a page.
func policy(t *testing.T, page, begins string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/pipelines/" + page)
	if err != nil {
		t.Fatal(err)
	}
	_, code, ok := strings.Cut(string(text), begins)
	if code, _, _ = strings.Cut(code, "```"); !ok {
		t.Fatalf("%s has no %s", page, begins)
	}
	code, _, _ = strings.Cut(code, "\n---")
	return regexp.MustCompile(`(?m)^ {10}`).ReplaceAllString(code, "")
}

// TestGatekeeperTemplate runs the template of the page with OPA: on a gate that
// allows, denies and does not know the service, on a change that is none, and
// where nobody answers.
func TestGatekeeperTemplate(t *testing.T) {
	code := policy(t, "gatekeeper.md", "rego: |\n")
	for name, c := range map[string]struct {
		remaining float64
		object    string
		before    string
		says      string
	}{
		"allowed":   {1, "checkout", "v1", ""},
		"denied":    {-1, "checkout", "v1", "deny: fast has no budget left"},
		"new":       {-1, "checkout", "", "deny: fast has no budget left"},
		"unknown":   {1, "nobody", "v1", "hold: "},
		"unchanged": {-1, "checkout", "v2", ""},
		"unread":    {1, "${NAME}", "v1", "the gate does not answer: 200"},
	} {
		p := provider(t, c.remaining)
		review := map[string]any{"object": map[string]any{"metadata": map[string]any{"name": c.object, "namespace": "production"}, "spec": map[string]any{"template": "v2"}}}
		if c.before != "" {
			review["oldObject"] = map[string]any{"spec": map[string]any{"template": c.before}}
		}
		got := violations(t, code, review, func(keys []string) *externaldata.RegoResponse { return external(t, p, keys...) })
		if (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
}

// violations evaluates a template of Gatekeeper, whose external_data asks by
// ask.
func violations(t *testing.T, code string, review map[string]any, ask func(keys []string) *externaldata.RegoResponse) string {
	t.Helper()
	builtin := rego.Function1(&rego.Function{Name: "external_data", Decl: types.NewFunction(types.Args(types.A), types.A)}, func(_ rego.BuiltinContext, arg *ast.Term) (*ast.Term, error) {
		var asks externaldata.RegoRequest
		if err := ast.As(arg.Value, &asks); err != nil {
			return nil, err
		}
		return externaldata.PrepareRegoResponse(ask(asks.Keys))
	})
	results, err := rego.New(rego.Query("data.setpointgate.violation[_].msg"), rego.Module("template.rego", code), rego.SetRegoVersion(ast.RegoV0), builtin,
		rego.Input(map[string]any{"review": review})).Eval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var says []string
	for _, r := range results {
		says = append(says, r.Expressions[0].Value.(string))
	}
	return strings.Join(says, "\n")
}

// TestOPA runs the policy of docs/pipelines/other.md with OPA's own http.send.
func TestOPA(t *testing.T) {
	code := policy(t, "other.md", "```rego\n")
	for name, c := range map[string]struct {
		remaining float64
		path      string
		deny      string
		warn      string
	}{
		"allowed": {1, "checkout", "", ""}, "denied": {-1, "checkout", "deny: fast", ""}, "unknown": {1, "nobody", "", "hold: "}, "unread": {1, "$(SERVICE)", "the gate does not answer", ""},
	} {
		s := httptest.NewServer(gate(c.remaining))
		mine := strings.NewReplacer("https://setpoint.example", s.URL, "/checkout?", "/"+c.path+"?").Replace(code)
		runtime := ast.MustParseTerm(`{"env": {"TOKEN": "a token"}}`)
		results, err := rego.New(rego.Query("data.release"), rego.Module("release.rego", mine), rego.Runtime(runtime)).Eval(t.Context())
		s.Close()
		if err != nil || len(results) != 1 {
			t.Fatalf("%s: %v: %v", name, results, err)
		}
		said, _ := json.Marshal(results[0].Expressions[0].Value)
		var got struct{ Deny, Warn []string }
		if err := json.Unmarshal(said, &got); err != nil {
			t.Fatal(err)
		}
		if deny, warn := strings.Join(got.Deny, ""), strings.Join(got.Warn, ""); (deny == "") != (c.deny == "") || (warn == "") != (c.warn == "") || !strings.Contains(deny, c.deny) || !strings.Contains(warn, c.warn) {
			t.Errorf("%s: deny %q, warn %q", name, deny, warn)
		}
	}
}
