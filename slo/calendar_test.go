package slo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/slo"
)

// calendarOf reads a calendar of the given body.
func calendarOf(body string) (slo.Calendar, slo.Problems) {
	text := "apiVersion: setpoint.dev/v1\nkind: Calendar\nmetadata: {name: c}\nspec:\n  appliesTo: {all: true}\n  effect: exclude\n" + body
	set, problems := slo.Load([]slo.File{{Name: "c.yaml", Data: []byte(text)}}, env)
	if set == nil || len(set.Calendars) != 1 {
		return slo.Calendar{}, problems
	}
	return set.Calendars[0], problems
}

func mustCalendar(t testing.TB, body string) slo.Calendar {
	t.Helper()
	c, problems := calendarOf(body)
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	return c
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// shown are stretches in UTC.
func shown(all []slo.Stretch) (out []string) {
	for _, s := range all {
		out = append(out, s.From.UTC().Format(time.RFC3339)+" "+s.To.UTC().Format(time.RFC3339))
	}
	return out
}

// Stretches that a person worked out.
func TestStretches(t *testing.T) {
	for _, c := range []struct{ name, body, from, to, want string }{
		{"one-off, by the clocks of a zone", "  timeZone: Europe/Berlin\n  windows: [{from: 2026-03-14 01:00:00, to: 2026-03-14 04:30:00}]",
			"2026-03-14T00:10:00Z", "2026-03-14T00:20:00Z", "2026-03-14T00:00:00Z 2026-03-14T03:30:00Z"},
		{"one-off, with a zone of its own", "  windows: [{from: 2026-03-14T01:00:00+02:00, to: 2026-03-14T02:00:00+02:00}]",
			"2026-03-13T00:00:00Z", "2026-03-15T00:00:00Z", "2026-03-13T23:00:00Z 2026-03-14T00:00:00Z"},
		{"those that touch are one", "  windows: [{from: 2026-03-14 01:00:00, to: 2026-03-14 02:00:00}, {from: 2026-03-14 02:00:00, to: 2026-03-14 03:00:00}]",
			"2026-03-14T00:00:00Z", "2026-03-15T00:00:00Z", "2026-03-14T01:00:00Z 2026-03-14T03:00:00Z"},
		{"weekly over the spring gap in Berlin: 02:30 comes at 03:30", "  timeZone: Europe/Berlin\n  recurring: [{rrule: FREQ=WEEKLY, start: 2026-03-22 02:30:00, duration: 1h}]",
			"2026-03-20T00:00:00Z", "2026-04-06T00:00:00Z", "2026-03-22T01:30:00Z 2026-03-22T02:30:00Z, 2026-03-29T01:30:00Z 2026-03-29T02:30:00Z, 2026-04-05T00:30:00Z 2026-04-05T01:30:00Z"},
		{"weekly over the autumn: the first 02:30 of two", "  timeZone: Europe/Berlin\n  recurring: [{rrule: FREQ=WEEKLY, start: 2026-10-18 02:30:00, duration: 1h}]",
			"2026-10-17T00:00:00Z", "2026-10-27T00:00:00Z", "2026-10-18T00:30:00Z 2026-10-18T01:30:00Z, 2026-10-25T00:30:00Z 2026-10-25T01:30:00Z"},
		{"EXDATE, with and without a time", "  timeZone: Europe/Berlin\n  recurring: [{rrule: FREQ=DAILY, start: 2026-05-01 08:00:00, duration: 1h, except: [2026-05-02, 2026-05-03 08:00:00]}]",
			"2026-05-01T00:00:00Z", "2026-05-05T00:00:00Z", "2026-05-01T06:00:00Z 2026-05-01T07:00:00Z, 2026-05-04T06:00:00Z 2026-05-04T07:00:00Z"},
		{"one that began before", "  recurring: [{rrule: FREQ=MONTHLY, start: 2026-05-01 00:00:00, duration: 10d}]",
			"2026-06-05T00:00:00Z", "2026-06-06T00:00:00Z", "2026-06-01T00:00:00Z 2026-06-11T00:00:00Z"},
		{"UNTIL is in UTC and included", "  timeZone: America/New_York\n  recurring: [{rrule: FREQ=DAILY;UNTIL=20260503T120000Z, start: 2026-05-01 08:00:00, duration: 1h}]",
			"2026-05-02T00:00:00Z", "2026-05-09T00:00:00Z", "2026-05-02T12:00:00Z 2026-05-02T13:00:00Z, 2026-05-03T12:00:00Z 2026-05-03T13:00:00Z"},
		{"COUNT counts from the start", "  recurring: [{rrule: FREQ=DAILY;COUNT=3, start: 2026-05-01 08:00:00, duration: 1h}]",
			"2026-05-02T12:00:00Z", "2027-05-09T00:00:00Z", "2026-05-03T08:00:00Z 2026-05-03T09:00:00Z"},
		{"a holiday of 23 hours", "  timeZone: Europe/Berlin\n  holidays: [2026-03-29]",
			"2026-03-29T10:00:00Z", "2026-03-29T11:00:00Z", "2026-03-28T23:00:00Z 2026-03-29T22:00:00Z"},
		{"a holiday of every year", "  holidays: [12-25]", "2031-12-24T10:00:00Z", "2031-12-27T11:00:00Z", "2031-12-25T00:00:00Z 2031-12-26T00:00:00Z"},
		{"outside working hours: the night, and the week-end as one", "  timeZone: Europe/Berlin\n  workingHours: [{days: [mon, tue, wed, thu, fri], from: \"08:00\", to: \"18:00\"}]",
			"2026-06-04T00:00:00Z", "2026-06-06T00:00:00Z", "2026-06-03T16:00:00Z 2026-06-04T06:00:00Z, 2026-06-04T16:00:00Z 2026-06-05T06:00:00Z, 2026-06-05T16:00:00Z 2026-06-08T06:00:00Z"},
		{"a holiday is not worked", "  workingHours: [{days: [mon, tue, wed, thu, fri], from: \"00:00\", to: \"24:00\"}]\n  holidays: [2026-06-03]",
			"2026-06-02T00:00:00Z", "2026-06-05T00:00:00Z", "2026-06-03T00:00:00Z 2026-06-04T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(shown(mustCalendar(t, c.body).Stretches(at(t, c.from), at(t, c.to))), ", ")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCovers(t *testing.T) {
	c := mustCalendar(t, "  windows: [{from: 2026-03-14 01:00:30, to: 2026-03-14 02:00:00}]")
	for from, want := range map[string]bool{
		"2026-03-14T01:00:00Z": false, // begins inside
		"2026-03-14T01:01:00Z": true,
		"2026-03-14T01:59:00Z": true, // ends with it
		"2026-03-14T02:00:00Z": false,
	} {
		if got := c.Covers(at(t, from), at(t, from).Add(time.Minute)); got != want {
			t.Errorf("covers the minute from %s: %v, want %v", from, got, want)
		}
	}
}

// TestRulesAsRRuleGo compares recurrences with another implementation of RFC
// 5545, in UTC, where nobody sets clocks.
func TestRulesAsRRuleGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawRule(t)
		start := time.Date(2024, 1, 1, rapid.IntRange(0, 23).Draw(t, "hour"), 30, rapid.SampledFrom([]int{0, 20}).Draw(t, "second"), 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 800).Draw(t, "day"))
		option, err := rrule.StrToROption(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		option.Dtstart = start
		theirs, err := rrule.NewRRule(*option)
		if err != nil {
			t.Skip(err)
		}
		body := fmt.Sprintf("  recurring: [{rrule: %q, start: %q, duration: 1m}]", text, start.Format(time.DateTime))
		c, problems := calendarOf(body)
		if problems.Err() != nil && (option.Freq > rrule.MONTHLY) {
			return // theirs would look for a day until the year 9999
		}
		from := start.AddDate(0, 0, rapid.IntRange(0, 1200).Draw(t, "from"))
		to := from.AddDate(1, 0, 0)
		if option.Freq > rrule.DAILY { // as many as of the others are enough
			to = from.AddDate(0, 1, 0)
		}
		var want, got []time.Time
		for _, s := range theirs.Between(from, to.Add(-time.Second), true) {
			want = append(want, s.UTC())
		}
		if problems.Err() != nil {
			if len(want) > 0 {
				t.Fatalf("%s: %v", text, problems)
			}
			return
		}
		for _, s := range c.Stretches(from, to) {
			if !s.From.Before(from) {
				got = append(got, s.From.UTC())
			}
		}
		if slices.Equal(want, got) {
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s from %s (-theirs +ours):\n%s", text, start, diff)
		}
	})
}

