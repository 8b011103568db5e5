package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// Spinnaker, Jenkins and Azure cannot be run here. What follows does what their
// sources and manuals say with the configuration that docs/pipelines has people
// paste, which is read from there.

// block is the first block of code of a page in a language.
func block(t *testing.T, name, language string) string {
	t.Helper()
	m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(page(t, "../docs/pipelines/"+name))
	if m == nil {
		t.Fatalf("%s has no %s", name, language)
	}
	return m[1]
}

// at is what stands at a path like $.webhook.body of JSON; nil = nothing.
func at(body, path string) any {
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		return nil
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "$."), ".") {
		object, _ := v.(map[string]any)
		v = object[part]
	}
	return v
}

// A stage is a webhook stage of Spinnaker.
type stage struct {
	Method, URL                         string
	StatusURLResolution, StatusJSONPath string
	SuccessStatuses, TerminalStatuses   string
	ProgressJSONPath                    string
	WaitForCompletion                   bool
}

// ends is how orca's CreateWebhookTask and MonitorWebhookTask (spinnaker/orca,
// orca-webhook) see an answer: RUNNING is asked again. Submitting, 429 and 5xx
// but 504 are asked again and other 4xx end the stage; monitoring, 429 and 5xx
// are. Statuses are compared without case, of numbers 100 alone is a success,
// what is not listed runs; a progress that is no text is an error.
func (s stage) ends(a answer, monitoring bool) (status, progress string) {
	again := a.code == http.StatusTooManyRequests || a.code >= 500 && (monitoring || a.code != http.StatusGatewayTimeout)
	switch {
	case again:
		return "RUNNING", ""
	case a.code >= 400:
		return "TERMINAL", ""
	}
	if s.ProgressJSONPath != "" {
		text, ok := at(a.body, s.ProgressJSONPath).(string)
		if !ok {
			return "TERMINAL", "the progress is no text"
		}
		progress = text
	}
	listed := func(list, value string) bool {
		return slices.ContainsFunc(strings.Split(list, ","), func(item string) bool { return strings.EqualFold(strings.TrimSpace(item), value) })
	}
	switch value := at(a.body, s.StatusJSONPath).(type) {
	case string:
		if listed(s.SuccessStatuses, value) {
			return "SUCCEEDED", progress
		} else if listed(s.TerminalStatuses, value) {
			return "TERMINAL", progress
		}
	case float64:
		if value == 100 {
			return "SUCCEEDED", progress
		}
	case nil:
		return "TERMINAL", "there is no status"
	}
	return "RUNNING", progress
}

func TestSpinnaker(t *testing.T) {
	var s stage
	if err := json.Unmarshal([]byte(block(t, "spinnaker.md", "json")), &s); err != nil || !s.WaitForCompletion || s.StatusURLResolution != "getMethod" {
		t.Fatalf("%+v: %v", s, err)
	}
	path := strings.TrimPrefix(s.URL, "https://setpoint.example")
	for want, m := range map[string]mood{"SUCCEEDED allow: ": well, "TERMINAL deny: ": spent, "RUNNING hold: ": unseen} {
		for _, monitoring := range []bool{false, true} {
			status, progress := s.ends(do(t, house(m), s.Method, path, ""), monitoring)
			if !strings.HasPrefix(status+" "+progress, want) {
				t.Errorf("got %s %s, want %s", status, progress, want)
			}
		}
	}
	if status, _ := s.ends(get(t, house(well), strings.Replace(path, "checkout", "nobody", 1)), true); status != "RUNNING" {
		t.Errorf("an unknown service: %s", status)
	}
	if status, _ := s.ends(get(t, house(spent), path+"&strict=1"), true); status != "TERMINAL" {
		t.Errorf("a denial by status: %s", status)
	}
}

