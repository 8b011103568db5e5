package main

import (
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/client"
)

// moment is what can be seen from outside at one instant of the story.
type moment struct {
	At                time.Duration // since the load began
	Observing, Acting summary
	Status            client.Status
	Moves             []client.Record // newest first, holds left out
}

// teller turns moments into the lines of a story: it says what changed since the moment before, and
// how things stand every ten seconds.
type teller struct {
	load schedule

	phase     int               // phases told
	sick      map[string]bool   // by arm
	told      map[string]bool   // moves and how they ended
	troubled  bool              // setpoint has a problem
	changing  map[string]string // what is told again when it changes, such as gates and states
	nextPulse time.Duration
}

const (
	pulseEvery = 10 * time.Second
	settleFor  = 3 // seconds until the fate of a checkout is known: it may wait 2 s
	sickWithin = 5 // seconds looked back; three bad ones make a shop sick
	wellWithin = 8 // seconds looked back; all good ones make it well again
)

func newTeller(load schedule) *teller {
	return &teller{load: load, sick: map[string]bool{}, told: map[string]bool{}, changing: map[string]string{}, nextPulse: pulseEvery}
}

// tell returns the lines of a moment, in the order in which one thing led to another.
func (t *teller) tell(m moment) []string {
	var lines []string
	lines = append(lines, t.phases(m)...)
	lines = append(lines, t.shop(observing, m.Observing)...)
	lines = append(lines, t.shop(acting, m.Acting)...)
	lines = append(lines, t.objectives(m.Status)...)
	lines = append(lines, t.wishes(m.Status)...)
	lines = append(lines, t.moves(m.Moves)...)
	lines = append(lines, t.gates(m.Status)...)
	lines = append(lines, t.problems(m.Status)...)
	return append(lines, t.pulse(m)...)
}

func (t *teller) phases(m moment) []string {
	phases := []struct {
		at    time.Duration
		words string
	}{
		{0, fmt.Sprintf("calm: %.0f checkouts and %.1f reports a second for each shop", checkoutRate, reportRate)},
		{t.load.SurgeAfter, fmt.Sprintf("THE INCIDENT: %.1f reports a second, %.0f %% of them runaways of %.0f to %.0f s; they take the workers",
			surgeReportRate, 100*runawayShare, runawayMin, runawayMax)},
		{t.load.SurgeAfter + t.load.SurgeFor, "the surge is over: the load is as at first"},
	}
	var lines []string
	for ; t.phase < len(phases) && m.At >= phases[t.phase].at; t.phase++ {
		lines = append(lines, phases[t.phase].words)
	}
	return lines
}

// shop tells when checkouts begin to fail and when they are well again.
func (t *teller) shop(arm string, s summary) []string {
	known := s.PerSecond[:max(0, len(s.PerSecond)-settleFor)]
	switch {
	case !t.sick[arm] && badIn(known, sickWithin) >= 3:
		t.sick[arm] = true
		last := known[len(known)-1]
		return []string{fmt.Sprintf("%s: checkouts fail: %d of %d in one second", arm, last.Bad, last.Good+last.Bad)}
	case t.sick[arm] && badIn(known, wellWithin) == 0:
		t.sick[arm] = false
		return []string{fmt.Sprintf("%s: checkouts are well again, after %d bad seconds in all", arm, s.BadSeconds)}
	}
	return nil
}

// badIn counts the bad ones of the last n seconds.
func badIn(seconds []second, n int) int {
	bad := 0
	for _, s := range seconds[max(0, len(seconds)-n):] {
		if s.bad() {
			bad++
		}
	}
	return bad
}

// changed says whether something differs from when it was told last; what is first seen is only noted.
func (t *teller) changed(what, now string) (before string, yes bool) {
	before, seen := t.changing[what]
	t.changing[what] = now
	return before, seen && before != now
}

func (t *teller) objectives(s client.Status) []string {
	var lines []string
	for _, o := range s.Objectives {
		if before, yes := t.changed("objective "+o.Name, o.Status); yes {
			lines = append(lines, fmt.Sprintf("%s: %s → %s (%s)", o.Name, before, o.Status, o.Words))
		}
	}
	return lines
}

// wishes tells what loops that only observe would have done.
func (t *teller) wishes(s client.Status) []string {
	var lines []string
	for _, d := range s.Decisions {
		wish := "" // none
		if d.Reason == "observing" {
			wish = fmt.Sprint(d.Wanted)
		}
		if _, yes := t.changed("wish "+d.Actuator, wish); yes && wish != "" {
			lines = append(lines, d.Words)
		}
	}
	return lines
}

// moves tells each decision to move once, the oldest first, and how it ended if it ended badly.
func (t *teller) moves(records []client.Record) []string {
	var lines []string
	for _, r := range slices.Backward(records) {
		if t.once("move " + r.Decision.ID) {
			lines = append(lines, fmt.Sprintf("%s  [%s]", r.Decision.Words, r.Decision.ID))
		}
		for _, o := range r.Outcomes {
			if o.Error != "" && t.once("outcome "+r.Decision.ID) {
				lines = append(lines, fmt.Sprintf("%s: decision %s was not carried out: %s", r.Decision.Actuator, r.Decision.ID, o.Error))
			}
		}
	}
	return lines
}

func (t *teller) gates(s client.Status) []string {
	var lines []string
	for _, g := range s.Gates {
		if before, yes := t.changed("gate "+g.Service, string(g.Verdict)); yes {
			lines = append(lines, fmt.Sprintf("gate of %s: %s → %s", g.Service, before, g.Words))
		}
	}
	return lines
}

// problems tells what goes wrong when it begins, and that it is over. A problem that lasts has other
// figures in its words each time.
func (t *teller) problems(s client.Status) []string {
	troubled := len(s.Problems) > 0
	if troubled == t.troubled {
		return nil
	}
	t.troubled = troubled
	if !troubled {
		return []string{"setpoint's problem is over"}
	}
	var lines []string
	for _, problem := range s.Problems {
		lines = append(lines, "setpoint has a problem: "+shorten(problem, 200))
	}
	return lines
}

func shorten(words string, most int) string {
	if runes := []rune(words); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return words
}

// pulse says in one line how everything stands.
func (t *teller) pulse(m moment) []string {
	if m.At < t.nextPulse {
		return nil
	}
	t.nextPulse = m.At.Truncate(pulseEvery) + pulseEvery
	line := fmt.Sprintf("  so far: bad seconds %d observing, %d acting", m.Observing.BadSeconds, m.Acting.BadSeconds)
	line += fmt.Sprintf(" | budget left %s observing, %s acting", left(m.Status, observingService), left(m.Status, actingService))
	for _, s := range m.Status.Settings {
		if s.Service == actingService {
			line += fmt.Sprintf(" | %s %s", s.Actuator, s.Shown)
		}
	}
	return []string{line}
}

func left(status client.Status, service string) string {
	o, found := objectiveOf(status, service)
	if !found {
		return "unknown"
	}
	return fmt.Sprintf("%.0f %%", 100*o.Remaining)
}

func (t *teller) once(what string) bool {
	if t.told[what] {
		return false
	}
	t.told[what] = true
	return true
}
