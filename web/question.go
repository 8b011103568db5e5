package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"setpoint.dev/setpoint/loop"
)

// An asking is a question in the words of a tool.
type asking struct {
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Region      string `json:"region"`
	Change      string `json:"change"`
	Release     string `json:"release"`
	Size        string `json:"size"`
}

// askingBy asks for each field by its name.
func askingBy(get func(name string) string) asking {
	return asking{get("service"), get("environment"), get("region"), get("change"), get("release"), get("size")}
}

// or has from other what a does not say.
func (a asking) or(other asking) asking {
	return asking{
		cmp.Or(a.Service, other.Service), cmp.Or(a.Environment, other.Environment), cmp.Or(a.Region, other.Region),
		cmp.Or(a.Change, other.Change), cmp.Or(a.Release, other.Release), cmp.Or(a.Size, other.Size),
	}
}

// question checks what a tool asks.
func (a asking) question() (q loop.GateQuestion, err error) {
	if a.Service == "" {
		return q, refuse(http.StatusBadRequest, "no-service", "the request names no service", "docs/pipelines says where this tool names it")
	}
	for _, f := range []struct{ name, text string }{
		{"service", a.Service}, {"environment", a.Environment}, {"region", a.Region}, {"change", a.Change}, {"release", a.Release}, {"size", a.Size},
	} {
		if _, err := named(f.name, f.text); err != nil {
			return q, err
		}
		if unfilled(f.text) {
			return q, refuse(http.StatusBadRequest, "unfilled", f.name+" is a placeholder that was not filled in: "+f.text, "the gate would judge another release than the one that goes")
		}
	}
	size, err := askSize(a.Size)
	return loop.GateQuestion{Service: a.Service, Environment: a.Environment, Region: a.Region, Change: a.Change, Release: a.Release, Size: size}, err
}

// unfilled reports whether a text is a placeholder of a delivery tool, as it
// comes here when a variable is misspelt: {{…}}, ${…}, $(…), #{…}, <+…>, <%…%>
// or %…%. A policy about production does not judge the environment ${ENV}.
func unfilled(text string) bool {
	if !strings.ContainsAny(text, "{($<%") { // mostly
		return false
	}
	for _, opens := range []string{"{{", "${", "$(", "#{", "<+", "<%"} {
		if strings.Contains(text, opens) {
			return true
		}
	}
	return len(text) > 2 && text[0] == '%' && text[len(text)-1] == '%'
}

// readAsking reads what is asked: from the path, else the query, else the body,
// which is a JSON object or a form.
func readAsking(r *http.Request, query url.Values) (a asking, err error) {
	if chi.URLParam(r, "service") != "" {
		if a.Service, err = param(r, "service"); err != nil {
			return a, err
		}
	}
	a = a.or(askingBy(query.Get))
	if r.Method == http.MethodGet {
		return a, nil
	}
	var body asking
	err = readFields(r, &body)
	return a.or(body), err
}

// readFields reads the texts of a body into the struct that v points to: of a
// JSON object, whose numbers and switches are texts too, since tools fill in
// build numbers without quotes, or of a form. What is sent is looked at before
// the Content-Type, which curl -d says wrongly of JSON. An empty body says
// nothing; fields that v does not have are left alone.
func readFields(r *http.Request, v any) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	return readText(r.Header, text, v)
}

// readText is readFields of a body that was read.
func readText(h http.Header, text []byte, v any) (err error) {
	says := map[string]any{}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case len(text) == 0:
		return nil
	case text[0] == '{':
		says, err = readObject(text)
	case kind == "application/x-www-form-urlencoded":
		says, err = readForm(string(text))
	default:
		err = errNoFields
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "bad-body", err.Error(), "")
	}
	return assign(says, v)
}

var errNoFields = errors.New("the body is neither a JSON object nor a form (application/x-www-form-urlencoded)")

func readObject(text []byte) (says map[string]any, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&says) != nil {
		return nil, errors.New("the body is not whole JSON")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("there is something after the JSON")
	}
	for name, field := range says {
		switch field := field.(type) {
		case json.Number:
			says[name] = field.String()
		case bool:
			says[name] = map[bool]string{true: "true", false: "false"}[field]
		}
	}
	return says, nil
}

func readForm(text string) (map[string]any, error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, errors.New("the body is not a form: " + err.Error())
	}
	says := map[string]any{}
	for name := range values {
		says[name] = values.Get(name)
	}
	return says, nil
}

// assign puts texts into the fields of a struct by their names in JSON.
func assign(says map[string]any, v any) error {
	text, err := json.Marshal(says)
	if err != nil {
		return err
	}
	err = json.Unmarshal(text, v)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return refuse(http.StatusBadRequest, "bad-body", "the field "+wrong.Field+" of the body is no text", "")
	}
	if err != nil { // such as a time that is none
		return refuse(http.StatusBadRequest, "bad-body", "a field of the body cannot be read: "+err.Error(), "")
	}
	return nil
}
