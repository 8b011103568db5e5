package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrNoAnswer is in every error that says that no trustworthy answer came:
// the server could not be reached, or what answered was not Setpoint.
var ErrNoAnswer = errors.New("no answer from Setpoint")

const (
	// maxAnswer bounds how much of an answer is read, in bytes.
	maxAnswer = 8 << 20
	// patience is how long a call may take when neither the context nor
	// HTTP.Timeout says so.
	patience = 10 * time.Second
)

// A Client asks one Setpoint server. The zero HTTP means
// http.DefaultClient's transport. A Client may be used by many goroutines.
type Client struct {
	URL  string       // base address, such as "http://127.0.0.1:8321"
	HTTP *http.Client // redirects are never followed, whatever it says

	Token Secret // shown to servers that ask who calls; "" = none
}

// A Secret is a text that is not printed.
type Secret string

// Format hides the text, whatever the verb is.
func (Secret) Format(s fmt.State, _ rune) { io.WriteString(s, "(secret)") }

// MarshalText hides the text, in JSON and elsewhere.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// A Problem is an error that the server answered.
type Problem struct {
	Status  int    `json:"-"`     // HTTP status
	Message string `json:"error"` // what is wrong, for people
	Code    string `json:"code"`  // a word that programs can rely on
	Hint    string `json:"hint,omitempty"`
}

// Error is the message with the hint.
func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + " (" + p.Hint + ")"
}

// get asks for path and decodes the answer. header may be nil.
func (c Client) get(ctx context.Context, path string, answer any) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address(path), nil)
	if err != nil {
		return err
	}
	_, err = c.call(c.HTTP, req, answer)
	return err
}

// post sends question to path and decodes the answer.
func (c Client) post(ctx context.Context, path string, question, answer any) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address(path), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	_, err = c.call(c.HTTP, req, answer)
	return err
}

func (c Client) address(path string) string { return strings.TrimRight(c.URL, "/") + path }

// bounded gives a call a deadline where nobody else did.
func (c Client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has || c.HTTP != nil && c.HTTP.Timeout > 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, patience)
}

// call sends a request and decodes a JSON answer. Status 304 decodes
// nothing and is no error.
func (c Client) call(with *http.Client, req *http.Request, answer any) (*http.Response, error) {
	req.Header.Set("Accept", "application/json")
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+string(c.Token))
	}
	res, err := unfollowing(with).Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotModified {
		return res, nil
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("%w: read answer: %w", ErrNoAnswer, err)
	}
	return res, decode(res, body, answer)
}

// unfollowing is a copy of with that hands redirects back: a login page
// behind a redirect must never be taken for an answer.
func unfollowing(with *http.Client) *http.Client {
	if with == nil {
		with = http.DefaultClient
	}
	own := *with
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// decode accepts JSON with status 200, 201 or 202, and turns a problem into
// an error. Everything else is no answer.
func decode(res *http.Response, body []byte, answer any) error {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case len(body) > maxAnswer:
		return fmt.Errorf("%w: more than %d bytes", ErrNoAnswer, maxAnswer)
	case kind != "application/json":
		return fmt.Errorf("%w: status %d with content type %q instead of application/json", ErrNoAnswer, res.StatusCode, kind)
	case res.StatusCode >= 400:
		return problem(res.StatusCode, body)
	case res.StatusCode < 200 || res.StatusCode > 202:
		return fmt.Errorf("%w: status %d", ErrNoAnswer, res.StatusCode)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("%w: status %d: %w", ErrNoAnswer, res.StatusCode, err)
	}
	return nil
}

func problem(status int, body []byte) error {
	p := &Problem{Status: status}
	if err := json.Unmarshal(body, p); err != nil || p.Message == "" {
		return fmt.Errorf("%w: status %d without a reason", ErrNoAnswer, status)
	}
	return p
}

// query appends the values that are not empty.
func query(path string, values url.Values) string {
	for key, v := range values {
		if len(v) == 0 || v[0] == "" {
			delete(values, key)
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}
