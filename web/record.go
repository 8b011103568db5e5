package web

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// An answer of the gate is on record before it is given: in the ledger or,
// while that is out of reach, on the disk, and then it says so. One that can
// be recorded nowhere is what the release policy says of an unreachable
// ledger, or else a hold.
//
// Answers about a named release are remembered for a while: the same answer
// to the same question is the same verdict, so that a client that asks every
// second fills no ledger, and an allowed release stays allowed as long as its
// policy binds the gate to it.

const (
	sameFor   = 15 * time.Second // the same answer to the same question is the same verdict for so long
	mostAsked = 10000            // questions that are remembered

	bindPatience = 250 * time.Millisecond // how long the ledger may take to say what binds the gate
	bindDepth    = 200                    // how many verdicts on a release are looked through for it
)

// A register remembers the newest verdict on each release. The zero register
// is ready.
type register struct {
	mu    sync.Mutex
	given map[asked]given
}

// asked is what makes two questions the same.
type asked struct{ tool, service, environment, region, change, release, size string }

// given is the verdict on a question, as it is on record.
type given struct {
	answer  loop.GateAnswer
	repeats int
}

// decide asks the gate, puts the answer on record and counts it.
func (s *Server) decide(ctx context.Context, tool string, q loop.GateQuestion, now time.Time) loop.GateAnswer {
	a := s.record(ctx, tool, s.look(now), q)
	s.tally.gate(a, time.Since(now))
	return a
}

// record returns the gate's answer as it is on record.
func (s *Server) record(ctx context.Context, tool string, l look, q loop.GateQuestion) loop.GateAnswer {
	v := l.gateView(q.Service)
	leave, err := s.enter(ctx, l.now, &v, q)
	if err != nil {
		return scrubbed(l.unrecorded(v, q))
	}
	defer leave()
	a := scrubbed(l.judge(v, q))
	if s.cfg.Record == nil {
		return a
	}
	key := asked{tool, q.Service, q.Environment, q.Region, q.Change, q.Release, sized(q.Size)}
	s.learnBinding(ctx, l, key, a)
	if same, ok := s.register.recall(key, a); ok {
		return same
	}
	a.BoundUntil = loop.Bound(l.set, a)
	kept, err := s.cfg.Record(ctx, loop.Verdict{Tool: tool, Repeats: s.register.repeats(key), Answer: a})
	if err != nil {
		s.failed(err)
		return scrubbed(l.unrecorded(v, q))
	}
	if a.ID = kept.ID; kept.Spooled {
		a = a.Spooled()
	}
	s.register.put(key, a)
	s.turnstile.passed(a)
	return a
}

// learnBinding asks the ledger whether another instance, or this one before it
// was started again, allowed a release that is not allowed now. What it cannot
// say in time binds nobody.
func (s *Server) learnBinding(ctx context.Context, l look, key asked, a loop.GateAnswer) {
	if a.Verdict == slo.Allow || key.release == "" || !l.binds(key.service) || l.report.LedgerErr != nil || s.register.bound(key, a) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, bindPatience)
	defer cancel()
	found, _ := s.verdictHistory(ctx, VerdictFilter{Service: key.service, Release: key.release, Limit: bindDepth})
	for _, v := range found {
		if old := v.Answer; key == (asked{v.Tool, old.Service, old.Environment, old.Region, old.Change, old.Release, sized(old.Size)}) && loop.Binds(old, a) {
			s.register.put(key, old)
			return
		}
	}
}

// binds reports whether a policy of a service binds the gate.
func (l look) binds(service string) bool {
	return slices.ContainsFunc(l.set.Policies, func(p slo.ReleasePolicy) bool { return p.Service == service && p.BindFor > 0 })
}

func sized(size *int64) string {
	if size == nil {
		return ""
	}
	return strconv.FormatInt(*size, 10)
}

// scrubbed is an answer without what may be a password in its words: it goes
// on record.
func scrubbed(a loop.GateAnswer) loop.GateAnswer {
	a.Words, a.Reasons = redact(a.Words), slices.Clone(a.Reasons)
	for i := range a.Reasons {
		a.Reasons[i].Message = redact(a.Reasons[i].Message)
	}
	return a
}

// recall is the verdict that an answer repeats, if it does.
func (r *register) recall(key asked, a loop.GateAnswer) (loop.GateAnswer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.given[key]
	if !ok || key.release == "" || !(loop.Binds(g.answer, a) || repeats(g.answer, a)) {
		return a, false
	}
	g.repeats++
	r.given[key] = g
	return g.answer, true
}

// bound reports whether the verdict that is remembered holds an answer back.
func (r *register) bound(key asked, a loop.GateAnswer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.given[key]
	return ok && loop.Binds(g.answer, a)
}

// repeats reports whether an answer says the same as one given a moment ago.
func repeats(old, a loop.GateAnswer) bool {
	return a.At.Sub(old.At) < sameFor && !a.At.Before(old.At) && old.Verdict == a.Verdict && old.Policy == a.Policy && old.Decision == a.Decision &&
		slices.Equal(codes(old.Reasons), codes(a.Reasons))
}

// codes are what reasons come down to without their figures. How the answer
// could be recorded is none of them.
func codes(reasons []loop.GateReason) []string {
	out := make([]string, 0, len(reasons))
	for _, r := range reasons {
		out = append(out, r.Code+" "+string(r.Verdict)+" "+r.Objective+r.Actuator)
	}
	return out
}

// repeats is how often the newest verdict on a question was given again.
func (r *register) repeats(key asked) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.given[key].repeats
}

func (r *register) put(key asked, a loop.GateAnswer) {
	if key.release == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.given == nil {
		r.given = map[asked]given{}
	}
	if len(r.given) >= mostAsked {
		r.forget(a.At)
	}
	r.given[key] = given{answer: a}
}

// forget makes room: what is neither bound nor new goes, and when that is not
// enough everything does, which costs some rows more in the ledger.
func (r *register) forget(now time.Time) {
	for key, g := range r.given {
		if now.Sub(g.answer.At) >= sameFor && !now.Before(g.answer.BoundUntil) {
			delete(r.given, key)
		}
	}
	if len(r.given) >= mostAsked {
		clear(r.given)
	}
}
