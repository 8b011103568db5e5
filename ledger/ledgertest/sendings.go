package ledgertest

import (
	"time"

	"setpoint.dev/setpoint/loop"
)

// Sending is a valid beginning of a sending, by the leader of the first epoch.
func Sending(id string, when time.Time) loop.Sending {
	return loop.Sending{ID: id, Report: "weekly", Target: "inbox", From: when.AddDate(0, 0, -7), To: when, Due: when, At: when, Until: when.Add(time.Hour),
		Term: loop.Term{Epoch: 1}, Text: `{"title":"a week"}`}
}
