package retry

import (
	"errors"
	"net/http"
)

// canceled is the SQLSTATE of a statement that was cancelled (PostgreSQL,
// appendix A: query_canceled).
const canceled = "57014"

// Killed reports whether err says that PostgreSQL ended a statement because
// it was told to, by its timeout or by Setpoint's reaper. To repeat such a
// statement undoes what it was killed for. It knows the errors of every
// driver that has a method SQLState, such as pgx.
func Killed(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state) && state.SQLState() == canceled
}

// Forbid marks an answer: callers with a Transport do not repeat the call.
// Handlers use it before they answer 503 for work that was killed.
func Forbid(h http.Header) { h.Set(retryHeader, "no") }
