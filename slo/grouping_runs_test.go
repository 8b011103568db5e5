package slo_test

import (
	"testing"

	"setpoint.dev/setpoint/slo"
)

// TestGroupsOfRuns counts the runs of one group by its own starts and its own
// successes.
func TestGroupsOfRuns(t *testing.T) {
	set := &slo.Set{
		Objectives: []slo.Objective{{Name: "jobs"}},
		Groupings: []slo.Grouping{{Objective: "jobs", By: []string{"job"}, Limit: 9, Each: slo.Objective{
			Name: "jobs", Indicator: slo.Indicator{Kind: slo.Deadline, Query: "done", Started: "start"},
		}}},
	}
	got := set.WithGroups(map[string][]slo.Group{"jobs": {{"a"}}}).Objectives[1].Indicator
	if want := (slo.Indicator{Kind: slo.Deadline, Query: `done{job="a"}`, Started: `start{job="a"}`}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
