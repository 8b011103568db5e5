package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
)

// A freeze period of GitLab is two cron expressions and nothing that says whose
// it is. So a variable of the project, noteKey, notes what this server is about
// to make before it makes it, then the number that the period got. A period
// that the note does not name is somebody else's and is never touched, nor is
// one that was changed since. After a crash between the two, the period with
// the expressions of the note is its own.

// noteKey is the variable of a project; its jobs see it.
const noteKey = "SETPOINT_FREEZE"

// A deployNote is what the variable says.
type deployNote struct {
	ID      int64     `json:"id,omitempty"` // of the period; 0 = it is about to be made
	Start   string    `json:"start"`
	End     string    `json:"end"`
	Next    string    `json:"next,omitempty"` // what End is about to become
	Until   time.Time `json:"until"`          // End, or Next where there is one
	Verdict string    `json:"verdict"`        // on record
	Words   string    `json:"words"`
	loop.Term
}

// A freezePeriod is one as GitLab's API has it.
type freezePeriod struct {
	ID    int64  `json:"id,omitempty"`
	Start string `json:"freeze_start"`
	End   string `json:"freeze_end"`
	Zone  string `json:"cron_timezone"`
}

// A freezeState is what a project has.
type freezeState struct {
	note *deployNote   // nil = this server has made none
	own  *freezePeriod // that the note names
}

// A freezeStep is what to do next.
type freezeStep int

const (
	nothingToDo   freezeStep = iota
	makeFreeze               // there is none
	adoptFreeze              // it was made, and its number was not noted any more
	prolongFreeze            // it ends soon
	endFreeze                // it thaws
	forgetFreeze             // it is gone, or another's by now
)

// step decides. A period that somebody removed or changed while the freeze
// lasts is left like that until it thaws.
func (h freezeState) step(want wish, term loop.Term, now time.Time) (freezeStep, error) {
	n := h.note
	switch {
	case n == nil && want == wishFrozen:
		return makeFreeze, nil
	case n == nil:
		return nothingToDo, nil
	case n.Compare(term) > 0:
		return nothingToDo, fmt.Errorf("%s is older than %s, which set it last: %w", term.Show(), n.Show(), loop.ErrDeposed)
	case want == wishThawed && h.own != nil && !h.edited():
		return endFreeze, nil
	case want == wishThawed:
		return forgetFreeze, nil
	case want == wishKept && h.own == nil:
		return nothingToDo, nil
	case n.ID == 0 && h.own == nil:
		return makeFreeze, nil
	case h.own == nil:
		return nothingToDo, errors.New("somebody has removed the freeze period; it is not made again until the release freeze has thawed")
	case h.edited():
		return nothingToDo, fmt.Errorf("somebody has changed the freeze period %d; it is theirs now", h.own.ID)
	case n.ID == 0:
		return adoptFreeze, nil
	case n.Next != "" || n.Until.Sub(now) < freezeAhead:
		return prolongFreeze, nil
	}
	return nothingToDo, nil
}

// edited reports whether somebody has changed the period.
func (h freezeState) edited() bool {
	return h.own.Start != h.note.Start || h.own.Zone != "UTC" || h.own.End != h.note.End && h.own.End != h.note.Next
}

// cronAt is the minute of a time, in UTC, as a cron expression.
func cronAt(t time.Time) string {
	t = t.UTC()
	return fmt.Sprintf("%d %d %d %d *", t.Minute(), t.Hour(), t.Day(), int(t.Month()))
}

// read asks for the note and, where there is one, for the periods.
func (f *GitLabFreezes) read(ctx context.Context, project string) (h freezeState, err error) {
	var variable struct{ Value string }
	switch status, err := f.call(ctx, http.MethodGet, project, "/variables/"+noteKey, nil, &variable); {
	case status == http.StatusNotFound:
		return h, nil
	case err != nil:
		return h, err
	}
	h.note = new(deployNote)
	if err := json.Unmarshal([]byte(variable.Value), h.note); err != nil {
		return h, fmt.Errorf("the variable %s is not as Setpoint writes it: %w", noteKey, err)
	}
	h.own, err = f.find(ctx, project, *h.note)
	return h, err
}

