package web

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// minus is the minus sign, which is as wide as a digit.
const minus = "−"

// about is a length of time as people say it: 45 s, 12 min, 9 h, 3 d.
func about(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 90*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f d", d.Hours()/24)
}

// window names a window: 5 min, 1 h, 30 d.
func window(d time.Duration) string {
	span := slo.Span(d)
	digits := strings.TrimRight(span, "dhms")
	unit := map[string]string{"d": "d", "h": "h", "m": "min", "s": "s"}[span[len(digits):]]
	if _, err := strconv.Atoi(digits); err != nil || unit == "" {
		return span
	}
	return digits + " " + unit
}

// roughly names a window in one unit, where there is little room.
func roughly(d time.Duration) string {
	if words := window(d); strings.Contains(words, " ") {
		return words
	}
	return about(d)
}

// percent is a share as the gate's sentences say it too.
func percent(share float64) string { return budget.Percent(share) }

// exactly is a decimal share in percent with all its digits.
func exactly(d slo.Decimal) string {
	num, den := d.Fraction()
	text := big.NewRat(num, den).Mul(big.NewRat(num, den), big.NewRat(100, 1)).FloatString(16)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + " %"
}

// count is a number of events with its thousands set apart; below 10 with
// one decimal where it has one.
func count(n float64) string {
	if n < 10 && n != math.Trunc(n) {
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(math.Round(math.Abs(n)), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n < 0 {
		return minus + digits
	}
	return digits
}

// times is a burn rate: 0.4×, 12×, 1,000×.
func times(burn float64) string {
	switch {
	case burn >= budget.Boundless: // of a target of 100 %
		return "without bound"
	case burn < 9.95:
		return strconv.FormatFloat(burn, 'f', 1, 64) + "×"
	}
	return count(burn) + "×"
}

// clock is a time of day in the zone of now, with the date when it is another
// day.
func clock(t, now time.Time) string {
	if now.Location() == time.Local {
		now = now.UTC()
	}
	t = t.In(now.Location())
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("2 Jan 15:04:05")
}

// stamp is a time for programs, as in <time datetime>.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// plural is n with the noun in its number.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// list joins words as in a sentence: a, b and c.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// stateWords are the words for an objective, now.
func stateWords(o slo.Objective, s budget.State, now time.Time) string {
	return standing(o, s, now) + exemptWords(s) + assumedWords(s) + pendingWords(s.Pending) + badWords(o, s, now)
}

// badWords say that something is bad and no outage yet.
func badWords(o slo.Objective, s budget.State, now time.Time) string {
	if s.BadSince.IsZero() {
		return ""
	}
	return fmt.Sprintf("; bad since %s, which counts when it has lasted %s", clock(s.BadSince, now), window(o.TimeSlice.MinOutage))
}

// standing is how the budget stands.
func standing(o slo.Objective, s budget.State, now time.Time) string {
	switch s.Status {
	case budget.NoData:
		if s.Newest.IsZero() {
			return "nothing observed yet"
		}
		return "nothing observed since " + clock(s.Newest, now)
	case budget.NoTraffic:
		return "in sight, but nothing came in over " + over(s)
	case budget.TooFew:
		return fmt.Sprintf("only %s %s over %s, fewer than the %s that it takes to judge", count(s.Events(s.Budget.Total())), s.Noun(), over(s), count(float64(s.MinEvents)))
	case budget.Exhausted:
		return fmt.Sprintf("out of budget: %s bad %s where %s are allowed", count(s.Events(s.Budget.Bad)), s.Noun(), allowed(s))
	}
	words := forecastWords(s)
	if s.Status == budget.Partial {
		words += fmt.Sprintf("; only %s of its %s were observed so far", about(s.Budget.Covered), over(s))
	}
	return words
}

// allowed is how many bad events a budget allows: whole ones, since one more
// would be over it.
func allowed(s budget.State) string { return count(math.Floor(s.Allowed() + 1e-9)) }

// provisionalWords say what of a budget may still change.
func provisionalWords(s budget.State, now time.Time) string {
	if s.Provisional.IsZero() {
		return ""
	}
	return "provisional from " + clock(s.Provisional, now) + " on"
}

// lateWords say that, and what late samples have changed.
func lateWords(s budget.State, now time.Time) string {
	words := provisionalWords(s, now)
	if s.Corrected == 0 {
		return words
	}
	if words != "" {
		words += "; "
	}
	return words + plural(int(s.Corrected), "slice", "slices") + " corrected for late samples, last at " + clock(s.CorrectedAt, now)
}

// over names the time that a budget has been kept over.
func over(s budget.State) string {
	if s.PeriodStart.IsZero() {
		return window(s.Budget.Length)
	}
	return window(s.Budget.Length) + " since " + moment(s.PeriodStart)
}

// moment is a time in the zone of a calendar: 1 Mar 2026 00:00 CET.
func moment(t time.Time) string { return t.Format("2 Jan 2006 15:04 MST") }

// promised names the window of a promise: 30 d, or each month.
func promised(w slo.Window) string {
	if !w.Calendar() {
		return window(w.Length)
	}
	unit := map[slo.Unit]string{slo.Minutes: "minute", slo.Hours: "hour", slo.Days: "day", slo.Weeks: "week", slo.Months: "month", slo.Quarters: "quarter", slo.Years: "year"}[w.Unit]
	if w.Count > 1 {
		return fmt.Sprintf("every %d %ss (%s)", w.Count, unit, w.Start.Location())
	}
	return fmt.Sprintf("each %s (%s)", unit, w.Start.Location())
}

// period says which period a budget is of, where its window follows the
// calendar.
func period(s budget.State) string {
	if s.PeriodStart.IsZero() {
		return ""
	}
	return moment(s.PeriodStart) + " to " + moment(s.PeriodEnd)
}
