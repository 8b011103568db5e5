package web_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/web"
)

// TestReport sums last month: of 100 events in each 5 s of December 1999, the
// 1,000 bad ones at its beginning are little of the 0.5 % that may be bad.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it is 1 January 2000 there
		w, _ := incident(time.Minute)
		cfg := w.config()
		day := time.Date(1999, 12, 15, 0, 0, 0, 0, time.UTC) // is enough to sum
		oneDay := counted(func(at time.Time) int {
			if at.Hour() == 3 && at.Minute() == 0 {
				return 50
			}
			return 0
		})
		cfg.Slices = func(ctx context.Context, asks ...loop.Stretch) ([][]sli.Slice, error) {
			if asks[0].To.Before(day.AddDate(0, 0, 1)) || asks[0].From.After(day) {
				return make([][]sli.Slice, 1), nil
			}
			return oneDay(ctx, loop.Stretch{From: day.Add(-tick), To: day.AddDate(0, 0, 1)})
		}
		h := web.New(cfg).Handler()
		a := get(t, h, "/reports?period=month&back=1")
		for _, says := range []string{"December 1999", "3 of 3 objectives kept their budget, 3 of them as far as is known: more than half of the time they were not observed.", "kept, partly seen", "<td>600</td><td>1,728,000</td>", "<td>99.9652 %</td>", "1 Dec 1999 00:00 UTC to 1 Jan 2000 00:00 UTC", "6.9 % in 60 s from 15 Dec 03:00"} {
			if !strings.Contains(a.body, says) {
				t.Errorf("the report does not say %q", says)
			}
		}
		file := get(t, h, "/reports?period=month&back=1&file=1")
		if got := file.header.Get("Content-Disposition"); !strings.Contains(got, "setpoint-december-1999.html") || !strings.Contains(file.body, "<style>") || strings.Contains(file.body, "<link") || strings.Contains(file.body, "src=") {
			t.Errorf("the file %q is not whole by itself", got)
		}
		for query, says := range map[string]string{"period=week": "Week 52 of 1999", "period=quarter&back=1": "Quarter 4 of 1999", "": "January 2000", "back=12": "January 1999", "team=nobody": "No objective is declared by nobody", "period=week&back=2": "Week 50 of 1999"} {
			if body := get(t, h, "/reports?"+query).body; !strings.Contains(body, says) {
				t.Errorf("?%s does not say %q", query, says)
			}
		}
		for _, query := range []string{"period=year", "back=-1", "back=101", "back=x", "team=%00"} {
			if a := get(t, h, "/reports?"+query); a.code != 400 {
				t.Errorf("?%s: status %d", query, a.code)
			}
		}
	})
}

func TestReportUnread(t *testing.T) {
	w, _ := incident(time.Minute)
	cfg := w.config()
	cfg.Slices = func(context.Context, ...loop.Stretch) ([][]sli.Slice, error) {
		return nil, errors.New("no answer of hunter2")
	}
	if body := get(t, web.New(cfg).Handler(), "/reports").body; !strings.Contains(body, "What was counted cannot be read") || strings.Contains(body, "hunter2") || strings.Contains(body, "No objective is declared") {
		t.Error("the report does not say that it cannot be made")
	}
}
