package web

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"setpoint.dev/setpoint/loop"
)

const (
	maxName = 256         // longest name, ID or class in a request, in bytes
	maxWait = time.Minute // longest that a caller may wait for a change
	fewest  = 50          // decisions in a list unless asked for more
	most    = 500         // decisions in a list at most
)

// param is the named part of the path, unescaped.
func param(r *http.Request, name string) (string, error) {
	raw := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return named(name, raw)
	}
	text, err := url.PathUnescape(raw)
	if err != nil {
		return "", refuse(http.StatusBadRequest, "bad-path", "the "+name+" in the path is not well escaped", "")
	}
	return named(name, text)
}

// named accepts text as a name: not too long, and nothing in it that could
// forge a line of a log or turn the writing direction of a terminal.
func named(what, text string) (string, error) {
	if len(text) > maxName {
		return "", refuse(http.StatusBadRequest, "too-long", what+" is longer than "+strconv.Itoa(maxName)+" bytes", "")
	}
	if !printable(text) {
		return "", refuse(http.StatusBadRequest, "unprintable", what+" holds characters that do not print", "")
	}
	return text, nil
}

func printable(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp)
	}) < 0
}

// A gateQuestion is what a pipeline asks.
type gateQuestion struct {
	loop.GateQuestion
	strict bool          // tell denial and hold by the status too
	wait   time.Duration // put the answer off while it is a hold
	text   bool          // answer with one line instead of JSON
}

// askGate reads a question. Parameters that it does not know are left alone:
// delivery tools add their own.
func askGate(r *http.Request) (q gateQuestion, err error) {
	values, err := readQuery(r)
	if err != nil {
		return q, err
	}
	says, err := readAsking(r, values)
	if err != nil {
		return q, err
	}
	if q.GateQuestion, err = says.question(); err != nil {
		return q, err
	}
	if q.wait, err = askWait(values); err != nil {
		return q, err
	}
	switch values.Get("format") {
	case "", "json":
	case "text":
		q.text = true
	default:
		return q, refuse(http.StatusBadRequest, "bad-format", "format is neither json nor text", "")
	}
	q.strict, err = flag(values, "strict")
	return q, err
}

// askSize reads the size of a change, if it is said.
func askSize(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return nil, refuse(http.StatusBadRequest, "bad-number", "size is not a whole number from 0 on", "")
	}
	return &n, nil
}

// flag reads a switch: absent and 0 are off, 1 and an empty value are on.
func flag(values url.Values, name string) (bool, error) {
	switch strings.ToLower(values.Get(name)) {
	case "1", "true", "yes", "on":
		return true, nil
	case "":
		return values.Has(name), nil
	case "0", "false", "no", "off":
		return false, nil
	}
	return false, refuse(http.StatusBadRequest, "bad-flag", name+" is neither 1 nor 0", "")
}

// askFilter reads which decisions are wanted. Times that do not name their zone
// are in UTC.
func askFilter(r *http.Request) (Filter, error) { return askFilterIn(r, time.UTC) }

// askFilterIn is askFilter for forms, which give times in a reader's zone.
func askFilterIn(r *http.Request, zone *time.Location) (f Filter, err error) {
	values := r.URL.Query()
	if f.Actuator, err = named("actuator", values.Get("actuator")); err != nil {
		return f, err
	}
	if f.Moves, err = flag(values, "moves"); err != nil {
		return f, err
	}
	if f.From, err = askTime(values, "from", zone); err != nil {
		return f, err
	}
	if f.To, err = askTime(values, "to", zone); err != nil {
		return f, err
	}
	before, err := askNumber(values, "before", 0, math.MaxInt64)
	if err != nil {
		return f, err
	}
	limit, err := askNumber(values, "limit", fewest, most)
	f.Before, f.Limit = before, int(limit)
	return f, err
}

func askTime(values url.Values, name string, zone *time.Location) (time.Time, error) {
	text := values.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, ok := readInstant(text, zone)
	if !ok {
		return t, refuse(http.StatusBadRequest, "bad-time", name+" is not a time", "write it like 2026-01-31T14:02:00Z")
	}
	return t, nil
}

// askNumber reads a number from 1 to highest.
func askNumber(values url.Values, name string, otherwise, highest int64) (int64, error) {
	text := values.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > highest {
		return 0, refuse(http.StatusBadRequest, "bad-number", fmt.Sprintf("%s is not a number from 1 to %d", name, highest), "")
	}
	return n, nil
}

// askWait reads how long the caller waits for a change; more than a minute
// is cut to it.
func askWait(values url.Values) (time.Duration, error) {
	text := values.Get("wait")
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, refuse(http.StatusBadRequest, "bad-wait", "wait is not a length of time", "write it like 30s")
	}
	return min(d, maxWait), nil
}
