package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// noted is a gate about checkout that notes what it was asked last.
func noted() (http.Handler, *loop.GateQuestion) {
	w := newWorld()
	now := time.Now().Truncate(tick)
	w.play(now.Add(-10*tick), now, func(string, time.Time) float64 { return 0 }, nil)
	cfg, q := w.config(), &loop.GateQuestion{}
	cfg.Record = func(_ context.Context, v loop.Verdict) (web.Kept, error) {
		a := v.Answer
		*q = loop.GateQuestion{Service: a.Service, Environment: a.Environment, Region: a.Region, Change: a.Change, Release: a.Release, Size: a.Size}
		return web.Kept{ID: "v"}, nil
	}
	return web.New(cfg).Handler(), q
}

const formed = "application/x-www-form-urlencoded"

// whole is a question with all of its fields.
func whole() loop.GateQuestion {
	size := int64(40)
	return loop.GateQuestion{Service: "checkout", Environment: "prod", Region: "eu-west", Change: "feature", Release: "1234", Size: &size}
}

// TestAskedAnyhow asks the same in every way in which a tool can send it.
func TestAskedAnyhow(t *testing.T) {
	query := "environment=prod&region=eu-west&change=feature&release=1234&size=40"
	object := `{"environment": "prod", "region": "eu-west", "change": "feature", "release": "1234", "size": "40", "other": {"deep": [1]}, "none": null}`
	numbers := ` {"service": "checkout", "environment": "prod", "region": "eu-west", "change": "feature", "release": 1234, "size": 40}` + "\n"
	for name, c := range map[string][]string{
		"the address":               {"GET", "/v1/gate/checkout?" + query},
		"the address, by POST":      {"POST", "/v1/gate/checkout?" + query},
		"the service in the query":  {"GET", "/v1/gate?service=checkout&" + query},
		"a slash at the end":        {"GET", "/v1/gate/checkout/?" + query},
		"JSON":                      {"POST", "/v1/gate/checkout", object, "application/json"},
		"JSON by curl -d":           {"POST", "/v1/gate/checkout", object, formed},
		"JSON without its type":     {"POST", "/v1/gate/checkout", "\ufeff" + object, ""},
		"numbers, with the service": {"POST", "/v1/gate", numbers, "application/json; charset=utf-8"},
		"a form":                    {"POST", "/v1/gate", "service=checkout&" + query, formed},
		"some here, some there":     {"POST", "/v1/gate/checkout?environment=prod&size=40&region=eu-west", `{"service": "no", "environment": "no", "change": "feature", "release": "1234"}`, "application/json"},
		"Argo, by PUT":              {"PUT", "/v1/gate/argo/checkout", object, "application/json"},
	} {
		h, got := noted()
		c = append(c, "", "")
		a := do(t, h, c[0], c[1], c[2], "Content-Type", c[3])
		if diff := cmp.Diff(whole(), *got); a.code != 200 || diff != "" {
			t.Errorf("%s: status %d: %s\n%s", name, a.code, a.body, diff)
		}
	}
}

// TestAskedByTools has each tool name all that can be asked, in the places
// that docs/pipelines says.
func TestAskedByTools(t *testing.T) {
	annotated := deployment("v2", `, "annotations": {"setpoint.dev/service":"checkout","setpoint.dev/environment":"prod","setpoint.dev/region":"eu-west","setpoint.dev/change":"feature ABC-1","setpoint.dev/size":"40"}, "labels": {"app.kubernetes.io/version": "1234"}`)
	says := `"service": "checkout", "environment": "prod", "region": "eu-west", "change": "feature", "release": "1234", "size": "40"`
	for tool, c := range map[string]struct{ path, body string }{
		"flagger":           {"/v1/gate/flagger/confirm-rollout", fmt.Sprintf(canary, says)},
		"flagger's address": {"/v1/gate/flagger/rollback?region=eu-west&size=40&environment=prod&change=feature&release=1234", fmt.Sprintf(canary, "")},
		"tekton":            {"/v1/gate/tekton", `{"interceptor_params": {"service": "checkout", "environment": "prod", "size": 40}, "extensions": {"region": "eu-west", "change": "feature", "release": 1234}}`},
		"kubernetes":        {"/v1/gate/kubernetes", review("CREATE", "null", annotated, "")},
		"gatekeeper":        {"/v1/gate/gatekeeper", `{"apiVersion": "externaldata.gatekeeper.sh/v1beta1", "kind": "ProviderRequest", "request": {"keys": ["service=checkout&environment=prod&region=eu-west&change=feature&release=1234&size=40"]}}`},
		"datadog":           {"/api/v2/deployments/gates/evaluation", `{"data": {"attributes": {"service": "checkout", "env": "prod", "identifier": "feature", "version": "1234", "apm_primary_tag": "region:eu-west"}}}`},
	} {
		h, got := noted()
		a := post(t, h, c.path, c.body)
		if strings.Contains(a.body, "evaluation_id") {
			var ticket struct{ Data struct{ ID string } }
			if err := json.Unmarshal([]byte(a.body), &ticket); err != nil {
				t.Fatal(err)
			}
			a = get(t, h, c.path+"/"+ticket.Data.ID)
		}
		want := whole()
		if tool == "datadog" {
			want.Size = nil // which it has no place for
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s: status %d: %s\n%s", tool, a.code, a.body, diff)
		}
	}
}

