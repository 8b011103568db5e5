package slo

import "time"

// A Report says that how objectives did in each week, month or quarter is sent
// to webhooks when it has ended.
type Report struct {
	Name        string               `json:"name"`
	Title       string               `json:"title,omitempty"`
	Description string               `json:"description,omitempty"`
	Period      string               `json:"period"`         // week (from Monday), month or quarter, by the clocks of Zone
	Team        string               `json:"team,omitempty"` // whose objectives; "" = all
	At          time.Duration        `json:"at"`             // when it is sent on the day after the period, by the clocks since midnight, ns
	Zone        Zone                 `json:"timeZone"`
	Within      time.Duration        `json:"within"`         // how late it is still sent, ns
	File        bool                 `json:"file,omitempty"` // the report as one HTML file goes with it
	Targets     []NotificationTarget `json:"targets"`
	Position    Position             `json:"-"`
}

// Calendar periods that reports are about.
const (
	Week    = "week"
	Month   = "month"
	Quarter = "quarter"
)

// CalendarPeriod is the week, month or quarter that t is in, by the clocks of
// t's zone; with back, so many of them before it.
func CalendarPeriod(period string, t time.Time, back int) Stretch {
	year, month, date := t.Date()
	at := func(month time.Month, date int) time.Time {
		return onClock(time.Date(year, month, date, 0, 0, 0, 0, time.UTC), t.Location())
	}
	switch period {
	case Week:
		monday := date - (int(t.Weekday())+6)%7 - 7*back
		return Stretch{at(month, monday), at(month, monday+7)}
	case Quarter:
		first := month - (month-1)%3 - time.Month(3*back)
		return Stretch{at(first, 1), at(first+3, 1)}
	}
	return Stretch{at(month-time.Month(back), 1), at(month-time.Month(back)+1, 1)}
}

// Ended is the newest period that is to be on its way by now, and since when.
func (r Report) Ended(now time.Time) (of Stretch, due time.Time) {
	for back := 1; ; back++ {
		of = CalendarPeriod(r.Period, now.In(r.Zone.Location()), back)
		if due = r.due(of); !due.After(now) {
			return of, due
		}
	}
}

// Next is the first period that is to be sent after now, and when.
func (r Report) Next(now time.Time) (of Stretch, due time.Time) {
	for back := 1; ; back-- {
		of = CalendarPeriod(r.Period, now.In(r.Zone.Location()), back)
		if due = r.due(of); due.After(now) {
			return of, due
		}
	}
}

func (r Report) due(of Stretch) time.Time {
	return onClock(wallOf(of.To.In(r.Zone.Location())).Add(r.At), r.Zone.Location())
}
