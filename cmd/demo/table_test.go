package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func compared(observingBad, actingBad int, observingUseful, actingUseful float64, replay string) comparison {
	return comparison{
		Observing: result{Truth: summary{BadSeconds: observingBad, UsefulSeconds: observingUseful}},
		Acting:    result{Truth: summary{BadSeconds: actingBad, UsefulSeconds: actingUseful}},
		Replay:    replay,
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name string
		in   comparison
		want []string // how each fault begins
	}{
		{"helped", compared(52, 5, 108, 158, ""), nil},
		{"at both limits", compared(52, 13, 100, 60, ""), nil},
		{"too many bad seconds", compared(52, 14, 100, 100, ""), []string{"bad seconds:"}},
		{"killed too much", compared(52, 0, 100, 59, ""), []string{"useful report work:"}},
		{"no incident", compared(9, 0, 100, 100, ""), []string{"there was no incident:"}},
		{"nothing happened at all", compared(0, 0, 0, 0, ""), []string{"there was no incident:"}},
		{"replay differs", compared(52, 5, 100, 100, "exit code 1"), []string{"replay: exit code 1"}},
		{"everything", compared(4, 2, 100, 0, "x"), []string{"there was no incident:", "bad seconds:", "useful report work:", "replay:"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.in.faults()
			if len(got) != len(tt.want) {
				t.Fatalf("faults() = %q, want %d beginning %q", got, len(tt.want), tt.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tt.want[i]) {
					t.Errorf("fault %d = %q, want one beginning %q", i, got[i], tt.want[i])
				}
			}
		})
	}
}

func TestTable(t *testing.T) {
	c := comparison{
		Observing: result{Truth: summary{BadCheckouts: 2853, BadPercent: 39.647, BadSeconds: 52, UsefulSeconds: 108.2,
			Reports:       map[string]int{reportFinished: 95, reportLate: 36, reportNoWorker: 42},
			ReportSeconds: map[string]float64{reportFinished: 108.2, reportLate: 410.4}}},
		Acting: result{Truth: summary{BadCheckouts: 61, BadPercent: 0.84, BadSeconds: 5, UsefulSeconds: 158.2,
			Reports:       map[string]int{reportFinished: 132, reportCancelled: 36},
			ReportSeconds: map[string]float64{reportFinished: 158.2, reportCancelled: 118.3}},
			Budget: &budgetFigures{Burned: 0.1234, Bad: 60, Total: 7196}},
	}
	want := `                                           loop observing          loop acting
error budget burned                               unknown                 12 %
bad checkouts, as Setpoint counted                unknown           60 of 7196
bad checkouts, as customers saw             2853 (39.6 %)           61 (0.8 %)
bad seconds (over 10 % bad)                            52                    5
useful report work (within 10 s)              108 s in 95         158 s in 132
reports finished too late for use             410 s in 36             0 s in 0
reports cancelled                                0 s in 0          118 s in 36
reports that got no worker                             42                    0

The loop helped: at most a quarter of the bad seconds, at least 60 % of the useful report work,
and every decision on record comes out the same when it is made again.
`
	if diff := cmp.Diff(want, c.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}
