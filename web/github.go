package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// GitHub answers the custom deployment protection rule of a GitHub App: the
// job of a workflow waits until the app approves or rejects it. The app shows
// a JWT that it signs with its key and gets a token of the installation for
// it, which lasts an hour.
type GitHub struct {
	App      string            // its ID
	Key      *rsa.PrivateKey   // its private key
	Secrets  []slo.Secret      // of its webhook; several while one is being replaced
	API      string            // https://api.github.com, or that of a GitHub Enterprise Server
	Services map[string]string // :: owner/repository → service; others are services of the repository's name
	HTTP     *http.Client

	mu     sync.Mutex
	tokens map[string]installed // :: installation → its token
}

type installed struct {
	token   slo.Secret
	expires time.Time
}

// Signed implements Hook. A signature by SHA-1 only is none.
func (g *GitHub) Signed(r *http.Request, body []byte) bool {
	mac, ok := strings.CutPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256=")
	return ok && signedBy(sha256.New, g.Secrets, mac, body)
}

// ruleEvent is what GitHub sends, as far as it is read.
type ruleEvent struct {
	Action      string `json:"action"`
	Environment string `json:"environment"`
	Callback    string `json:"deployment_callback_url"`
	Deployment  struct {
		SHA     string          `json:"sha"`
		Task    string          `json:"task"`
		Payload json.RawMessage `json:"payload"`
	} `json:"deployment"`
	SHA        string `json:"sha"`
	Repository struct {
		Name     string `json:"name"`
		FullName string `json:"full_name"`
	} `json:"repository"`
	Installation struct {
		ID int64 `json:"id"`
	} `json:"installation"`
}

// Read implements Hook. The address to answer at is made of the run's number:
// no other address of the message is dialled.
func (g *GitHub) Read(r *http.Request, body []byte) (c loop.Callback, asks bool, err error) {
	if r.Header.Get("X-GitHub-Event") != "deployment_protection_rule" {
		return c, false, nil
	}
	var e ruleEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return c, false, refuse(http.StatusBadRequest, "bad-json", "the body is not JSON as this tool sends it", "")
	}
	if e.Action != "requested" {
		return c, false, nil
	}
	run := runOf(e.Callback)
	owner, name, ok := strings.Cut(e.Repository.FullName, "/")
	if run == 0 || e.Installation.ID <= 0 || !ok || !plain(owner) || !plain(name) {
		return c, false, refuse(http.StatusUnprocessableEntity, "bad-event", "the message names no run, repository or installation", "")
	}
	says := asking{
		Service:     cmp.Or(g.Services[e.Repository.FullName], e.Repository.Name),
		Environment: e.Environment, Release: cmp.Or(e.Deployment.SHA, e.SHA),
	}
	if e.Deployment.Task != "deploy" {
		says.Change = e.Deployment.Task // such as rollback
	}
	if c.Question, err = says.or(e.payload()).question(); err != nil {
		return c, false, err
	}
	c.To = map[string]string{
		"environment": e.Environment, "installation": strconv.FormatInt(e.Installation.ID, 10),
		"path": "/repos/" + owner + "/" + name + "/actions/runs/" + strconv.FormatInt(run, 10) + "/deployment_protection_rule",
	}
	return c, true, nil
}

// payload is what who made the deployment by the API says of it: the region and
// the size of the change. GitHub sends it as an object, or as a text of one;
// that of a workflow is empty.
func (e ruleEvent) payload() (out asking) {
	text := e.Deployment.Payload
	var inner string
	if json.Unmarshal(text, &inner) == nil {
		text = []byte(inner)
	}
	if says, err := readObject(text); err == nil {
		out.Region, _ = says["region"].(string)
		out.Size, _ = says["size"].(string)
	}
	if _, err := askSize(out.Size); err != nil {
		out.Size = ""
	}
	return out
}

