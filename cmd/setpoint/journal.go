package main

import (
	"log/slog"

	"setpoint.dev/setpoint/loop"
)

// A journal turns reports into log lines: every move, every change of what
// holds, and every error once while it lasts.
type journal struct {
	said   map[string]string // :: loop → what was logged of it last
	errs   map[string]bool   // errors of the tick before
	missed int
	leader bool
}

func (j *journal) write(log *slog.Logger, r loop.Report) {
	if j.said == nil {
		j.said = map[string]string{}
	}
	if r.Leader != j.leader {
		log.Info("leadership", "leader", r.Leader, "epoch", r.Epoch)
		j.leader = r.Leader
	}
	for _, d := range r.Decisions {
		j.decision(log, d)
	}
	j.errors(log, r.Errs)
	if r.Missed > j.missed {
		log.Warn("ticks missed, the last one took too long", "missed", r.Missed-j.missed, "took", r.Took)
		j.missed = r.Missed
	}
}

func (j *journal) decision(log *slog.Logger, d loop.Decision) {
	key := string(d.Verb) + " " + string(d.Reason)
	if d.Verb == loop.Hold && j.said[d.Loop] == key {
		return
	}
	j.said[d.Loop] = key
	log.Info("decision", "id", d.ID, "verb", d.Verb, "reason", d.Reason, "words", d.Words)
}

func (j *journal) errors(log *slog.Logger, errs []error) {
	now := map[string]bool{}
	for _, err := range errs {
		now[err.Error()] = true
		if !j.errs[err.Error()] {
			log.Error("tick", "error", err)
		}
	}
	j.errs = now
}
