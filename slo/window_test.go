package slo_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/slo"
)

const wall = "2006-01-02 15:04:05"

func calendar(t testing.TB, count int, unit slo.Unit, start, zone string) slo.Window {
	t.Helper()
	where, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation(wall, start, where)
	if err != nil {
		t.Fatal(err)
	}
	usual := map[slo.Unit]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 168 * time.Hour, "M": 720 * time.Hour, "Q": 2160 * time.Hour, "Y": 8760 * time.Hour}
	return slo.Window{Length: time.Duration(count) * usual[unit], Count: count, Unit: unit, Start: at}
}

// Periods that a person worked out, in UTC.
func TestPeriod(t *testing.T) {
	for _, c := range []struct {
		name, start, zone string
		count             int
		unit              slo.Unit
		at, from, to      string
	}{
		{"month in UTC", "2020-01-01 00:00:00", "UTC", 1, "M", "2026-02-11 12:00:00", "2026-02-01 00:00:00", "2026-03-01 00:00:00"},
		{"leap February", "2020-01-01 00:00:00", "UTC", 1, "M", "2028-02-29 23:59:59", "2028-02-01 00:00:00", "2028-03-01 00:00:00"},
		{"the first instant is in it", "2020-01-01 00:00:00", "UTC", 1, "M", "2026-03-01 00:00:00", "2026-03-01 00:00:00", "2026-04-01 00:00:00"},
		{"spring in Berlin: 23 hours", "2026-01-01 00:00:00", "Europe/Berlin", 1, "d", "2026-03-29 12:00:00", "2026-03-28 23:00:00", "2026-03-29 22:00:00"},
		{"autumn in Berlin: 25 hours", "2026-01-01 00:00:00", "Europe/Berlin", 1, "d", "2026-10-25 12:00:00", "2026-10-24 22:00:00", "2026-10-25 23:00:00"},
		{"a time that the clock leaves out", "2026-01-01 02:30:00", "Europe/Berlin", 1, "d", "2026-03-29 12:00:00", "2026-03-29 01:00:00", "2026-03-30 00:30:00"},
		{"a time that the clock shows twice", "2026-01-01 02:30:00", "Europe/Berlin", 1, "d", "2026-10-25 12:00:00", "2026-10-25 00:30:00", "2026-10-26 01:30:00"},
		{"half an hour on Lord Howe Island", "2026-01-01 00:00:00", "Australia/Lord_Howe", 1, "d", "2026-10-04 00:00:00", "2026-10-03 13:30:00", "2026-10-04 13:00:00"},
		{"quarter in New York", "2020-01-01 00:00:00", "America/New_York", 1, "Q", "2026-04-01 03:59:59", "2026-01-01 05:00:00", "2026-04-01 04:00:00"},
		{"week from a Monday in Kathmandu", "2026-01-05 00:00:00", "Asia/Kathmandu", 1, "w", "2026-01-20 00:00:00", "2026-01-18 18:15:00", "2026-01-25 18:15:00"},
		{"two weeks", "2026-01-05 00:00:00", "UTC", 2, "w", "2026-01-20 00:00:00", "2026-01-19 00:00:00", "2026-02-02 00:00:00"},
		{"the 31st in a short month", "2026-01-31 00:00:00", "UTC", 1, "M", "2026-03-01 00:00:00", "2026-02-28 00:00:00", "2026-03-31 00:00:00"},
		{"29 February, yearly", "2024-02-29 00:00:00", "UTC", 1, "Y", "2025-06-01 00:00:00", "2025-02-28 00:00:00", "2026-02-28 00:00:00"},
		{"29 February, in a leap year", "2024-02-29 00:00:00", "UTC", 1, "Y", "2028-06-01 00:00:00", "2028-02-29 00:00:00", "2029-02-28 00:00:00"},
		{"before the start", "2026-01-31 00:00:00", "UTC", 1, "M", "2025-11-30 12:00:00", "2025-11-30 00:00:00", "2025-12-31 00:00:00"},
		{"12 hours are a length", "2026-03-29 00:00:00", "Europe/Berlin", 12, "h", "2026-03-29 12:00:00", "2026-03-29 11:00:00", "2026-03-29 23:00:00"},
		{"Samoa had no 30 December 2011", "2011-12-01 00:00:00", "Pacific/Apia", 1, "d", "2011-12-30 10:00:00", "2011-12-30 10:00:00", "2011-12-31 10:00:00"},
		{"fiscal year", "2020-10-01 00:00:00", "America/New_York", 1, "Y", "2026-10-01 03:59:59", "2025-10-01 04:00:00", "2026-10-01 04:00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := calendar(t, c.count, c.unit, c.start, c.zone)
			at, _ := time.Parse(wall, c.at)
			from, to := w.Period(at)
			if got := [2]string{from.UTC().Format(wall), to.UTC().Format(wall)}; got != [2]string{c.from, c.to} {
				t.Errorf("got %v, want %s to %s", got, c.from, c.to)
			}
		})
	}
}

func TestPeriodOfARollingWindow(t *testing.T) {
	at := time.Unix(1_780_000_000, 0)
	if from, to := (slo.Window{Length: time.Hour}).Period(at); !from.Equal(at.Add(-time.Hour)) || !to.Equal(at) {
		t.Errorf("got %s to %s", from, to)
	}
}

// Periods follow each other without a gap, and begin at the time of the clock
// that was asked for unless the clock leaves it out.
func TestPeriodsPartitionTime(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "America/Sao_Paulo"}
	units := []slo.Unit{"m", "h", "d", "w", "M", "Q", "Y"}
	rapid.Check(t, func(r *rapid.T) {
		second := rapid.Int64Range(0, 2_000_000_000)
		zone := rapid.SampledFrom(zones).Draw(r, "zone")
		start := time.Unix(second.Draw(r, "start"), 0).UTC().Format(wall)
		w := calendar(t, rapid.IntRange(1, 12).Draw(r, "count"), rapid.SampledFrom(units).Draw(r, "unit"), start, zone)
		at := time.Unix(second.Draw(r, "at"), 0)
		from, to := w.Period(at)
		if from.After(at) || !to.After(at) {
			r.Fatalf("%s: %s is not in %s to %s", w, at, from, to)
		}
		if to.Sub(from) > w.Longest() {
			r.Fatalf("%s: %s to %s is longer than %s", w, from, to, w.Longest())
		}
		last, same := w.Period(to.Add(-1))
		next, _ := w.Period(to)
		if !last.Equal(from) || !same.Equal(to) || !next.Equal(to) {
			r.Fatalf("%s: %s to %s ends in %s to %s and is followed by %s", w, from, to, last, same, next)
		}
		if h, m, s := from.Clock(); w.Unit != "m" && w.Unit != "h" && from.Format("15:04:05") != w.Start.Format("15:04:05") {
			if before := from.Add(-time.Second); before.Second()+1+60*before.Minute()+3600*before.Hour() == s+60*m+3600*h {
				r.Fatalf("%s: a period begins at %s, where the clock does not jump", w, from)
			}
		}
	})
}

func TestWindowString(t *testing.T) {
	if got, want := calendar(t, 1, "Q", "2026-01-01 00:00:00", "Europe/Berlin").String(), "each 1Q from 2026-01-01 00:00 Europe/Berlin"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := (slo.Window{Length: 90 * time.Minute}).String(); got != "1h30m" {
		t.Errorf("got %s", got)
	}
}
