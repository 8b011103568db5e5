package promql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"setpoint.dev/setpoint/sli"
)

// A fault is something wrong with an answer, with its reason.
type fault struct {
	reason     sli.Reason
	words      string
	retryAfter time.Duration
}

// Error is what is wrong, in words.
func (f fault) Error() string { return f.words }

func faultf(r sli.Reason, format string, args ...any) error {
	return fault{reason: r, words: fmt.Sprintf(format, args...)}
}

// readError tells how a question ended.
func (s *source) readError(query string, g grid, at time.Time, err error) *sli.ReadError {
	e := &sli.ReadError{Source: s.declared.Name, Query: query, Curl: s.curl(query, g, at)}
	e.Reason, e.Err = judgeError(err)
	var f fault
	if errors.As(err, &f) {
		e.RetryAfter = f.retryAfter
	}
	if e.Reason == sli.ReasonTimeout {
		e.Err = fmt.Errorf("no whole answer within %s: %w", s.declared.Timeout, e.Err)
	}
	return e
}

// judgeError finds the reason of an error, and the error without the URL that
// net/http puts around it: that may hold credentials.
func judgeError(err error) (sli.Reason, error) {
	var asked *url.Error
	if errors.As(err, &asked) {
		err = asked.Err
	}
	var (
		f       fault
		network net.Error
	)
	switch {
	case errors.As(err, &f):
		return f.reason, err
	case errors.Is(err, context.DeadlineExceeded):
		return sli.ReasonTimeout, err
	case errors.Is(err, context.Canceled):
		return sli.ReasonCanceled, err
	case errors.As(err, &network) && network.Timeout():
		return sli.ReasonTimeout, err
	}
	return sli.ReasonUnreachable, err
}

// curl is a command that repeats a question. Credentials and what else the URL
// may hide in its query are masked.
func (s *source) curl(query string, g grid, at time.Time) string {
	masked := *s.base
	masked.User, masked.RawQuery, masked.Fragment = nil, "", ""
	words := []string{"curl", "-sS", shellQuote(strings.TrimRight(masked.String(), "/") + "/" + g.path())}
	if s.base.User != nil {
		words = append(words, "-u", "'***:***'")
	}
	words = append(words, "--data-urlencode", shellQuote("query="+query))
	parameters := g.parameters(at)
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		words = append(words, "-d", name+"="+parameters.Get(name))
	}
	for name := range s.base.Query() {
		words = append(words, "-d", shellQuote(name+"=***"))
	}
	return strings.Join(words, " ")
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// plain makes one short line of a text from outside that is safe to print.
func plain(s string) string {
	const longest = 200
	runes := []rune(strings.ToValidUTF8(s[:min(len(s), 4*longest)], "?"))
	for i, r := range runes {
		if !unicode.IsPrint(r) {
			runes[i] = ' '
		}
	}
	line := strings.Join(strings.Fields(string(runes[:min(len(runes), longest)])), " ")
	if len(runes) > longest || len(s) > 4*longest {
		line += " …"
	}
	return line
}
