package web

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// The release policies of a service are kept in the chain of versions too,
// under a name that no objective can have, so that a question about the past
// is answered by those that were in force then. That there are none, or none
// any more, is a version as well.

// policiesOf is the name under which the policies of a service are kept.
func policiesOf(service string) string { return "ReleasePolicies/" + service }

// policiesAtOnce is how many services are recorded together.
const policiesAtOnce = 500

// RecordPolicies records the policies that are in force, where they are not
// those on record. Only the instance that leads does. Those of a service are
// known from the first time on that this is called with them.
func (s *Server) RecordPolicies(ctx context.Context, now time.Time) error {
	l := s.look(now)
	if s.cfg.Revise == nil || !l.report.Leader || s.kept.Load() == l.set {
		return nil
	}
	by := map[string][]slo.ReleasePolicy{}
	for _, p := range l.set.Policies {
		by[p.Service] = append(by[p.Service], p)
	}
	var all []loop.Version
	for _, service := range l.gated() {
		v, err := policyVersion(service, by[service], now)
		if err != nil {
			return err
		}
		all = append(all, v)
	}
	for some := range slices.Chunk(all, policiesAtOnce) {
		_, err := patient(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.cfg.Revise(ctx, some) })
		if err != nil {
			return fmt.Errorf("record release policies: %w", err)
		}
	}
	s.kept.Store(l.set)
	return nil
}

func policyVersion(service string, policies []slo.ReleasePolicy, now time.Time) (loop.Version, error) {
	if policies == nil {
		policies = []slo.ReleasePolicy{}
	}
	text, err := json.Marshal(policies)
	if err != nil {
		return loop.Version{}, fmt.Errorf("write the release policies of %s: %w", service, err)
	}
	return loop.Version{Objective: policiesOf(service), Hash: loop.PolicyHash(text), Text: string(text), Since: now, At: now}, nil
}

// policiesAt are the policies of a service that were in force at an instant,
// and since when; known is false where no version of then is on record.
func (s *Server) policiesAt(ctx context.Context, service string, at time.Time) (out []slo.ReleasePolicy, since time.Time, known bool, err error) {
	if s.cfg.Versions == nil {
		return nil, since, false, nil
	}
	all, err := s.lineage(ctx, policiesOf(service))
	if err != nil {
		return nil, since, false, err
	}
	for _, v := range slices.Backward(all) {
		if since = v.Since; since.After(at) {
			continue
		}
		err = json.Unmarshal([]byte(v.Text), &out)
		if err != nil {
			err = fmt.Errorf("read the release policies of %s as of %s: %w", service, at, err)
		}
		return out, since, true, err
	}
	return nil, since, false, nil
}

// at is a look whose policies of a service are those of an instant, and what
// is to be said of them.
func (l look) at(ctx context.Context, s *Server, service string, at time.Time) (look, string, error) {
	then, since, known, err := s.policiesAt(ctx, service, at)
	switch {
	case err != nil:
		return l, "", err
	case !known && since.IsZero():
		return l, "by the release policy of now: none of then is on record", nil
	case !known:
		return l, "by the release policy of now: that of then is not on record, which begins at " + clock(since, l.now), nil
	}
	set := *l.set
	set.Policies = slices.DeleteFunc(slices.Clone(l.set.Policies), func(p slo.ReleasePolicy) bool { return p.Service == service })
	set.Policies = append(set.Policies, then...)
	l.set = &set
	return l, "by the release policies of then, in force since " + clock(since, l.now), nil
}

// undeclared are the objectives and freezes that policies name and that are
// not declared any more.
func undeclared(l look, service string) (out []string) {
	for _, p := range l.set.Policies {
		if p.Service != service {
			continue
		}
		for _, name := range p.Objectives {
			if _, ok := l.objective(name); !ok {
				out = append(out, "the objective "+name+", which is not declared any more")
			}
		}
		for _, name := range p.Freezes {
			if _, ok := l.actuator(name); !ok {
				out = append(out, "the freeze "+name+", which is not declared any more")
			}
		}
	}
	return out
}