// runOf is the number of the run in the address of a callback; 0 = none.
func runOf(callback string) int64 {
	u, err := url.Parse(callback)
	if err != nil {
		return 0
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) < 3 || parts[len(parts)-3] != "runs" || parts[len(parts)-1] != "deployment_protection_rule" {
		return 0
	}
	run, err := strconv.ParseInt(parts[len(parts)-2], 10, 64)
	if err != nil || run < 0 {
		return 0
	}
	return run
}

// plain reports whether a name can stand in a path as it is.
func plain(name string) bool {
	return name != "" && name != "." && name != ".." && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	}) < 0
}

// Tell implements Hook: approved, rejected, or a report without a state.
func (g *GitHub) Tell(ctx context.Context, c loop.Callback, a client.Answer) error {
	says := map[string]string{"environment_name": c.To["environment"], "comment": said(a)}
	if state := heldWord(slo.Verdict(a.Verdict), "approved", "", "rejected"); state != "" {
		says["state"] = state
	}
	token, err := g.token(ctx, c.To["installation"], time.Now())
	if err != nil {
		return err
	}
	status, err := g.post(ctx, c.To["path"], token, says, nil)
	switch {
	case status == http.StatusUnauthorized:
		g.forget(c.To["installation"])
	case status == http.StatusNotFound, status == http.StatusGone, status == http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: %w", ErrNotWaiting, err)
	}
	return err
}

// token is one of an installation that lasts for five minutes more at least.
func (g *GitHub) token(ctx context.Context, installation string, now time.Time) (slo.Secret, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.tokens[installation]; now.Before(t.expires.Add(-5 * time.Minute)) {
		return t.token, nil
	}
	jwt, err := g.jwt(now)
	if err != nil {
		return "", err
	}
	var got struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires_at"`
	}
	asks := map[string]any{"permissions": map[string]string{"deployments": "write"}}
	if _, err := g.post(ctx, "/app/installations/"+installation+"/access_tokens", jwt, asks, &got); err != nil {
		return "", fmt.Errorf("ask for a token of the installation: %w", err)
	}
	if g.tokens == nil {
		g.tokens = map[string]installed{}
	}
	g.tokens[installation] = installed{slo.Secret(got.Token), got.Expires}
	return slo.Secret(got.Token), nil
}

func (g *GitHub) forget(installation string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.tokens, installation)
}

// jwt is what the app is known by for nine minutes: RFC 7519, RS256. It is of
// a minute ago, for clocks that differ.
func (g *GitHub) jwt(now time.Time) (slo.Secret, error) {
	claims, err := json.Marshal(map[string]any{"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(9 * time.Minute).Unix(), "iss": g.App})
	if err != nil {
		return "", err
	}
	b := base64.RawURLEncoding
	text := b.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + b.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	mark, err := rsa.SignPKCS1v15(rand.Reader, g.Key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign as the app: %w", err)
	}
	return slo.Secret(text + "." + b.EncodeToString(mark)), nil
}

// post sends JSON to the API and reads the answer into got, unless that is nil.
func (g *GitHub) post(ctx context.Context, path string, token slo.Secret, says, got any) (status int, err error) {
	header := http.Header{"Authorization": {"Bearer " + token.Reveal()}, "Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}}
	return callJSON(ctx, g.HTTP, http.MethodPost, strings.TrimSuffix(g.API, "/")+path, header, says, got)
}

// callJSON sends JSON, or nothing when says is nil. Every status but a 2xx is an error, redirects too. The
// error says nothing of what was sent.
func callJSON(ctx context.Context, with *http.Client, method, address string, header http.Header, says, got any) (status int, err error) {
	var body []byte
	if says != nil {
		if body, err = json.Marshal(says); err != nil {
			return 0, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header = header
	if says != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", "setpoint")
	once := *with
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := once.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return res.StatusCode, err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.StatusCode, fmt.Errorf("%s answers %d: %s", req.URL.Host, res.StatusCode, cut(strings.Join(strings.Fields(string(text)), " "), 200))
	}
	if got == nil {
		return res.StatusCode, nil
	}
	return res.StatusCode, json.Unmarshal(text, got)
}
