package promql

import (
	"fmt"
	"strings"
	"time"
)

// A window is the time (from, to].
type window struct{ from, to time.Time }

// seconds is its length.
func (w window) seconds() int64 { return int64(w.to.Sub(w.from) / time.Second) }

// allOf asks for all samples in the window, evaluated at to.
func (w window) allOf(selector string) question {
	return func(matcher string) string { return matching(selector, matcher) + w.brackets() }
}

// lastOf asks for the last value in the window of each series of some
// selectors, evaluated at to. Times of these values are not known, so the range
// begins 1 ms late: closed, it is just the window; left-open, it lacks the
// window's first ms (but not the round instant before it, at which samples are
// likelier, and which is outside).
func (w window) lastOf(selectors []string) question {
	w.from = w.from.Add(time.Millisecond)
	return func(matcher string) string {
		var calls []string
		for _, selector := range selectors {
			calls = append(calls, "last_over_time("+matching(selector, matcher)+w.brackets()+")")
		}
		return strings.Join(calls, " or ")
	}
}

// brackets is the window as the range of a selector.
func (w window) brackets() string { return fmt.Sprintf("[%dms]", w.to.Sub(w.from).Milliseconds()) }

// matching is a canonical selector with one more matcher, if there is one.
func matching(selector, matcher string) string {
	rest, braced := strings.CutSuffix(selector, "}")
	switch {
	case matcher == "":
		return selector
	case !braced:
		return selector + "{" + matcher + "}"
	case strings.HasSuffix(rest, "{"):
		return rest + matcher + "}"
	}
	return rest + "," + matcher + "}"
}
