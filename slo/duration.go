package slo

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// maxDuration bounds what definitions may say; it keeps sums inside an int64.
const maxDuration = 100 * 365 * 24 * time.Hour

const day = 24 * time.Hour

var errDuration = errors.New("not a duration")

// unitOf is the length of a unit, or 0. Years have 365 days.
func unitOf(unit string) time.Duration {
	switch unit {
	case "ms":
		return time.Millisecond
	case "s":
		return time.Second
	case "m":
		return time.Minute
	case "h":
		return time.Hour
	case "d":
		return day
	case "w":
		return 7 * day
	case "y":
		return 365 * day
	}
	return 0
}

// ParseDuration reads a duration as definitions write it: numbers with the
// units ms, s, m, h, d (24 h), w (7 d) and y (365 d), from the longest unit
// on, as in "30d", "1h30m", "500ms" or "1.5s". It is exact, not negative, and
// at most 100 years.
func ParseDuration(s string) (time.Duration, error) {
	if s == "" || len(s) > maxNumber {
		return 0, fmt.Errorf("parse %q: %w", short(s), errDuration)
	}
	var sum, last time.Duration = 0, maxDuration + 1
	for rest := s; rest != ""; {
		part, unit, tail, err := cutDuration(rest)
		if err != nil || unit >= last {
			return 0, fmt.Errorf("parse %q: %w", short(s), errDuration)
		}
		if sum += part; part > maxDuration || sum > maxDuration {
			return 0, fmt.Errorf("parse %q: more than 100 years: %w", short(s), errDuration)
		}
		rest, last = tail, unit
	}
	return sum, nil
}

// cutDuration reads the first number and its unit.
func cutDuration(s string) (part, unit time.Duration, rest string, err error) {
	letters := strings.TrimLeft(s, "0123456789.")
	rest = strings.TrimLeft(letters, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit = unitOf(letters[:len(letters)-len(rest)])
	n, err := ParseDecimal(s[:len(s)-len(letters)])
	if err != nil || unit == 0 {
		return 0, 0, "", errDuration
	}
	ns := new(big.Rat).Mul(n.rat(), big.NewRat(int64(unit), 1))
	if !ns.IsInt() {
		return 0, 0, "", errDuration
	}
	if !ns.Num().IsInt64() {
		return maxDuration + 1, unit, rest, nil
	}
	return time.Duration(ns.Num().Int64()), unit, rest, nil
}

// parseShorthand reads OpenSLO's duration-shorthand: a positive integer and
// one of m, h, d, w, M, Q, Y, which is case-sensitive. Months, quarters and
// years have no fixed length; they are taken as 30, 90 and 365 days, and
// assumed says so. What is longer than 100 years is 100 years.
func parseShorthand(s string) (d time.Duration, assumed string, err error) {
	if len(s) < 2 || len(s) > maxNumber {
		return 0, "", errDuration
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 31)
	unit := s[len(s)-1:]
	days := map[string]int64{"M": 30, "Q": 90, "Y": 365}[unit]
	switch {
	case err != nil || n == 0 || s[0] == '+':
		return 0, "", errDuration
	case days > 0:
		assumed = fmt.Sprintf("%dd", int64(n)*days)
		d = time.Duration(days) * day
	case strings.Contains("mhdw", unit):
		d = unitOf(unit)
	default:
		return 0, "", errDuration
	}
	if n > uint64(maxDuration/d) {
		return maxDuration, assumed, nil
	}
	return time.Duration(n) * d, assumed, nil
}

// Span renders a duration as definitions write it: "1h30m", "30d".
func Span(d time.Duration) string {
	if d <= 0 {
		return "0s"
	}
	var b strings.Builder
	for _, unit := range []string{"d", "h", "m", "s", "ms"} {
		if n := d / unitOf(unit); n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit)
			d -= n * unitOf(unit)
		}
	}
	return b.String()
}
