package main

import (
	"testing"

	"setpoint.dev/setpoint/client"
)

func TestFirstMove(t *testing.T) {
	settings := []client.Setting{{Actuator: "releases", Kind: "freeze"}, {Actuator: "reports", Kind: "postgresQueryTimeout"}}
	move := func(id, actuator string) client.Record {
		return client.Record{Decision: client.Decision{ID: id, Actuator: actuator}}
	}
	tests := []struct {
		name string
		in   []client.Record // newest first
		want string
	}{
		{"none", nil, ""},
		{"oldest", []client.Record{move("3", "reports"), move("2", "reports"), move("1", "reports")}, "1"},
		{"freeze moved first", []client.Record{move("3", "reports"), move("2", "reports"), move("1", "releases")}, "2"},
		{"freeze moved between", []client.Record{move("3", "reports"), move("2", "releases"), move("1", "reports")}, "1"},
		{"freeze moved last", []client.Record{move("3", "releases"), move("2", "releases"), move("1", "reports")}, "1"},
		{"freezes only", []client.Record{move("2", "releases"), move("1", "releases")}, "1"},
	}
	for _, tt := range tests {
		if got := firstMove(tt.in, settings); got != tt.want {
			t.Errorf("%s: firstMove = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestObjectiveOf(t *testing.T) {
	status := client.Status{Objectives: []client.Objective{{Name: "a", Service: "checkout-observed"}, {Name: "b", Service: "checkout"}}}
	if got, found := objectiveOf(status, actingService); !found || got.Name != "b" {
		t.Errorf("objectiveOf(%s) = %q, %t; want b", actingService, got.Name, found)
	}
	if _, found := objectiveOf(client.Status{}, actingService); found {
		t.Error("an objective was found where none is")
	}
}
