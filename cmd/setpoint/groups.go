package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// regroup is how often new groups are looked for.
const regroup = time.Minute

// groupsPatience is how long looking for groups may take.
const groupsPatience = 30 * time.Second

// groups are the groups of the objectives that are kept for each value of a
// label: see loop.Census.
type groups struct {
	census   loop.Census
	declared *slo.Set // in force, without groups
	problems atomic.Pointer[[]error]
}

// find is the set with the groups that its sources have now.
func (g *groups) find(source loop.Finder, set *slo.Set, log *slog.Logger) *slo.Set {
	ctx, cancel := context.WithTimeout(context.Background(), groupsPatience)
	defer cancel()
	now := time.Now()
	g.census.Look(ctx, source, set, now)
	full := set.WithGroups(g.census.Groups(now))
	before := map[string]bool{}
	for _, err := range g.wrong() {
		before[err.Error()] = true
	}
	errs := g.census.Problems()
	g.problems.Store(&errs)
	for _, err := range errs {
		if !before[err.Error()] {
			log.Warn("groups", "error", err)
		}
	}
	return full
}

// wrong is what people should know about the groups.
func (g *groups) wrong() []error {
	if errs := g.problems.Load(); errs != nil {
		return *errs
	}
	return nil
}

// regroup looks for groups again, and puts them in force when they are others
// than before.
func (h *house) regroup() {
	set := h.groups.declared
	if len(set.Groupings) == 0 {
		return
	}
	full := h.groups.find(h.sources.source, set, h.log)
	if sameNames(full, h.set.Load()) {
		return
	}
	acts, err := h.bench.fit(set.Actuators)
	if err == nil {
		if err = h.loop.Use(full, h.sources.source, acts.acts()); err != nil {
			h.bench.discard(acts)
		}
	}
	if err != nil {
		h.log.Error("the groups that were found are not in force", "error", err)
		return
	}
	h.bench.take(acts)
	h.log.Info("groups in force", "objectives", len(full.Objectives), "before", len(h.set.Load().Objectives))
	h.set.Store(full)
}

// sameNames reports whether two sets have the same objectives, by name.
func sameNames(a, b *slo.Set) bool {
	if len(a.Objectives) != len(b.Objectives) {
		return false
	}
	for i := range a.Objectives {
		if a.Objectives[i].Name != b.Objectives[i].Name {
			return false
		}
	}
	return true
}