// find is the period that a note names; nil = there is none.
func (f *GitLabFreezes) find(ctx context.Context, project string, n deployNote) (*freezePeriod, error) {
	const page = 100
	for at := 1; ; at++ {
		var some []freezePeriod
		if _, err := f.call(ctx, http.MethodGet, project, fmt.Sprintf("/freeze_periods?per_page=%d&page=%d", page, at), nil, &some); err != nil {
			return nil, err
		}
		for _, p := range some {
			if p.ID == n.ID || n.ID == 0 && p.Start == n.Start && p.End == n.End && p.Zone == "UTC" {
				return &p, nil
			}
		}
		if len(some) < page {
			return nil, nil
		}
	}
}

// take does a step. fresh has who does it, and why.
func (f *GitLabFreezes) take(ctx context.Context, project string, has freezeState, step freezeStep, fresh deployNote, now time.Time) error {
	n := fresh
	if has.note != nil {
		n = *has.note
		n.Verdict, n.Words, n.Term = fresh.Verdict, fresh.Words, fresh.Term
	}
	switch step {
	case makeFreeze:
		n.ID, n.Start, n.Until = 0, cronAt(now), now.Add(freezeLasts).UTC().Truncate(time.Minute)
		n.End, n.Next = cronAt(n.Until), ""
		return f.make(ctx, project, n, has.note == nil)
	case adoptFreeze:
		n.ID = has.own.ID
		return f.keep(ctx, project, n, false)
	case prolongFreeze:
		return f.prolong(ctx, project, n, now)
	case endFreeze:
		if _, err := f.call(ctx, http.MethodDelete, project, fmt.Sprint("/freeze_periods/", has.own.ID), nil, nil); err != nil {
			return err
		}
	}
	_, err := f.call(ctx, http.MethodDelete, project, "/variables/"+noteKey, nil, nil)
	return err
}

func (f *GitLabFreezes) make(ctx context.Context, project string, n deployNote, first bool) error {
	if err := f.keep(ctx, project, n, first); err != nil {
		return err
	}
	var made freezePeriod
	if _, err := f.call(ctx, http.MethodPost, project, "/freeze_periods", freezePeriod{Start: n.Start, End: n.End, Zone: "UTC"}, &made); err != nil {
		return err
	}
	n.ID = made.ID
	return f.keep(ctx, project, n, false)
}

func (f *GitLabFreezes) prolong(ctx context.Context, project string, n deployNote, now time.Time) error {
	n.Until = now.Add(freezeLasts).UTC().Truncate(time.Minute)
	n.Next = cronAt(n.Until)
	if err := f.keep(ctx, project, n, false); err != nil {
		return err
	}
	ends := map[string]string{"freeze_end": n.Next}
	if _, err := f.call(ctx, http.MethodPut, project, fmt.Sprint("/freeze_periods/", n.ID), ends, nil); err != nil {
		return err
	}
	n.End, n.Next = n.Next, ""
	return f.keep(ctx, project, n, false)
}

// keep writes the note; first makes it.
func (f *GitLabFreezes) keep(ctx context.Context, project string, n deployNote, first bool) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	method, path, says := http.MethodPut, "/variables/"+noteKey, map[string]any{"value": string(text), "raw": true}
	if first {
		method, path, says["key"] = http.MethodPost, "/variables", noteKey
	}
	_, err = f.call(ctx, method, project, path, says, nil)
	return err
}

func (f *GitLabFreezes) call(ctx context.Context, method, project, path string, says, got any) (status int, err error) {
	address := strings.TrimSuffix(f.API, "/") + "/projects/" + url.PathEscape(project) + path
	return callJSON(ctx, f.HTTP, method, address, http.Header{"Private-Token": {f.Token.Reveal()}}, says, got)
}
