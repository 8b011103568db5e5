package web_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"setpoint.dev/setpoint/web"
)

// openapi is the document that a server serves.
func openapi(t *testing.T, h http.Handler) map[string]any {
	t.Helper()
	a := get(t, h, "/openapi.json")
	var doc map[string]any
	decode(t, a, &doc)
	if a.code != 200 || doc["openapi"] != "3.0.3" {
		t.Fatalf("status %d: %.300s", a.code, a.body)
	}
	return doc
}

// TestOpenAPICoversRoutes finds every route for programs in the document, and
// nothing in it that is no route.
func TestOpenAPICoversRoutes(t *testing.T) {
	h := web.New(web.Config{}).Handler()
	paths := openapi(t, h)["paths"].(map[string]any)
	described, served := 0, 0
	for _, operations := range paths {
		described += len(operations.(map[string]any))
	}
	err := chi.Walk(h.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method == http.MethodHead || !strings.HasPrefix(route, "/v1/") && !strings.HasPrefix(route, "/api/") && !strings.HasPrefix(route, "/healthz") && !strings.HasPrefix(route, "/readyz") && route != "/metrics" && route != "/openapi.json" {
			return nil
		}
		served++
		if at, ok := paths[route].(map[string]any); !ok || at[strings.ToLower(method)] == nil {
			t.Errorf("%s %s is not in the document", method, route)
		}
		return nil
	})
	if err != nil || described != served || served < 20 {
		t.Errorf("%d operations are described, %d served: %v", described, served, err)
	}
}

// TestOpenAPIAnswers holds real answers, in an incident and before the first
// tick, against their schemas: each status and every field.
func TestOpenAPIAnswers(t *testing.T) {
	w, busy := incident(time.Minute)
	doc := openapi(t, busy.Handler())
	compiler := jsonschema.NewCompiler()
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil || compiler.AddResource("openapi.json", parsed) != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("{name}", "checkout-latency", "{service}", "checkout", "{actuator}", "reporting-timeout", "{id}", w.records[0].Decision.ID, "{hook}", "event")
	checked := map[string]int{}
	for _, h := range []http.Handler{busy.Handler(), web.New(web.Config{}).Handler()} {
		for path, operations := range doc["paths"].(map[string]any) {
			for method := range operations.(map[string]any) {
				for _, query := range []string{"", "?strict=1&wait=soon&limit=0"} {
					a := do(t, h, strings.ToUpper(method), fill.Replace(path)+query, bodies()[path], "Content-Type", "application/json")
					checked[http.StatusText(a.code)]++
					checkAgainst(t, compiler, path, method, a)
				}
			}
		}
	}
	if checked["OK"] < 20 || checked["Created"] != 2 || checked["Not Found"] == 0 {
		t.Errorf("checked %v", checked)
	}
}

// bodies are what routes are sent.
func bodies() map[string]string {
	return map[string]string{
		"/v1/orders":                             `{"kind":"freeze","target":"checkout","by":"ann","why":"fair","for":"2h"}`,
		"/v1/gate/tekton":                        `{"interceptor_params":{"service":"checkout"}}`,
		"/v1/gate/kubernetes":                    `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1"}}`,
		"/api/v2/deployments/gates/evaluation":   `{"data":{"type":"x","attributes":{"service":"checkout"}}}`,
		"/v1/gate/flagger/{hook}":                `{"name":"checkout"}`,
		"/v1/gate/argo/{service}":                `{"environment":"prod"}`,
		"/v1/gate":                               `{"service":"checkout","size":4}`,
		"/api/v2/deployments/gates/evaluation/x": ``,
	}
}

// checkAgainst holds an answer against the schema that the document has for
// its path, method and status.
func checkAgainst(t *testing.T, c *jsonschema.Compiler, path, method string, a answer) {
	t.Helper()
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		return
	}
	pointer := func(status string) string {
		parts := []string{"paths", path, method, "responses", status, "content", "application/json", "schema"}
		for i, p := range parts {
			parts[i] = url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(p))
		}
		return "openapi.json#/" + strings.Join(parts, "/")
	}
	var schema *jsonschema.Schema
	var err error
	for _, status := range []string{strconv.Itoa(a.code), "default"} {
		if schema, err = c.Compile(pointer(status)); err == nil {
			break
		}
	}
	if err != nil {
		t.Errorf("%s %s: no schema for status %d: %v", method, path, a.code, err)
		return
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		t.Errorf("%s %s: status %d: %v\n%.500s", method, path, a.code, err, a.body)
	}
}
