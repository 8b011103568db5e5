//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// keepsTokens shows a server the secrets of tokens in every way in which a
// caller may, right or wrong, and looks for them in what it answers, logs,
// counts and puts on record.
func keepsTokens(t *testing.T, v *server, tokens ...string) {
	t.Helper()
	said := map[string]string{}
	for _, token := range tokens {
		for _, path := range []string{"/", "/gate?service=checkout", "/decisions", "/tokens", "/metrics", "/healthz", "/v1/status", "/v1/gate/checkout", "/v1/gate/nobody",
			"/v1/tokens", "/v1/orders", "/v1/no-such-thing", "/v1/decisions/no-such-id", "/v1/openapi.json", "/login"} {
			for name, r := range showings(t, v.url+path, token) {
				said[r.Method+" "+path+" with the token in "+name] = answerTo(t, r)
			}
		}
	}
	said["the log"] = v.logged(0)
	type row struct{ Name, Text string }
	for _, table := range rows[row](v, `select tablename::text as name, '' as text from pg_tables where schemaname = 'setpoint'`) {
		for i, r := range rows[row](v, `select '' as name, t::text as text from setpoint.`+table.Name+` t`) {
			said[fmt.Sprint("row ", i, " of ", table.Name)] = r.Text
		}
	}
	for what, text := range said {
		for _, token := range tokens {
			secret := token[strings.LastIndex(token, "_")+1:]
			if len(secret) < 40 {
				t.Fatalf("a token of another form: %d bytes after the last underscore", len(secret))
			}
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s: the secret of a token: …%s…", what, text[max(0, i-200):i])
			}
		}
	}
	if len(said) < 200 {
		t.Errorf("only %d answers and rows were looked at", len(said))
	}
}

// showings are requests that hold a token: as they should, and not.
func showings(t *testing.T, url, token string) map[string]*http.Request {
	t.Helper()
	make := func(method, url, body string, header ...string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		must(t, err)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r
	}
	query := url + "?token="
	if strings.Contains(url, "?") {
		query = url + "&token="
	}
	return map[string]*http.Request{
		"its header":       make("GET", url, "", "Authorization", "Bearer "+token),
		"another scheme":   make("GET", url, "", "Authorization", "Token "+token),
		"basic":            make("GET", strings.Replace(url, "://", "://x:"+token+"@", 1), ""),
		"the query":        make("GET", query+token, ""),
		"a cookie":         make("GET", url, "", "Cookie", "token="+token),
		"a header":         make("GET", url, "", "X-Auth-Token", token, "User-Agent", token, "Referer", "http://"+token),
		"a body":           make("POST", url, `{"token":"`+token+`","release":1}`, "Content-Type", "application/json", "Authorization", "Bearer "+token),
		"a form":           make("POST", url, "token="+token, "Content-Type", "application/x-www-form-urlencoded"),
		"a spoilt header":  make("GET", url, "", "Authorization", "Bearer "+token+"x"),
		"a method":         make("PUT", url, token, "Authorization", "Bearer "+token),
		"the type of body": make("POST", url, "{", "Content-Type", "text/"+strings.ToLower(token), "Authorization", "Bearer "+token),
	}
}

// answerTo is all of the answer.
func answerTo(t *testing.T, r *http.Request) string {
	t.Helper()
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := c.Do(r)
	must(t, err)
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	must(t, err)
	return fmt.Sprint(a.Status, a.Header, string(body))
}