// TestAskedByMessages: deployments of GitHub and labels of GitLab say region
// and size; a size that is none is left out there, where it may mean another
// thing.
func TestAskedByMessages(t *testing.T) {
	rule := `{"action":"requested","environment":"prod","deployment_callback_url":"https://api.github.com/repos/a/checkout/actions/runs/4/deployment_protection_rule","deployment":{"sha":"1234","task":"feature","payload":%s},"repository":{"name":"checkout","full_name":"a/checkout"},"installation":{"id":9}}`
	merge := `{"object_kind":"merge_request","project":{"id":3,"path_with_namespace":"a/checkout"},"object_attributes":{"iid":5,"last_commit":{"id":"1234"}},"labels":[{"title":"change::feature"},{"title":"environment::prod"},{"title":"region::eu-west"},{"title":"size::%s"}],"external_approval_rule":{"id":8}}`
	github := http.Header{"X-Github-Event": {"deployment_protection_rule"}}
	for body, sized := range map[string]bool{
		fmt.Sprintf(rule, `{"region":"eu-west","size":40}`):             true,
		fmt.Sprintf(rule, `"{\"region\":\"eu-west\",\"size\":\"40\"}"`): true,
		fmt.Sprintf(rule, `{"region":"eu-west","size":"XL"}`):           false,
		fmt.Sprintf(merge, "40"):                                        true,
		fmt.Sprintf(merge, "XL"):                                        false,
	} {
		var hook web.Hook = &web.GitLab{}
		if strings.Contains(body, "installation") {
			hook = &web.GitHub{}
		}
		c, asks, err := hook.Read(&http.Request{Header: github}, []byte(body))
		want := whole()
		if !sized {
			want.Size = nil
		}
		if diff := cmp.Diff(want, c.Question); err != nil || !asks || diff != "" {
			t.Errorf("%s: %v\n%s", body, err, diff)
		}
	}
}

// TestAskedWrongly: what cannot be read is said in JSON, and is no answer.
func TestAskedWrongly(t *testing.T) {
	h := house(well)
	for _, c := range []struct {
		body, kind, says string
		code             int
	}{
		{"[]", "application/json", `"bad-body"`, 400}, {"null", "application/json", `"bad-body"`, 400}, {`{"change": `, "application/json", `"bad-body"`, 400},
		{`{} {}`, "application/json", `"bad-body"`, 400}, {`{"change": ["fix"]}`, "application/json", "the field change of the body is no text", 400},
		{"<change>fix</change>", "text/xml", "neither a JSON object nor a form", 400}, {"change=fix", "text/plain", `"bad-body"`, 400}, {"change=%zz", formed, `"bad-body"`, 400},
		{"--x\r\nContent-Disposition: form-data; name=change\r\n\r\nfix\r\n--x--", "multipart/form-data; boundary=x", `"bad-body"`, 400},
		{`{"size": -1}`, "application/json", `"bad-number"`, 400}, {`{"size": 1.5}`, "application/json", `"bad-number"`, 400}, {`{"release": "a\u0000"}`, "application/json", `"unprintable"`, 400},
		{`{"pad": "` + strings.Repeat("x", 100_000) + `"}`, "application/json", `"too-large"`, 413},
	} {
		a := do(t, h, "POST", "/v1/gate/checkout", c.body, "Content-Type", c.kind)
		if a.code != c.code || !strings.Contains(a.body, c.says) || !json.Valid([]byte(a.body)) {
			t.Errorf("%.40s as %s: status %d: %s", c.body, c.kind, a.code, a.body)
		}
	}
	for _, query := range []string{"format=xml", "wait=soon", "strict=perhaps", "size=large"} {
		if a := get(t, h, "/v1/gate/checkout?"+query); a.code != 400 || !json.Valid([]byte(a.body)) {
			t.Errorf("%s: status %d: %s", query, a.code, a.body)
		}
	}
}

