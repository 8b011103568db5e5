package web_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// TestAskedOddly asks a gate that denies, by status, in ways in which tools and
// people were seen to ask, or to get it wrong: 403 where the question can be
// understood, 409 where it is about nobody, else an error; never a good status.
func TestAskedOddly(t *testing.T) {
	h := house(spent)
	const object = "application/json"
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		code               int
	}{
		"as the page says":            {"GET", "/v1/gate/checkout?strict=1", "", nil, 403},
		"for a page":                  {"GET", "/v1/gate/checkout?strict=1", "", []string{"Accept", "text/html"}, 403},
		"for brotli":                  {"GET", "/v1/gate/checkout?strict=1", "", []string{"Accept-Encoding", "br"}, 403},
		"for a part":                  {"GET", "/v1/gate/checkout?strict=1", "", []string{"Range", "bytes=0-9"}, 403},
		"if it is new":                {"GET", "/v1/gate/checkout?strict=1", "", []string{"If-None-Match", "*"}, 403},
		"a name in capitals":          {"GET", "/v1/gate/checkout?Strict=1", "", nil, 403},
		"a field in capitals":         {"GET", "/v1/gate?Service=checkout&STRICT=True", "", nil, 403},
		"said twice, alike":           {"GET", "/v1/gate/checkout?strict=1&strict=1", "", nil, 403},
		"said twice, differently":     {"GET", "/v1/gate/checkout?strict=0&strict=1", "", nil, 400},
		"two services":                {"GET", "/v1/gate?service=reporting&service=checkout&strict=1", "", nil, 400},
		"two, in two cases":           {"GET", "/v1/gate?service=reporting&Service=checkout", "", nil, 400},
		"a semicolon":                 {"GET", "/v1/gate/checkout?environment=prod;strict=1", "", nil, 400},
		"a query from a page":         {"GET", "/v1/gate/checkout?environment=prod&amp;strict=1", "", nil, 400},
		"badly escaped":               {"GET", "/v1/gate/checkout?strict=%zz", "", nil, 400},
		"by Argo, badly escaped":      {"GET", "/v1/gate/argo/checkout?change=%zz", "", nil, 400},
		"by Flagger, badly escaped":   {"POST", "/v1/gate/flagger/confirm-rollout?change=%zz", `{"name":"reporting"}`, nil, 400},
		"the end of a line":           {"GET", "/v1/gate?service=checkout%0a&strict=1", "", nil, 403},
		"blanks around":               {"GET", "/v1/gate?service=%20checkout+&strict=1", "", nil, 403},
		"in another language":         {"GET", "/v1/gate/b%C3%BCcher%2Fladen?strict=1", "", nil, 409},
		"a fragment":                  {"GET", "/v1/gate/checkout%23x?strict=1", "", nil, 409},
		"a file's ending":             {"GET", "/v1/gate/checkout.json?strict=1", "", nil, 409},
		"two slashes":                 {"GET", "//v1/gate/checkout?strict=1", "", nil, 404},
		"two slashes inside":          {"GET", "/v1/gate//checkout?strict=1", "", nil, 404},
		"a path in capitals":          {"GET", "/V1/Gate/checkout?strict=1", "", []string{"Accept", "text/html"}, 404},
		"HEAD":                        {"HEAD", "/v1/gate/checkout?strict=1", "", nil, 405},
		"OPTIONS":                     {"OPTIONS", "/v1/gate/checkout?strict=1", "", nil, 405},
		"a method in small letters":   {"get", "/v1/gate/checkout?strict=1", "", nil, 405},
		"a release of 300 bytes":      {"GET", "/v1/gate/checkout?strict=1&release=" + strings.Repeat("a", 300), "", nil, 400},
		"strictness in the body":      {"POST", "/v1/gate", `{"service":"checkout","strict":true}`, []string{"Content-Type", object}, 403},
		"strictness as a number":      {"POST", "/v1/gate", `{"service":"checkout","strict":1}`, []string{"Content-Type", object}, 403},
		"strictness in a form":        {"POST", "/v1/gate", "service=checkout&strict=1&format=text", []string{"Content-Type", formed}, 403},
		"strictness that is no word":  {"POST", "/v1/gate", `{"service":"checkout","strict":"please"}`, nil, 400},
		"a body with a GET":           {"GET", "/v1/gate", `{"service":"checkout","strict":true}`, []string{"Content-Type", object}, 403},
		"a GET with no object":        {"GET", "/v1/gate/checkout", `[1]`, []string{"Content-Type", object}, 400},
		"text/json":                   {"POST", "/v1/gate?strict=1", `{"service":"checkout"}`, []string{"Content-Type", "text/json"}, 403},
		"no type":                     {"POST", "/v1/gate?strict=1", `{"service":"checkout"}`, nil, 403},
		"fields in capitals":          {"POST", "/v1/gate?strict=1", `{"Service":"checkout","Strict":"1"}`, nil, 403},
		"fields without values":       {"POST", "/v1/gate/checkout?strict=1", `{"environment":null,"release":null,"size":null}`, nil, 403},
		"an object with nothing":      {"POST", "/v1/gate/checkout?strict=1", `{}`, nil, 403},
		"a service that is a number":  {"POST", "/v1/gate?strict=1", `{"service":12}`, nil, 409},
		"a service that is nothing":   {"POST", "/v1/gate?strict=1", `{"service":null}`, nil, 400},
		"two services in a body":      {"POST", "/v1/gate?strict=1", `{"service":"reporting","service":"checkout"}`, nil, 400},
		"two of them in two cases":    {"POST", "/v1/gate?strict=1", `{"service":"reporting","Service":"checkout"}`, nil, 400},
		"two services in a form":      {"POST", "/v1/gate?strict=1", "service=reporting&service=checkout", []string{"Content-Type", formed}, 400},
		"JSON in a text":              {"POST", "/v1/gate?strict=1", `"{\"service\":\"checkout\"}"`, nil, 400},
		"a list, as curl -d sends it": {"POST", "/v1/gate/checkout?strict=1", `[{"environment":"prod"}]`, []string{"Content-Type", formed}, 400},
		"XML, as curl -d sends it":    {"POST", "/v1/gate/checkout?strict=1", `<a b="c"/>`, []string{"Content-Type", formed}, 400},
		"gzip":                        {"POST", "/v1/gate/checkout?strict=1", zipped(`{"environment":"prod"}`), []string{"Content-Type", object, "Content-Encoding", "gzip"}, 415},
		"gzip that is not said":       {"POST", "/v1/gate/checkout?strict=1", zipped(`{"environment":"prod"}`), []string{"Content-Type", formed}, 400},
		"ISO 8859-1":                  {"POST", "/v1/gate/checkout?strict=1", "{\"environment\":\"z\xfcrich\"}", []string{"Content-Type", object}, 400},
		"UTF-16":                      {"POST", "/v1/gate/checkout?strict=1", "\xff\xfe{\x00}\x00", []string{"Content-Type", "application/json; charset=utf-16"}, 400},
		"a form of many parts":        {"POST", "/v1/gate/checkout?strict=1", "--x\r\n\r\n--x--", []string{"Content-Type", "multipart/form-data; boundary=x"}, 400},
	} {
		a := do(t, h, c.method, c.path, c.body, c.headers...)
		if a.code != c.code {
			t.Errorf("%s: status %d, want %d: %s", name, a.code, c.code, a.body)
		}
		if text := strings.HasPrefix(a.body, "deny: "); a.code == http.StatusOK || !text && !json.Valid([]byte(a.body)) {
			t.Errorf("%s: %d %s", name, a.code, a.body)
		}
	}
}

