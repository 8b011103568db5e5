package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// GitLab answers external status checks of merge requests.
type GitLab struct {
	Secrets  []slo.Secret      // that the check signs with; several while one is being replaced
	Token    slo.Secret        // of who answers, with the scope api
	API      string            // such as https://gitlab.com/api/v4
	Services map[string]string // :: path of the project → service; others are services of the project's last name
	HTTP     *http.Client
}

// Signed implements Hook.
func (g *GitLab) Signed(r *http.Request, body []byte) bool {
	return signedBy(sha256.New, g.Secrets, strings.TrimPrefix(r.Header.Get("X-Gitlab-Signature"), "sha256="), body)
}

// checkEvent is what GitLab sends, as far as it is read.
type checkEvent struct {
	Kind    string `json:"object_kind"`
	Project struct {
		ID   int64  `json:"id"`
		Path string `json:"path_with_namespace"`
	} `json:"project"`
	Request struct {
		IID          int64  `json:"iid"`
		TargetBranch string `json:"target_branch"`
		LastCommit   struct {
			ID string `json:"id"`
		} `json:"last_commit"`
	} `json:"object_attributes"`
	Labels []struct {
		Title string `json:"title"`
	} `json:"labels"`
	Check *struct {
		ID int64 `json:"id"`
	} `json:"external_approval_rule"`
}

// Read implements Hook. A label change::rollback, change::fix, … says what
// class of change it is, environment::… and region::… where it goes, size::…
// how large it is.
func (g *GitLab) Read(_ *http.Request, body []byte) (c loop.Callback, asks bool, err error) {
	var e checkEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return c, false, refuse(http.StatusBadRequest, "bad-json", "the body is not JSON as this tool sends it", "")
	}
	if e.Kind != "merge_request" || e.Check == nil {
		return c, false, nil
	}
	if e.Project.ID <= 0 || e.Request.IID <= 0 || e.Check.ID <= 0 || e.Request.LastCommit.ID == "" {
		return c, false, refuse(http.StatusUnprocessableEntity, "bad-event", "the message names no project, merge request, commit or check", "")
	}
	says := asking{Service: cmp.Or(g.Services[e.Project.Path], path.Base(e.Project.Path)), Release: e.Request.LastCommit.ID}
	says = says.or(askingBy(e.label))
	if _, err := askSize(says.Size); err != nil {
		says.Size = "" // such as size::XL
	}
	if c.Question, err = says.question(); err != nil {
		return c, false, err
	}
	c.To = map[string]string{
		"check": strconv.FormatInt(e.Check.ID, 10), "sha": e.Request.LastCommit.ID,
		"path": fmt.Sprintf("/projects/%d/merge_requests/%d/status_check_responses", e.Project.ID, e.Request.IID),
	}
	return c, true, nil
}

// label is what a scoped label says: of change::rollback it is rollback.
func (e checkEvent) label(scope string) string {
	for _, l := range e.Labels {
		if text, ok := strings.CutPrefix(l.Title, scope+"::"); ok {
			return text
		}
	}
	return ""
}

// Tell implements Hook: passed, failed or pending.
func (g *GitLab) Tell(ctx context.Context, c loop.Callback, a client.Answer) error {
	check, err := strconv.ParseInt(c.To["check"], 10, 64)
	if err != nil {
		return err
	}
	says := map[string]any{"sha": c.To["sha"], "external_status_check_id": check, "status": heldWord(slo.Verdict(a.Verdict), "passed", "pending", "failed")}
	header := http.Header{"Private-Token": {g.Token.Reveal()}}
	status, err := callJSON(ctx, g.HTTP, http.MethodPost, strings.TrimSuffix(g.API, "/")+c.To["path"], header, says, nil)
	if status == http.StatusConflict || status == http.StatusNotFound { // another commit is the newest by now
		return fmt.Errorf("%w: %w", ErrNotWaiting, err)
	}
	return err
}