// takes reports whether the HTTP Request plugin of Jenkins (jenkinsci/http_request,
// HttpRequestExecution) takes an answer for good: by ranges of statuses, where
// none is 100:399, and by a text that the body has to contain.
func takes(t *testing.T, step string, a answer) bool {
	t.Helper()
	option := func(name, otherwise string) string {
		if m := regexp.MustCompile(name + `: '([^']*)'`).FindStringSubmatch(step); m != nil {
			return m[1]
		}
		return otherwise
	}
	good := false
	for part := range strings.SplitSeq(option("validResponseCodes", "100:399"), ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), ":")
		low, err := strconv.Atoi(from)
		high := low
		if ranged && err == nil {
			high, err = strconv.Atoi(to)
		}
		if err != nil {
			t.Fatalf("%s: %v", part, err)
		}
		good = good || low <= a.code && a.code <= high
	}
	return good && strings.Contains(a.body, option("validResponseContent", ""))
}

func TestJenkins(t *testing.T) {
	steps := regexp.MustCompile(`httpRequest url: 'https://setpoint\.example([^']+)'.*`).FindAllStringSubmatch(page(t, "../docs/pipelines/jenkins.md"), -1)
	if len(steps) != 2 {
		t.Fatalf("%d steps", len(steps))
	}
	for _, step := range steps {
		if !strings.Contains(step[0], "timeout: 10") {
			t.Errorf("%s waits for ever", step[0])
		}
		for name, c := range map[string]struct {
			m    mood
			goes bool
		}{"well": {well, true}, "spent": {spent, false}, "unseen": {unseen, false}, "by order": {byOrder, false}} {
			a := get(t, house(c.m), strings.Replace(step[1], "&wait=5s", "", 1)) // nothing here ends a hold
			if got := takes(t, step[0], a); got != c.goes {
				t.Errorf("%s: %s: passes %t: %d %s", step[0], name, got, a.code, a.body)
			}
		}
		for _, code := range []int{302, 401, 404, 500, 503} {
			if takes(t, step[0], answer{code: code, body: "<html>please log in</html>"}) {
				t.Errorf("%s: %d passes", step[0], code)
			}
		}
	}
}

// A check is an Invoke REST API check of Azure Pipelines.
type check struct {
	Method          string `yaml:"method"`
	URLSuffix       string `yaml:"urlSuffix"`
	CompletionEvent string `yaml:"completionEvent"`
	SuccessCriteria string `yaml:"successCriteria"`
}

// passes evaluates the criteria on an answer as Azure's expressions do
// (learn.microsoft.com, azure/devops/pipelines/process/expressions): eq
// compares without case, root['x'] is a field of the answer, and joins. An
// answer that is no 2xx, or no JSON, does not pass, and is asked again.
func (c check) passes(t *testing.T, a answer) bool {
	t.Helper()
	if a.code < 200 || a.code > 299 {
		return false
	}
	terms := regexp.MustCompile(`eq\(root\['(\w+)'\], '?(\w+)'?\)`).FindAllStringSubmatch(c.SuccessCriteria, -1)
	if len(terms) == 0 {
		t.Fatalf("criteria %s", c.SuccessCriteria)
	}
	for _, term := range terms {
		if v := at(a.body, "$."+term[1]); v == nil || !strings.EqualFold(fmt.Sprint(v), term[2]) {
			return false
		}
	}
	return true
}

func TestAzure(t *testing.T) {
	var c check
	if err := yaml.Unmarshal([]byte(block(t, "azure-pipelines.md", "yaml")), &c); err != nil || c.CompletionEvent != "ApiResponse" {
		t.Fatalf("%+v: %v", c, err)
	}
	for name, k := range map[string]struct {
		m    mood
		goes bool
	}{"well": {well, true}, "spent": {spent, false}, "unseen": {unseen, false}, "stale": {old, false}} {
		if a := do(t, house(k.m), c.Method, c.URLSuffix, ""); c.passes(t, a) != k.goes {
			t.Errorf("%s: passes %t: %d %s", name, !k.goes, a.code, a.body)
		}
	}
	for _, a := range []answer{{code: 200, body: "<html>log in</html>"}, {code: 200}, {code: 503, body: `{"verdict":"allow"}`}} {
		if c.passes(t, a) {
			t.Errorf("%d %q passes", a.code, a.body)
		}
	}
}
