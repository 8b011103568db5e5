package sli

import (
	"fmt"
	"time"
)

// A ReadError says why the events of a time could not be counted. Nothing is
// known about that time then: it is neither good nor bad.
type ReadError struct {
	Reason     Reason
	Source     string        // name of the source that was asked
	Query      string        // PromQL that was asked; empty when it did not come to that
	Curl       string        // a command that repeats the request, credentials masked; may be empty
	RetryAfter time.Duration // for how long the backend wants to be left alone; 0 = it did not say
	Err        error         // cause, free of credentials
}

// Error is one line without Curl. A long query, which may be that of a
// thousand objectives, is cut short.
func (e *ReadError) Error() string {
	if e.Query == "" {
		return fmt.Sprintf("read source %q: %s: %v", e.Source, e.Reason, e.Err)
	}
	return fmt.Sprintf("read %s from source %q: %s: %v", brief(e.Query), e.Source, e.Reason, e.Err)
}

// brief is the beginning and the end of a long query.
func brief(query string) string {
	const most = 160
	runes := []rune(query)
	if len(runes) <= most {
		return query
	}
	return string(runes[:most-40]) + " … " + string(runes[len(runes)-40:])
}

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// A Reason says why reading ended, in a word that programs can rely on.
type Reason string

// The reasons of ReadErrors.
const (
	ReasonConfig       Reason = "config"       // the source is not declared, or the indicator or the times cannot be read
	ReasonUnreachable  Reason = "unreachable"  // no connection, or it broke
	ReasonTimeout      Reason = "timeout"      // no whole answer within the source's timeout
	ReasonCanceled     Reason = "canceled"     // the caller gave up
	ReasonUnauthorized Reason = "unauthorized" // 401, 403, 407
	ReasonOverloaded   Reason = "overloaded"   // 429, 503
	ReasonStatus       Reason = "status"       // another status that is no answer
	ReasonRejected     Reason = "rejected"     // the backend refuses the query
	ReasonRedirected   Reason = "redirected"   // a redirect that is not followed: to another host, or one that drops the query
	ReasonNotJSON      Reason = "not-json"     // a page for people, with status 200
	ReasonMalformed    Reason = "malformed"    // JSON, but no answer to the question
	ReasonWrongType    Reason = "wrong-type"   // a scalar, a string, a native histogram, …
	ReasonDuplicate    Reason = "duplicate"    // one series twice in an answer
	ReasonNoBucket     Reason = "no-bucket"    // the classic histogram has no bucket with the bound that is counted
	ReasonPartial      Reason = "partial"      // the backend says that its answer is incomplete
	ReasonTooLarge     Reason = "too-large"    // the answer is longer than is read
	ReasonClock        Reason = "clock"        // by the backend's clock the time asked about is not over, or it is far ahead of ours
)
