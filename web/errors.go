package web

import (
	"context"
	"errors"
	"net/http"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
)

var (
	errLedgerDown = errors.New("the ledger cannot be reached")
	errNoLedger   = errors.New("there is no ledger")
	errNoOrders   = errors.New("orders are not taken")
)

// problemOf turns an error into what the caller is told. This table is the
// only place where errors become HTTP statuses. What is not in it is an
// internal error, whose text stays inside.
func problemOf(err error) *client.Problem {
	var own *client.Problem
	var large *http.MaxBytesError
	var early *slowDown
	switch {
	case errors.As(err, &early):
		return early.problem()
	case errors.As(err, &own):
		return own
	case errors.As(err, &large):
		return refuse(http.StatusRequestEntityTooLarge, "too-large", "the request is too large", "")
	case errors.Is(err, ErrNotFound):
		return refuse(http.StatusNotFound, "not-found", "there is no such thing on record", "")
	case errors.Is(err, ErrAmbiguous):
		return refuse(http.StatusConflict, "ambiguous", "more than one ID begins like this", "give more of it")
	case errors.Is(err, ErrConflict):
		return refuse(http.StatusConflict, "conflict", "another order was given with this ID", "leave the ID out to have one made")
	case errors.Is(err, ErrGates):
		return refuse(http.StatusConflict, "too-many-gates", "more gates ask than the quota declares", "declare as many gates as there are, or wait for the lease of one that is gone to end")
	case errors.Is(err, errLedgerDown), errors.Is(err, errNoLedger):
		return refuse(http.StatusServiceUnavailable, "ledger-down", "the ledger cannot be reached", "/v1/status and /v1/gate answer without it")
	case errors.Is(err, errNoOrders):
		return refuse(http.StatusServiceUnavailable, "no-orders", "this server takes no orders", "")
	case errors.Is(err, loop.ErrNotLeader), errors.Is(err, loop.ErrDeposed):
		return refuse(http.StatusServiceUnavailable, "not-leader", "another instance leads", "ask that one")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return refuse(http.StatusServiceUnavailable, "timeout", "it took too long", "try again")
	}
	return refuse(http.StatusInternalServerError, "internal", "something went wrong in the server", "its log says more")
}

// refuse makes a problem.
func refuse(status int, code, message, hint string) *client.Problem {
	return &client.Problem{Status: status, Code: code, Message: message, Hint: hint}
}