// TestUnfilled: a placeholder is no environment, whichever tool forgot to fill
// it in. By Kubernetes such an object is refused by the review itself: another
// status would admit it where the failure policy is Ignore.
func TestUnfilled(t *testing.T) {
	h := house(well)
	for _, text := range []string{"{{args.env}}", "${ENV}", "$(Build.Env)", "#{Octopus.Env}", "<+env.name>", "<%= env %>", "%ENV%", "eu-${REGION}", "undefined", "null", "None", "<no value>", "<nil>", "[object Object]"} {
		for _, path := range []string{"/v1/gate/checkout?environment=", "/v1/gate?service=", "/v1/gate/argo/checkout?release=", "/v1/gate/checkout?region="} {
			if a := get(t, h, path+url.QueryEscape(text)); a.code != 400 || !strings.Contains(a.body, `"unfilled"`) {
				t.Errorf("%s%s: status %d: %s", path, text, a.code, a.body)
			}
		}
	}
	for _, text := range []string{"v1+2", "none", "undefined-1", "50%", "feature/(a)", "$5", "release-{a}"} {
		if a := get(t, h, "/v1/gate/checkout?release="+url.QueryEscape(text)); a.code != 200 {
			t.Errorf("%s: status %d: %s", text, a.code, a.body)
		}
	}
	says := deployment("v2", `, "annotations": {"setpoint.dev/environment":"${ENV}"}`)
	if a := post(t, h, "/v1/gate/kubernetes", review("CREATE", "null", says, "")); a.code != 200 || !strings.Contains(a.body, `"allowed":false`) || !strings.Contains(a.body, "placeholder") {
		t.Errorf("Kubernetes: status %d: %s", a.code, a.body)
	}
}

// TestGateInALine: the line begins with the verdict; errors are JSON.
func TestGateInALine(t *testing.T) {
	for verdict, m := range map[string]mood{"allow: ": well, "deny: ": spent, "hold: ": unseen} {
		a := get(t, house(m), "/v1/gate/checkout?format=text")
		if a.code != 200 || !strings.HasPrefix(a.body, verdict) || strings.Count(a.body, "\n") != 1 || a.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: status %d: %q", verdict, a.code, a.body)
		}
	}
	if a := get(t, house(spent), "/v1/gate/checkout?format=text&strict=1"); a.code != 403 {
		t.Errorf("strict: status %d: %s", a.code, a.body)
	}
	if a := get(t, house(spent), "/v1/gate?format=text"); a.code != 400 || !json.Valid([]byte(a.body)) {
		t.Errorf("no service: status %d: %s", a.code, a.body)
	}
}

// TestGateWaits: a hold is put off until a tick ends it, or the time is up; a
// denial is not.
func TestGateWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		now := time.Now().Truncate(tick)
		w.play(now.Add(-10*tick), now, func(string, time.Time) float64 { return 0 }, nil)
		var shown atomic.Pointer[loop.Report]
		show := func(m mood) {
			r := w.report
			r.States = slices.Clone(r.States)
			m(&r, nil)
			shown.Store(&r)
		}
		cfg := w.config()
		cfg.Report = func() loop.Report { return *shown.Load() }
		show(unseen)
		s := web.New(cfg)
		h := s.Handler()
		ask := func() (slo.Verdict, time.Duration) {
			var got client.Answer
			begun := time.Now()
			decode(t, get(t, h, "/v1/gate/checkout?wait=20s"), &got)
			return slo.Verdict(got.Verdict), time.Since(begun)
		}
		if v, took := ask(); v != slo.Hold || took != 20*time.Second {
			t.Errorf("nothing changes: %s after %s", v, took)
		}
		time.AfterFunc(7*time.Second, func() {
			show(well)
			s.Ticked(*shown.Load(), 0)
		})
		if v, took := ask(); v != slo.Allow || took != 7*time.Second {
			t.Errorf("a tick ends it: %s after %s", v, took)
		}
		show(spent)
		if v, took := ask(); v != slo.Deny || took != 0 {
			t.Errorf("a denial: %s after %s", v, took)
		}
	})
}

// TestToldAnyhow tells of a release as JSON with a number in it, and by a form.
func TestToldAnyhow(t *testing.T) {
	for kind, body := range map[string]string{"application/json": `{"service":"checkout","release":12,"environment":"prod"}`, formed: "service=checkout&release=12&environment=prod"} {
		book := &deployBook{}
		w := newWorld()
		cfg := w.config()
		cfg.Deploys = book
		a := do(t, web.New(cfg).Handler(), "POST", "/v1/deploys", body, "Content-Type", kind)
		if a.code != 201 || !strings.Contains(a.body, `"release":"12"`) || !strings.Contains(a.body, `"environment":"prod"`) {
			t.Errorf("%s: status %d: %s", kind, a.code, a.body)
		}
	}
}

// TestAskedByPrograms: what delivery tools are made of is not taken for a
// browser, by whatever name it knows the server.
func TestAskedByPrograms(t *testing.T) {
	h := house(well)
	for name, header := range map[string][]string{
		"Node's fetch": {"Accept-Language", "*", "Sec-Fetch-Mode", "cors", "User-Agent", "node"},
		"PowerShell":   {"User-Agent", "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1"},
		"curl":         {"User-Agent", "curl/8.5.0"},
	} {
		for _, method := range []string{"GET", "POST"} {
			r := newPost("/v1/gate/checkout", "api.setpoint.example", "", header...)
			r.Method = method
			if a := serve(h, r); a.code != 200 {
				t.Errorf("%s: %s: status %d: %s", name, method, a.code, a.body)
			}
		}
	}
}