func drawRule(t *rapid.T) string {
	freq := rapid.SampledFrom([]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"}).Draw(t, "freq")
	parts := []string{"FREQ=" + freq}
	interval := rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(t, "interval")
	switch freq {
	case "HOURLY":
		interval = rapid.SampledFrom([]int{1, 5, 7, 24, 36}).Draw(t, "hours")
	case "MINUTELY":
		interval = rapid.SampledFrom([]int{60, 90, 100, 1440}).Draw(t, "minutes")
	}
	parts = append(parts, fmt.Sprintf("INTERVAL=%d", interval))
	add := func(name string, options ...string) {
		if rapid.IntRange(0, 3).Draw(t, name) == 0 {
			parts = append(parts, name+"="+rapid.SampledFrom(options).Draw(t, name+" is"))
		}
	}
	add("BYMONTH", "2", "1,6,12")
	add("BYHOUR", "3", "9,17")
	if freq != "MINUTELY" {
		add("BYMINUTE", "0", "15")
	}
	switch freq {
	case "YEARLY":
		if len(parts) == 2 { // theirs panics on the 20th Monday of a month
			add("BYDAY", "MO", "1SU", "-1FR,2TU", "20MO")
		}
		if !strings.Contains(strings.Join(parts, ";"), "BYDAY") || strings.HasSuffix(parts[len(parts)-1], "=MO") {
			add("BYWEEKNO", "1", "20,53", "-1")
		}
		add("BYYEARDAY", "100", "1,-1,366")
		add("BYMONTHDAY", "13", "31", "-1")
	case "MONTHLY":
		add("BYDAY", "MO", "1SU", "-1FR,2TU")
		add("BYMONTHDAY", "13", "31", "-1")
	default:
		add("BYDAY", "MO", "SA,SU")
	}
	if len(parts) > 3 && freq != "HOURLY" && freq != "MINUTELY" && strings.Contains(strings.Join(parts, ";"), "BYDAY") {
		add("BYSETPOS", "1", "-1", "1,2")
	}
	if !strings.Contains(strings.Join(parts, ";"), "53") { // theirs puts 1 January 2027 into a week 53 from Sunday on, in a year that has 52
		add("WKST", "SU", "MO")
	}
	add("COUNT", "5", "40")
	return strings.Join(parts, ";")
}

// TestWeekNumbers compares week 53 with package time's.
func TestWeekNumbers(t *testing.T) {
	c := mustCalendar(t, "  recurring: [{rrule: FREQ=YEARLY;BYWEEKNO=53, start: 2000-01-01 00:00:00, duration: 1m}]")
	for d := at(t, "2001-12-20T00:00:00Z"); d.Year() < 2040; d = d.AddDate(0, 0, 1) {
		if d.YearDay() == 10 {
			d = d.AddDate(0, 11, 10)
		}
		_, week := d.ISOWeek()
		if got := c.Covers(d, d.Add(time.Minute)); got != (week == 53) {
			t.Errorf("%s is in week %d, covered %v", d.Format(time.DateOnly), week, got)
		}
	}
}

// TestHostileRules: what would go on for ever, or nearly, is refused in no
// time.
func TestHostileRules(t *testing.T) {
	for text, want := range map[string]string{
		"FREQ=SECONDLY":                             "more often than once an hour",
		"FREQ=MINUTELY":                             "more often than once an hour",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30":       "never comes",
		"FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=31":       "never comes",
		"FREQ=DAILY;INTERVAL=1000000;BYMONTHDAY=32": "out of range",
		"FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=0,10,20,30":            "52 times a day",
		"FREQ=DAILY;COUNT=999999999":                                                    "out of range",
		"FREQ=YEARLY;INTERVAL=999999;BYMONTH=3;BYMONTHDAY=" + strings.Repeat("1,", 600): "longer than",
	} {
		took := spent(t, func() {
			_, problems := calendarOf("  recurring: [{rrule: \"" + text + "\", start: 2026-01-01 00:00:00, duration: 1h}]")
			if !strings.Contains(problems.Error(), want) {
				t.Errorf("%s: %v, want %q", text, problems, want)
			}
		})
		if took > time.Second {
			t.Errorf("%s took %s", text, took)
		}
	}
}

// TestManyHostileRules: a whole file of them is given up early.
func TestManyHostileRules(t *testing.T) {
	body := "  recurring:\n" + strings.Repeat("  - {rrule: FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31, start: 2026-01-01 00:00:00, duration: 1h}\n", 9000)
	took := spent(t, func() {
		if _, problems := calendarOf(body); problems.Err() == nil {
			t.Error("they are read")
		}
	})
	if took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}
