package slo_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/slo"
)

// A report's periods are those of its own clocks, and it is due at the time of
// day that it says, over the days on which clocks are changed too.
func TestReportDue(t *testing.T) {
	for _, c := range []struct {
		period, zone, at, now  string
		from, to, due, nextDue string
	}{
		{slo.Week, "UTC", "00:15", "2026-11-16 00:14", "2026-11-02 00:00", "2026-11-09 00:00", "2026-11-09 00:15", "2026-11-16 00:15"},
		{slo.Week, "UTC", "00:15", "2026-11-16 00:15", "2026-11-09 00:00", "2026-11-16 00:00", "2026-11-16 00:15", "2026-11-23 00:15"},
		{slo.Week, "UTC", "00:15", "2026-11-22 23:59", "2026-11-09 00:00", "2026-11-16 00:00", "2026-11-16 00:15", "2026-11-23 00:15"},
		{slo.Month, "Europe/Berlin", "08:00", "2026-11-21 22:00", "2026-09-30 22:00", "2026-10-31 23:00", "2026-11-01 07:00", "2026-12-01 07:00"},
		{slo.Month, "Asia/Tokyo", "08:00", "2026-12-31 23:00", "2026-11-30 15:00", "2026-12-31 15:00", "2026-12-31 23:00", "2027-01-31 23:00"},
		{slo.Quarter, "America/New_York", "24:00", "2026-04-01 05:00", "2025-10-01 04:00", "2026-01-01 05:00", "2026-01-02 05:00", "2026-04-02 04:00"},
		{slo.Month, "Europe/Berlin", "02:30", "2026-03-01 01:30", "2026-01-31 23:00", "2026-02-28 23:00", "2026-03-01 01:30", "2026-04-01 00:30"},
	} {
		r := slo.Report{Period: c.period, At: clockOf(t, c.at)}
		must(t, r.Zone.UnmarshalText([]byte(c.zone)))
		of, due := r.Ended(minute(t, c.now))
		_, next := r.Next(minute(t, c.now))
		for what, got := range map[string][2]time.Time{"from": {of.From, minute(t, c.from)}, "to": {of.To, minute(t, c.to)}, "due": {due, minute(t, c.due)}, "next": {next, minute(t, c.nextDue)}} {
			if !got[0].Equal(got[1]) {
				t.Errorf("%s by %s at %s: %s is %s, want %s", c.period, c.zone, c.now, what, got[0].UTC(), got[1])
			}
		}
	}
}

// Periods follow each other without a gap, and what is next becomes what has
// ended when its time comes.
func TestReportFollows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := slo.Report{Period: rapid.SampledFrom([]string{slo.Week, slo.Month, slo.Quarter}).Draw(t, "period"), At: time.Duration(rapid.IntRange(0, 24*60).Draw(t, "at")) * time.Minute}
		if err := r.Zone.UnmarshalText([]byte(rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kolkata"}).Draw(t, "zone"))); err != nil {
			t.Fatal(err)
		}
		now := time.Unix(rapid.Int64Range(1.2e9, 2.2e9).Draw(t, "now"), 0)
		last, due := r.Ended(now)
		next, then := r.Next(now)
		if due.After(now) || !then.After(now) || !next.From.Equal(last.To) || due.Before(last.To) {
			t.Fatalf("at %s: %s due %s, then %s due %s", now, last, due, next, then)
		}
		if again, at := r.Ended(then); again != next || !at.Equal(then) {
			t.Fatalf("at %s has ended %s, want %s", then, again, next)
		}
	})
}

func minute(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", text)
	must(t, err)
	return at
}

func clockOf(t *testing.T, text string) time.Duration {
	t.Helper()
	if text == "24:00" {
		return 24 * time.Hour
	}
	at, err := time.Parse("15:04", text)
	must(t, err)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}
