package budget_test

import (
	"fmt"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// Ten minutes of 1,000 requests each, five of them bad in the last two.
func ExampleBook() {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	book := budget.NewBook(budget.Config{
		At: start,
		Objective: slo.Objective{
			Name: "checkout-availability", Slice: time.Minute,
			Target: slo.NewDecimal(999, 3), Window: slo.Window{Length: 30 * 24 * time.Hour},
		},
		Windows: []time.Duration{5 * time.Minute, time.Hour},
	})
	for minute := range 10 {
		slice := sli.Slice{Start: start.Add(time.Duration(minute) * time.Minute)}
		slice.Good, slice.Covered = 1000*sli.Event, time.Minute
		if minute >= 8 {
			slice.Good, slice.Bad = 995*sli.Event, 5*sli.Event
		}
		if err := book.Advance(slice.Start.Add(time.Minute)); err != nil {
			fmt.Println(err)
		}
		if err := book.Put(slice); err != nil {
			fmt.Println(err)
		}
	}
	state := book.State()
	short, _ := state.Window(5 * time.Minute)
	fmt.Printf("%s: %.0f %% left, burning at rate %.1f over 5 min\n", state.Status, 100*state.Remaining, short.Burn)
	// Output: exhausted: 0 % left, burning at rate 2.0 over 5 min
}
