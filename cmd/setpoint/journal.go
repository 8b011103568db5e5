package main

import (
	"log/slog"
	"strings"

	"setpoint.dev/setpoint/loop"
)

// A journal turns reports into log lines: every move, every change of what
// holds, and every error once while it lasts.
type journal struct {
	said   map[string]string // :: actuator → what was logged of it last
	alarms map[string]string // :: alert → phase in the tick before
	errs   map[string]bool   // gists of the errors of the tick before
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
	j.alerts(log, r.Alerts)
	j.errors(log, r.Errs)
	if r.Missed > j.missed {
		log.Warn("ticks missed, the last one took too long", "missed", r.Missed-j.missed, "took", r.Took)
		j.missed = r.Missed
	}
}

func (j *journal) decision(log *slog.Logger, d loop.Decision) {
	key := string(d.Verb) + " " + string(d.Reason)
	if d.Verb == loop.Hold && j.said[d.Actuator] == key {
		return
	}
	j.said[d.Actuator] = key
	log.Info("decision", "id", d.ID, "verb", d.Verb, "reason", d.Reason, "words", d.Words)
}

// alerts logs those that begin to fire, and those that end.
func (j *journal) alerts(log *slog.Logger, alerts []loop.Alert) {
	now := map[string]string{}
	for _, a := range alerts {
		now[a.Key] = string(a.Phase)
		if a.Phase != loop.AlertPending && j.alarms[a.Key] != string(a.Phase) {
			log.Info("alert", "phase", a.Phase, "name", a.Name, "severity", a.Severity, "objective", a.Objective, "told", a.Told, "words", a.Why)
		}
	}
	j.alarms = now
}

func (j *journal) errors(log *slog.Logger, errs []error) {
	now := map[string]bool{}
	for _, err := range errs {
		g := gist(err)
		if !j.errs[g] && !now[g] {
			log.Error("tick", "error", err)
		}
		now[g] = true
	}
	j.errs = now
}

// gist is what stays the same of an error while its cause lasts: what was
// being done, and the cause. In between there may be times, IDs, and which of
// several questions was the first to fail.
func gist(err error) string {
	parts := strings.Split(err.Error(), ": ")
	if n := len(parts); n > 3 {
		parts = []string{parts[0], parts[1], parts[n-1]}
	}
	return strings.Join(parts, ": ")
}
