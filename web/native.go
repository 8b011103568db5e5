package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
)

// Delivery tools ask the gate each in its own words. One file is one tool:
// flagger.go, argo.go, tekton.go, kubernetes.go, datadog.go. All of them ask
// the same gate; what differs is how the question is read and how the
// verdict is told so that the tool does the right thing with it. Fields that
// a tool sends and nothing here reads are left alone.

// maxNative bounds what the tools may send that pass on whole objects or
// whole events, in bytes: Kubernetes sends an object twice.
const maxNative = 8 << 20

// maxSaid bounds a text that a tool copies into its events, in bytes.
const maxSaid = 1000

// bodyLimit is how much the request of a path may carry, in bytes.
func bodyLimit(path string) int64 {
	switch strings.TrimSuffix(path, "/") {
	case "/v1/gate/kubernetes", "/v1/gate/tekton":
		return maxNative
	}
	if strings.HasPrefix(path, "/v1/hooks/") {
		return maxNative
	}
	return maxBody
}

// readJSON reads the body of a request into v.
func readJSON(r *http.Request, v any) error {
	dec := json.NewDecoder(r.Body)
	if err := dec.Decode(v); err != nil {
		if p := problemOf(err); p.Status == http.StatusRequestEntityTooLarge {
			return p
		}
		return refuse(http.StatusBadRequest, "bad-json", "the body is not JSON as this tool sends it", "")
	}
	if _, err := dec.Token(); err != io.EOF {
		return refuse(http.StatusBadRequest, "bad-json", "there is something after the JSON", "")
	}
	return nil
}

// say writes a plain text for a tool that shows it to people.
func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// said is an answer in one line: the verdict with its reason, when it may
// change, what it lacks, and where to read more. The link is never cut off.
func said(a client.Answer) string {
	more := ""
	if !a.MayChangeAt.IsZero() && a.Verdict != client.Allow {
		more += fmt.Sprintf("; may change at %s", a.MayChangeAt.UTC().Format(time.RFC3339))
	}
	if a.Degraded {
		more += "; degraded: " + strings.Join(a.DegradedBy, ", ")
	}
	if a.Link != "" && len(a.Link) < maxSaid/2 {
		more += "; " + a.Link
	}
	return cut(strings.Join(strings.Fields(a.Words), " "), maxSaid-len(more)) + more
}

// cut shortens text to at most so many bytes, between two characters.
func cut(text string, most int) string {
	const dots = "…"
	if len(text) <= most {
		return text
	}
	most = max(most-len(dots), 0)
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + dots
}

// warnings are what people should see beside a verdict.
func warnings(a client.Answer) []string {
	var out []string
	if a.Verdict == client.Hold {
		out = append(out, "Setpoint: this is a hold, not a refusal: try again later")
	}
	if a.Degraded {
		out = append(out, "Setpoint: the answer is degraded: "+strings.Join(a.DegradedBy, ", "))
	}
	return out
}

// heldWord is how a verdict is told where words for go, wait and stop exist.
func heldWord(v slo.Verdict, goes, waits, stops string) string {
	return cmp.Or(map[slo.Verdict]string{slo.Allow: goes, slo.Deny: stops}[v], waits)
}
