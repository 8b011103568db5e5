package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/client"
)

// perSecond draws seconds: '.' is good, '#' is bad.
func perSecond(picture string) summary {
	var s summary
	for _, r := range picture {
		one := second{Good: 60}
		if r == '#' {
			one = second{Good: 20, Bad: 41}
		}
		s.add(one)
	}
	return s
}

func moved(id, verb, words string) client.Record {
	return client.Record{Decision: client.Decision{ID: id, Actuator: "report-timeout", Verb: verb, Words: words}}
}

func TestStoryTellsWhatChanged(t *testing.T) {
	calm := client.Status{
		Objectives: []client.Objective{{Name: "checkout-fast", Service: "checkout", Status: "ok", Remaining: 1}},
		Gates:      []client.Answer{{Service: "checkout", Verdict: client.Allow, Words: "allow: nothing speaks against it"}},
	}
	settled := calm
	settled.Settings = []client.Setting{{Actuator: "report-timeout", Service: "checkout", Shown: "30 s"}}
	burning := client.Status{
		Objectives: []client.Objective{{Name: "checkout-fast", Service: "checkout", Status: "burning", Words: "burns 40 times too fast", Remaining: 0.6}},
		Gates:      []client.Answer{{Service: "checkout", Verdict: client.Deny, Words: "deny: checkout burns"}},
		Settings:   []client.Setting{{Actuator: "report-timeout", Service: "checkout", Shown: "2 s"}, {Actuator: "other", Shown: "1"}},
		Problems:   []string{"tick was late"},
	}
	one := []client.Record{moved("d1", "tighten", "30 s → 2 s: checkout burns")}
	moments := []moment{
		{At: 0, Status: calm},
		{At: 21 * time.Second, Status: calm, Observing: perSecond("....."), Acting: perSecond(".....")},
		{At: 30 * time.Second, Status: burning, Moves: one, Observing: perSecond("..######"), Acting: perSecond("........")},
		{At: 31 * time.Second, Status: burning, Moves: one, Observing: perSecond("..#######"), Acting: perSecond(".........")},
		{At: 71 * time.Second, Status: settled, Moves: append([]client.Record{moved("d2", "relax", "2 s → 30 s: recovered")}, one...),
			Observing: perSecond("..######........###"), Acting: perSecond(".........")},
	}
	var got []string
	teller := newTeller(storySchedule(1, 2*time.Minute, maxLoad))
	for _, m := range moments {
		got = append(got, teller.tell(m)...)
	}
	want := []string{
		"calm: 60 checkouts and 0.9 reports a second for each shop",
		"THE INCIDENT: 2.2 reports a second, 45 % of them runaways of 10 to 25 s; they take the workers",
		"  so far: bad seconds 0 observing, 0 acting | budget left unknown observing, 100 % acting",
		"observing: checkouts fail: 41 of 61 in one second",
		"checkout-fast: ok → burning (burns 40 times too fast)",
		"30 s → 2 s: checkout burns  [d1]",
		"gate of checkout: allow → deny: checkout burns",
		"setpoint has a problem: tick was late",
		"  so far: bad seconds 6 observing, 0 acting | budget left unknown observing, 60 % acting | report-timeout 2 s",
		"the surge is over: the load is as at first",
		"observing: checkouts are well again, after 9 bad seconds in all",
		"checkout-fast: burning → ok ()",
		"2 s → 30 s: recovered  [d2]",
		"gate of checkout: deny → allow: nothing speaks against it",
		"setpoint's problem is over",
		"  so far: bad seconds 9 observing, 0 acting | budget left unknown observing, 100 % acting | report-timeout 30 s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("story (-want +got):\n%s", diff)
	}
}

func TestStoryTellsWishesOfLoopsThatObserve(t *testing.T) {
	teller := newTeller(storySchedule(1, 2*time.Minute, maxLoad))
	teller.tell(moment{At: 0, Status: client.Status{Decisions: []client.Decision{{Actuator: "a", Reason: "at-setpoint"}}}})
	wish := moment{At: time.Second, Status: client.Status{Decisions: []client.Decision{
		{Actuator: "a", Reason: "observing", Wanted: 2, Words: "would go to 2 s"}}}}
	want := []string{"would go to 2 s"}
	if diff := cmp.Diff(want, teller.tell(wish)); diff != "" {
		t.Errorf("a new wish (-want +got):\n%s", diff)
	}
	if again := teller.tell(wish); len(again) != 0 {
		t.Errorf("the same wish again: %q, want nothing", again)
	}
}

func TestStoryTellsAMoveThatWasNotCarriedOut(t *testing.T) {
	teller := newTeller(storySchedule(1, 2*time.Minute, maxLoad))
	teller.tell(moment{})
	record := moved("d1", "tighten", "30 s → 2 s")
	teller.tell(moment{Moves: []client.Record{record}})
	record.Outcomes = []client.Outcome{{Error: "connection refused"}}
	want := []string{"report-timeout: decision d1 was not carried out: connection refused"}
	if diff := cmp.Diff(want, teller.tell(moment{Moves: []client.Record{record}})); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestGateIsVisitedBeforeInAndAfterTheIncident(t *testing.T) {
	for _, story := range []time.Duration{shortestStory, usualStory, longestStory} {
		load := storySchedule(1, story, maxLoad)
		end := load.SurgeAfter + load.SurgeFor
		visits := gateVisits(load, story)
		if len(visits) != 3 || visits[0] >= load.SurgeAfter || visits[1] <= load.SurgeAfter || visits[1] >= end || visits[2] <= end || visits[2] >= story {
			t.Errorf("story of %s: visits at %s, surge %s to %s", story, visits, load.SurgeAfter, end)
		}
	}
}

func TestParseStory(t *testing.T) {
	tests := []struct {
		args string
		want time.Duration // of the story; 0: refused
	}{
		{"", usualStory},
		{"-duration 90s", 90 * time.Second},
		{"-duration 89s", 0},
		{"-duration 25m", 25 * time.Minute},
		{"-duration 26m", 0},
		{"-duration -2m", 0},
		{"-duration soon", 0},
		{"-colour blue", 0},
	}
	for _, tt := range tests {
		c, err := parseStory(strings.Fields(tt.args), "", io.Discard)
		switch {
		case (err != nil) != (tt.want == 0):
			t.Errorf("demo %s: error %v", tt.args, err)
		case err == nil && c.story() != tt.want:
			t.Errorf("demo %s: story of %s, want %s", tt.args, c.story(), tt.want)
		}
	}
}

func TestParseShop(t *testing.T) {
	got, err := parseShop(strings.Fields("-database dbname=shop -duration 120s -seed 3"), io.Discard)
	want := shopConfig{Listen: "127.0.0.1:0", Database: "dbname=shop", Arm: "shop", Seed: 3, Duration: 2 * time.Minute,
		SurgeAfter: 20 * time.Second, SurgeFor: 50 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("shop (-want +got):\n%s\nerror %v", diff, err)
	}
	for _, args := range []string{"", "-database d -duration 31m", "-database d -duration 0s", "-database d -surge-after -1s"} {
		if _, err := parseShop(strings.Fields(args), io.Discard); err == nil {
			t.Errorf("demo shop %s was accepted", args)
		}
	}
}

func TestClock(t *testing.T) {
	for at, want := range map[time.Duration]string{0: "0:00", 61500 * time.Millisecond: "1:01", 29*time.Minute + 59*time.Second: "29:59"} {
		if got := clock(at); got != want {
			t.Errorf("clock(%s) = %s, want %s", at, got, want)
		}
	}
}
