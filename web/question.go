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
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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

// trimmed is without the blanks around its fields, and the end of the line that
// a file or a command gave besides: production with a blank is no environment
// that a policy is about.
func (a asking) trimmed() asking {
	t := strings.TrimSpace
	return asking{t(a.Service), t(a.Environment), t(a.Region), t(a.Change), t(a.Release), t(a.Size)}
}

// question checks what a tool asks.
func (a asking) question() (q loop.GateQuestion, err error) {
	a = a.trimmed()
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
// or %…%; or what JavaScript, Python and templates of Go write for a variable
// that is not set. A policy about production does not judge the environment ${ENV}.
func unfilled(text string) bool {
	switch text {
	case "undefined", "null", "None", "<no value>", "<nil>", "[object Object]":
		return true
	}
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

// readQuery reads the query of a question. What cannot be read is refused
// whole: a pair that is left out, such as strict=1 after a semicolon, would
// have a denial taken for a yes by who looks at the status. So is a field that
// is said twice and differently. Names count in any case, as in a body.
func readQuery(r *http.Request) (url.Values, error) {
	if r.URL.RawQuery == "" { // mostly
		return url.Values{}, nil
	}
	all, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "bad-query", "the query cannot be read: "+err.Error(), "& is between fields, and what they hold is escaped")
	}
	out := url.Values{}
	for name, texts := range all {
		name = strings.ToLower(name)
		out[name] = append(out[name], texts...)
	}
	for _, name := range []string{"service", "environment", "region", "change", "release", "size", "strict", "wait", "format"} {
		if !alike(out[name]) {
			return nil, refuse(http.StatusBadRequest, "twice", name+" is said twice, and differently", "")
		}
	}
	return out, nil
}

// alike reports whether texts are all the same.
func alike(texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return text != texts[0] })
}

// A gateAsking is a question with how it is to be answered, as a body.
type gateAsking struct {
	asking
	Strict string `json:"strict"`
	Wait   string `json:"wait"`
	Format string `json:"format"`
}

// readAsking reads what is asked: from the path, else the query, else the body,
// which is a JSON object or a form, also that of a GET. The query has then what
// the body says of how to answer.
func readAsking(r *http.Request, query url.Values) (a asking, err error) {
	if chi.URLParam(r, "service") != "" {
		if a.Service, err = param(r, "service"); err != nil {
			return a, err
		}
	}
	a = a.or(askingBy(query.Get))
	if r.Body == nil || r.Body == http.NoBody {
		return a, nil
	}
	var body gateAsking
	err = readFields(r, &body)
	for name, text := range map[string]string{"strict": body.Strict, "wait": body.Wait, "format": body.Format} {
		if text != "" && !query.Has(name) {
			query.Set(name, text)
		}
	}
	return a.or(body.asking), err
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
	if by := h.Get("Content-Encoding"); by != "" && !strings.EqualFold(by, "identity") {
		return refuse(http.StatusUnsupportedMediaType, "encoded", "the body is encoded by "+cut(by, 20), "send it as it is")
	}
	says := map[string]any{}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case len(text) == 0:
		return nil
	case !utf8.Valid(text):
		err = errors.New("the body is not UTF-8")
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

// readObject reads a JSON object. A name that comes twice, in whatever case, is
// refused: which of them counts differs from reader to reader.
func readObject(text []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	says := map[string]any{}
	errPart := errors.New("the body is not whole JSON")
	if first, err := dec.Token(); err != nil || first != json.Delim('{') {
		return nil, errPart
	}
	for dec.More() {
		token, err := dec.Token()
		name, ok := token.(string)
		var field any
		if err != nil || !ok || dec.Decode(&field) != nil {
			return nil, errPart
		}
		if name = strings.ToLower(name); says[name] != nil {
			return nil, errors.New("the body says " + cut(name, 50) + " twice")
		}
		says[name] = plainText(field)
	}
	if _, err := dec.Token(); err != nil {
		return nil, errPart
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("there is something after the JSON")
	}
	return says, nil
}

// plainText is a number or a switch as the text that it is written as.
func plainText(field any) any {
	switch field := field.(type) {
	case json.Number:
		return field.String()
	case bool:
		return strconv.FormatBool(field)
	}
	return field
}

// readForm reads a form. Other texts have no names before their first =, but
// XML and lists of JSON are read as forms all the same when curl -d sends them.
func readForm(text string) (map[string]any, error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, errors.New("the body is not a form: " + err.Error())
	}
	says := map[string]any{}
	for name, texts := range values {
		if name == "" || strings.ContainsAny(name, "<>{}\"'\n") {
			return nil, errNoFields
		}
		if name = strings.ToLower(name); says[name] != nil || !alike(texts) {
			return nil, errors.New("the body says " + cut(name, 50) + " twice")
		}
		says[name] = texts[0]
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
		return refuse(http.StatusBadRequest, "bad-body", "the field "+wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:]+" of the body is no text", "")
	}
	if err != nil { // such as a time that is none
		return refuse(http.StatusBadRequest, "bad-body", "a field of the body cannot be read: "+err.Error(), "")
	}
	return nil
}
