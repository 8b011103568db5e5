package loop_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/slo"
)

// TestBacktestTakesLoopsAsPromoted: what a loop that nobody has promoted yet
// would have done is what a backtest is asked for.
func TestBacktestTakesLoopsAsPromoted(t *testing.T) {
	moves := func(p slo.Promotion) int {
		past, _ := readPast(t, "testdata/heals.txt")
		past.set.Loops[0].Promotion = p
		_, b := past.backtest(t, start, time.Minute, nil)
		return b.Trial().Loops[0].Moves
	}
	if got, want := moves(slo.Promotion{Days: 14, Score: 0.8}), moves(slo.Promotion{Waived: "a story"}); got != want || want == 0 {
		t.Errorf("%d moves of a loop that is to be promoted, want %d", got, want)
	}
}
