package web

import (
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// Terraform answers run tasks of HCP Terraform and Terraform Enterprise: a run
// waits between two of its stages until the task has passed or failed.
type Terraform struct {
	Secrets  []slo.Secret      // the HMAC keys of the run task; several while one is being replaced
	API      string            // https://app.terraform.io, or that of a Terraform Enterprise
	Services map[string]string // :: organization/workspace → service; others are services of the workspace's name
	HTTP     *http.Client
}

// The run is in error when it has heard nothing for ten minutes
// (developer.hashicorp.com, run tasks integration).
const remindTerraform = 4 * time.Minute

// terraformTests is the token of the message by which HCP Terraform looks
// whether a new run task answers.
const terraformTests = "test-token"

// Signed implements Hook. A run task without an HMAC key signs nothing.
func (t *Terraform) Signed(r *http.Request, body []byte) bool {
	return signedBy(sha512.New, t.Secrets, r.Header.Get("X-Tfc-Task-Signature"), body)
}

// taskEvent is what HCP Terraform sends, as far as it is read.
type taskEvent struct {
	Token        slo.Secret `json:"access_token"`
	Stage        string     `json:"stage"`
	Callback     string     `json:"task_result_callback_url"`
	Run          string     `json:"run_id"`
	Workspace    string     `json:"workspace_name"`
	Organization string     `json:"organization_name"`
}

// Read implements Hook. The address of the run task may say what is asked:
// ?service=checkout&environment=production. No address of the message is
// dialled: only the path of the callback is read from it.
func (t *Terraform) Read(r *http.Request, body []byte) (c loop.Callback, asks bool, err error) {
	var e taskEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return c, false, refuse(http.StatusBadRequest, "bad-json", "the body is not JSON as this tool sends it", "")
	}
	if e.Token == terraformTests {
		return c, false, nil
	}
	path := taskPath(e.Callback)
	if path == "" || e.Token == "" || e.Run == "" || e.Workspace == "" {
		return c, false, refuse(http.StatusUnprocessableEntity, "bad-event", "the message names no run, workspace, callback or token", "")
	}
	if e.Stage == "post_apply" {
		return c, false, refuse(http.StatusUnprocessableEntity, "too-late", "nothing can be held after it was applied", "attach the run task to the stage pre-apply")
	}
	service := cmp.Or(t.Services[e.Organization+"/"+e.Workspace], e.Workspace)
	query, err := readQuery(r)
	if err != nil {
		return c, false, err
	}
	if c.Question, err = askingBy(query.Get).or(asking{Service: service, Release: e.Run}).question(); err != nil {
		return c, false, err
	}
	sealed, err := seal(t.Secrets, path, e.Token)
	c.To, c.Every = map[string]string{"path": path, "token": sealed}, remindTerraform
	return c, err == nil, err
}

// taskPath is the path of a callback's address; empty when it is none.
func taskPath(callback string) string {
	u, err := url.Parse(callback)
	if err != nil {
		return ""
	}
	id, begins := strings.CutPrefix(u.Path, "/api/v2/task-results/")
	id, ends := strings.CutSuffix(id, "/callback")
	if !begins || !ends || !plain(id) {
		return ""
	}
	return u.Path
}

// taskResult is a document of JSON:API.
type taskResult struct {
	Data struct {
		Type       string         `json:"type"`
		Attributes taskAttributes `json:"attributes"`
	} `json:"data"`
}

type taskAttributes struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	URL     string `json:"url,omitempty"`
}

// Tell implements Hook: passed, failed or running.
func (t *Terraform) Tell(ctx context.Context, c loop.Callback, a client.Answer) error {
	token, err := unseal(t.Secrets, c.To["path"], c.To["token"])
	if err != nil {
		return errors.Join(ErrNotWaiting, err)
	}
	var says taskResult
	says.Data.Type = "task-results"
	says.Data.Attributes = taskAttributes{heldWord(slo.Verdict(a.Verdict), "passed", "running", "failed"), said(a), a.Link}
	header := http.Header{"Authorization": {"Bearer " + token.Reveal()}, "Content-Type": {"application/vnd.api+json"}, "Accept": {"application/vnd.api+json"}}
	status, err := callJSON(ctx, t.HTTP, http.MethodPatch, strings.TrimSuffix(t.API, "/")+c.To["path"], header, says, nil)
	return notWaiting(status, err, http.StatusUnprocessableEntity)
}

// notWaiting adds to an error that the tool waits no more, where its status
// says so: the token has ended, or what waited has.
func notWaiting(status int, err error, more ...int) error {
	gone := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone}
	if err != nil && slices.Contains(append(gone, more...), status) {
		return fmt.Errorf("%w: %w", ErrNotWaiting, err)
	}
	return err
}
