package web_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/web"
)

// Charts of many objectives have fewer points each, over six hours all the same
// and up to the newest look.
func TestTrailIsBounded(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	const looks = 380
	last := begin.Add((looks - 1) * time.Minute)
	for objectives, most := range map[int]int{3: 3 * 2 * 720, 3500: 1 << 21} {
		points, from, to := web.TrailOf(objectives, looks, begin)
		if points > most {
			t.Errorf("%d objectives have %d points, want at most %d", objectives, points, most)
		}
		if to != last || from.After(last.Add(-6*time.Hour+2*time.Minute)) {
			t.Errorf("points of %d objectives reach from %s to %s, want six hours up to %s", objectives, from, to, last)
		}
	}
}
