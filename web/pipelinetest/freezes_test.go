package pipelinetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// A change is a request that changes something, as GitLab gets it.
type change struct {
	Asked string
	Token string
	Body  map[string]any
}

// project notes the changes, and answers with the types of GitLab's client.
func project(t *testing.T) (*httptest.Server, *[]change) {
	var got []change
	var note *gitlab.ProjectVariable
	periods := []*gitlab.FreezePeriod{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c := change{Asked: r.Method + " " + r.URL.EscapedPath(), Token: r.Header.Get("Private-Token")}
		_ = json.Unmarshal(body, &c.Body)
		if r.Method != http.MethodGet {
			got = append(got, c)
		}
		var answer any = periods
		switch at := strings.TrimPrefix(c.Asked, r.Method+" /api/v4/projects/acme%2Fshop/"); {
		case r.Method == http.MethodDelete && strings.HasPrefix(at, "freeze_periods/"):
			periods = nil
		case r.Method == http.MethodDelete:
			note = nil
		case strings.HasPrefix(at, "variables") && r.Method != http.MethodGet:
			note = &gitlab.ProjectVariable{Key: "SETPOINT_FREEZE", Value: c.Body["value"].(string)}
			answer = note
		case strings.HasPrefix(at, "variables") && note == nil:
			w.WriteHeader(http.StatusNotFound)
		case strings.HasPrefix(at, "variables"):
			answer = note
		case r.Method == http.MethodPost:
			p := &gitlab.FreezePeriod{ID: 7}
			_ = json.Unmarshal(body, p)
			periods, answer = append(periods, p), p
		case r.Method == http.MethodPut:
			_ = json.Unmarshal(body, periods[0])
			answer = periods[0]
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(s.Close)
	return s, &got
}

// TestGitLabFreeze: a release freeze is a deploy freeze, made, prolonged and
// ended with the requests that GitLab's client sends for the same.
func TestGitLabFreeze(t *testing.T) {
	at, got := project(t)
	now := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	set := &slo.Set{Objectives: []slo.Objective{{Name: "fast", Service: "checkout"}}, Policies: []slo.ReleasePolicy{{Name: "p", Service: "checkout"}}}
	report := loop.Report{Leader: true, Set: set, States: []budget.State{{Objective: "fast", Service: "checkout", Status: budget.OK, Remaining: 1}}}
	s := web.New(web.Config{
		Freezes: &web.GitLabFreezes{API: at.URL + "/api/v4", Token: "T", Services: map[string]string{"acme/shop": "checkout"}, HTTP: at.Client()},
		Set:     func() *slo.Set { return set }, Report: func() loop.Report { return report },
	})
	for _, frozen := range []bool{true, true, false} {
		report.At, report.States[0].At, report.States[0].Newest, report.Orders = now, now, now, nil
		if frozen {
			report.Orders = []loop.Order{{ID: "o", Kind: loop.OrderFreeze, Target: "checkout", By: "ann", Why: "fair"}}
		}
		if err := s.MirrorFreezes(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		now = now.Add(13 * time.Hour)
	}
	ours := *got
	*got = nil
	if err := byClient(at.URL, ours); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*got, ours); diff != "" {
		t.Errorf("made otherwise than by GitLab's client (-theirs +ours):\n%s", diff)
	}
}

// byClient does the same as ours by GitLab's client. The notes are ours.
func byClient(address string, ours []change) error {
	c, err := gitlab.NewClient("T", gitlab.WithBaseURL(address))
	if err != nil || len(ours) != 8 {
		return fmt.Errorf("%d changes: %w", len(ours), err)
	}
	const name, key = "acme/shop", "SETPOINT_FREEZE"
	note := func(i int) error {
		_, _, err := c.ProjectVariables.UpdateVariable(name, key, &gitlab.UpdateProjectVariableOptions{Value: gitlab.Ptr(ours[i].Body["value"].(string)), Raw: gitlab.Ptr(true)})
		return err
	}
	_, _, first := c.ProjectVariables.CreateVariable(name, &gitlab.CreateProjectVariableOptions{Key: gitlab.Ptr(key), Value: gitlab.Ptr(ours[0].Body["value"].(string)), Raw: gitlab.Ptr(true)})
	_, _, made := c.FreezePeriods.CreateFreezePeriodOptions(name, &gitlab.CreateFreezePeriodOptions{FreezeStart: gitlab.Ptr("30 9 1 3 *"), FreezeEnd: gitlab.Ptr("30 9 2 3 *"), CronTimezone: gitlab.Ptr("UTC")})
	noted, before := note(2), note(3)
	_, _, prolonged := c.FreezePeriods.UpdateFreezePeriodOptions(name, 7, &gitlab.UpdateFreezePeriodOptions{FreezeEnd: gitlab.Ptr("30 22 2 3 *")})
	after := note(5)
	_, ended := c.FreezePeriods.DeleteFreezePeriod(name, 7)
	_, forgotten := c.ProjectVariables.RemoveVariable(name, key, nil)
	return errors.Join(first, made, noted, before, prolonged, after, ended, forgotten)
}
