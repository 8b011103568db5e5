package setpoint_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestFaultsHaveTests reads the table of docs/faults.md: every test that a
// line names is there, and every fault is in the table or said to be in none.
func TestFaultsHaveTests(t *testing.T) {
	text, err := os.ReadFile("docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	table, open, found := strings.Cut(string(text), "\nNot provoked by a test: ")
	if !found {
		t.Error("docs/faults.md does not say what no test provokes")
	}
	lines := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([PDLA]\d+) \|.*\| ([^|]+) \|$`).FindAllStringSubmatch(table, -1) {
		tests := regexp.MustCompile("`([a-z/]+)\\.(Test[A-Za-z]+)`").FindAllStringSubmatch(m[2], -1)
		if len(tests) == 0 {
			t.Errorf("%s names no test: %s", m[1], m[0])
		}
		for _, n := range tests {
			if !declares(t, n[1], n[2]) {
				t.Errorf("%s: there is no test %s in %s", m[1], n[2], n[1])
			}
		}
		lines[m[1]] = true
	}
	for _, fault := range strings.Fields("P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 L1 L2 L3 L4 L5 L6 L7 D1 D2 D3 D4 D5 A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11") {
		if said := strings.Contains(open, fault+" ("); said == lines[fault] {
			t.Errorf("%s is in the table: %t, and said to have no test: %t", fault, lines[fault], said)
		}
	}
}

// TestFailureModesHaveTests reads the table of failure modes in
// docs/safety.md: every scenario and every test that a line names is there,
// and no mode that is known of loops like these has been left out.
func TestFailureModesHaveTests(t *testing.T) {
	text, err := os.ReadFile("docs/safety.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n| failure mode |")
	modes := ""
	for _, m := range regexp.MustCompile(`(?m)^\| ([a-z][^|]+) \|[^|]+\| ([^|]+) \|$`).FindAllStringSubmatch(table, -1) {
		modes += m[1] + "\n"
		for _, name := range strings.Split(m[2], ", ") {
			dir, test, isTest := strings.Cut(strings.Trim(name, "`"), ".")
			_, err := os.Stat("loop/testdata/" + name + ".txt")
			if isTest && !declares(t, dir, test) || !isTest && err != nil {
				t.Errorf("%s: there is no test %s", m[1], name)
			}
		}
	}
	for _, known := range []string{
		"oscillation", "windup", "its own refusals", "stale data", "follows an overload", "nobody uses it", "few events", "moves the same setting",
		"retries multiply", "at its end", "lent than there is", "two leaders", "arrives late", "change of the loop itself", "metric source that is down",
		"budget begins anew", "right one by one", "pin is forgotten",
	} {
		if !strings.Contains(modes, known) {
			t.Errorf("docs/safety.md has no line for %q", known)
		}
	}
}
