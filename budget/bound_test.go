package budget_test

import (
	"math"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A budget says how far it may be off for what no sample holds, and nothing
// where all was seen.
func TestBound(t *testing.T) {
	// 1,000 events a minute for an hour, 30 of them bad: the budget of 1 % is 600.
	usual := sli.Counts{Good: 995 * sli.Event, Bad: 5 * sli.Event, Covered: time.Minute}
	unseen := usual
	unseen.Unseen, unseen.UnseenBad = 100*sli.Event, 16*sli.Event
	dark := sli.Counts{Unseen: 100 * sli.Event, UnseenBad: 10 * sli.Event}
	seldom := dark
	seldom.Covered = time.Minute
	tests := []struct {
		name string
		last sli.Slice
		want float64
	}{
		{"all was seen", sli.Slice{Counts: usual}, 0},
		{"a process ended", sli.Slice{Counts: unseen}, (16 + 12 + 3) / 600.}, // 16 + 3√16 + 3 more bad events
		{"processes began anew in a gap", sli.Slice{Counts: dark, Flaw: sli.FlawLost}, // 1 minute unseen, a tenth of it bad
			(10 + 100 + 3*math.Sqrt(110) + 3) / 590.},
		{"processes began anew again and again", sli.Slice{Counts: seldom, Flaw: sli.FlawRestarts}, // as much as in any other minute, a tenth of it bad
			(10 + 100 + 3*math.Sqrt(110) + 3) / 590.},
		{"a gap that lost nothing", sli.Slice{Counts: sli.Counts{}, Flaw: sli.FlawGap}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := slo.Objective{Name: "o", Target: slo.NewDecimal(99, 2), Window: slo.Window{Length: time.Hour}, Slice: time.Minute}
			begin := time.Unix(0, 0).UTC()
			book := budget.NewBook(budget.Config{Objective: o, At: begin.Add(time.Hour)})
			for n := range 60 {
				s := sli.Slice{Start: begin.Add(time.Duration(n) * time.Minute), Counts: usual}
				if n == 59 {
					s.Counts, s.Flaw = tt.last.Counts, tt.last.Flaw
				}
				if err := book.Put(s); err != nil {
					t.Fatal(err)
				}
			}
			if got := book.State().Bound; math.Abs(got-tt.want) > 0.005 {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// Time slices are in doubt when unseen events could change their verdict.
func TestBoundOfTimeSlices(t *testing.T) {
	o := slo.Objective{Target: slo.NewDecimal(9, 1), Slice: time.Minute, Method: slo.Timeslices, TimeSlice: slo.TimeSlice{Target: slo.NewDecimal(9, 1)}}
	c := sli.Counts{Good: 95 * sli.Event, Bad: 5 * sli.Event, Covered: time.Minute}
	for bad, want := range map[sli.Count]sli.Count{5 * sli.Event: 0, 6 * sli.Event: sli.Event} {
		c.Unseen, c.UnseenBad = 10*sli.Event, bad
		if got := budget.Fold(o, []sli.Slice{{Start: time.Unix(0, 0), Counts: c}})[0].Counts; got.UnseenBad != want || got.Good != sli.Event {
			t.Errorf("with %v bad unseen: got %+v, want %v in doubt", bad, got, want)
		}
	}
}
