// Package pgxtimeout has the sessions of a pgx pool follow a query timeout.
//
//	Client.Watch ─► Timeout.Follow        the setting in force, or the safe one when its lease ends
//	pgxpool ─► Timeout.Prepare ─► SET statement_timeout, where the session has another
//
// It is for services whose own sessions should be bounded as soon as the
// setting moves, without a new session, which the default of a role needs, and
// without a reaper. A session may undo it, and statements under way keep what
// they began with: the reaper beside the database remains what cannot be got
// around.
//
// The cost is one round trip when the setting has moved since the session was
// last handed out, and none otherwise.
//
// When Setpoint is gone the timeout stays until the lease ends, then it is the
// safe one. Work that it ends fails with SQLSTATE 57014, which is not to be
// repeated: see retry.Killed of package client/retry.
package pgxtimeout

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/client"
)

// A Timeout is the statement timeout of a pool's sessions. Its methods may be
// called by many goroutines.
type Timeout struct{ ms atomic.Int64 }

// New is the timeout until Setpoint was heard; 0 leaves sessions as they are.
func New(start time.Duration) *Timeout {
	t := &Timeout{}
	t.ms.Store(start.Milliseconds())
	return t
}

// Follow takes in the setting of a query timeout, in seconds; it is for
// Client.Watch. A setting of another kind changes nothing.
func (t *Timeout) Follow(s client.Setting) {
	if s.Kind == "postgresQueryTimeout" && s.Value > 0 {
		t.ms.Store(max(int64(math.Round(s.Value*1000)), 1))
	}
}

// given is where a session keeps the timeout that it was given last.
const given = "setpoint.dev/statement_timeout"

// Prepare is for pgxpool.Config.PrepareConn. A session that does not take the
// timeout is given up, and the call that wanted it gets another one.
func (t *Timeout) Prepare(ctx context.Context, conn *pgx.Conn) (bool, error) {
	ms, kept := t.ms.Load(), conn.PgConn().CustomData()
	if last, had := kept[given].(int64); ms == 0 || had && last == ms {
		return true, nil
	}
	if _, err := conn.Exec(ctx, fmt.Sprintf("set statement_timeout = %d", ms)); err != nil {
		return false, ctx.Err()
	}
	kept[given] = ms
	return true, nil
}
