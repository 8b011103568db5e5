package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A release freeze is shown to jobs of GitLab as a deploy freeze of their
// project: a period that this server makes, prolongs while the freeze lasts and
// ends when it thaws (freezes_gitlab.go says how it knows its own). What the
// gate says is on record before anything is changed there.

// GitLabFreezes keeps deploy freezes of projects as the release freezes are.
type GitLabFreezes struct {
	API      string
	Token    slo.Secret                // of a maintainer of the projects, with the scope api
	Services map[string]string         // :: path of a project → service
	Stopped  func(service string) bool // an emergency stop covers it: nothing is changed; nil = never
	HTTP     *http.Client
}

const (
	freezeLasts = 24 * time.Hour // a period ends by itself so long after it was prolonged
	freezeAhead = freezeLasts / 2
)

// A wish is what is wanted of a deploy freeze.
type wish int

const (
	wishKept   wish = iota // as it is: too little is seen to say otherwise
	wishFrozen             // a release freeze is on
	wishThawed             // none is
)

// wished is what an answer about a service means for deploy freezes: frozen by
// a freeze or by a person, else thawed. What is stale, held or lacks data ends
// nothing and begins nothing: a period that is there is prolonged then too.
func wished(a loop.GateAnswer) wish {
	freezes := func(r loop.GateReason) bool {
		return r.Verdict == slo.Deny && slices.Contains([]string{loop.GateFreeze, loop.GateRestricted, loop.GateOrder}, r.Code)
	}
	switch {
	case slices.Contains(a.DegradedBy, loop.GateStale):
		return wishKept
	case a.Verdict == slo.Deny && slices.ContainsFunc(a.Reasons, freezes):
		return wishFrozen
	case a.Degraded || a.Verdict == slo.Hold:
		return wishKept
	}
	return wishThawed
}

// MirrorFreezes makes the deploy freezes of all projects what they should be.
// Only the instance that leads does. It goes on after an error of one.
func (s *Server) MirrorFreezes(ctx context.Context, now time.Time) (err error) {
	f := s.cfg.Freezes
	if f == nil || !s.look(now).report.Leader {
		return nil
	}
	for _, project := range slices.Sorted(maps.Keys(f.Services)) {
		if wrong := s.mirrorFreeze(ctx, project, now); wrong != nil {
			err = errors.Join(err, fmt.Errorf("keep the deploy freeze of %s: %w", project, wrong))
		}
	}
	return err
}

func (s *Server) mirrorFreeze(ctx context.Context, project string, now time.Time) error {
	f, l := s.cfg.Freezes, s.look(now)
	q := loop.GateQuestion{Service: f.Services[project], At: now}
	if f.Stopped != nil && f.Stopped(q.Service) {
		return nil
	}
	want := wished(l.gate(q))
	has, err := f.read(ctx, project)
	if err != nil {
		return err
	}
	step, err := has.step(want, l.report.Term, now)
	if err != nil || step == nothingToDo {
		return err
	}
	a := s.decide(ctx, "gitlab freeze", q, now)
	switch {
	case slices.Contains(a.DegradedBy, loop.GateUnrecorded):
		return errLedgerDown // what is not on record is not done
	case wished(a) != want:
		return nil // it has changed meanwhile
	}
	if err := f.take(ctx, project, has, step, deployNote{Verdict: a.ID, Words: a.Words, Term: l.report.Term}, now); err != nil {
		return err
	}
	return f.confirm(ctx, project, want, l.report.Term, now)
}

// confirm reads back what was done.
func (f *GitLabFreezes) confirm(ctx context.Context, project string, want wish, term loop.Term, now time.Time) error {
	has, err := f.read(ctx, project)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if step, err := has.step(want, term, now); err != nil || step != nothingToDo {
		return errors.Join(errors.New("what was set is not in force"), err)
	}
	return nil
}