// TestGatekeeperRefuses: what is no request of Gatekeeper is an error in the
// place where it looks for one, whatever the status is, and nothing is allowed.
func TestGatekeeperRefuses(t *testing.T) {
	h := house(well)
	for name, body := range map[string]string{
		"nothing": "", "a list": "[]", "no kind": `{"request":{"keys":["service=checkout"]}}`, "no keys": `{"kind":"ProviderRequest","request":{}}`, "another kind": `{"kind":"ProviderResponse","request":{"keys":["service=checkout"]}}`,
		"many keys": `{"kind":"ProviderRequest","request":{"keys":["service=checkout"` + strings.Repeat(`,"service=checkout"`, 100) + `]}}`,
	} {
		a := post(t, h, "/v1/gate/gatekeeper", body)
		if a.code != 200 || !strings.Contains(a.body, `"items":[],"systemError":"the body is`) {
			t.Errorf("%s: status %d: %s", name, a.code, a.body)
		}
	}
	for _, key := range []string{"", "checkout", "service=${NAME}", "service=checkout;environment=prod", "service=checkout&service=reporting", "service=checkout&size=large"} {
		text, err := json.Marshal(map[string]any{"kind": "ProviderRequest", "request": map[string]any{"keys": []string{key}}})
		if err != nil {
			t.Fatal(err)
		}
		if a := post(t, h, "/v1/gate/gatekeeper", string(text)); a.code != 200 || !strings.Contains(a.body, `"error":"`) || strings.Contains(a.body, `"value"`) {
			t.Errorf("%q: status %d: %s", key, a.code, a.body)
		}
	}
}
