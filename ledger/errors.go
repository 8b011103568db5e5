package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"setpoint.dev/setpoint/loop"
)

// The sentinel errors, beside loop.ErrDeposed, loop.ErrNotLeader and
// loop.ErrStopped. All but ErrDown are refusals: asking again gets the same
// answer.
var (
	// ErrDown says that the database is out of reach, too slow, full or
	// read-only. Whether a write happened is then unknown; it is safe to make
	// it again, for every write is a no-op the second time.
	ErrDown = loop.ErrUnreachable
	// ErrInvalid says that a row breaks an invariant.
	ErrInvalid = errors.New("row breaks an invariant")
	// ErrConflict says that other content is on record under this ID.
	ErrConflict = loop.ErrTaken
	// ErrNotFound says that nothing is on record under this ID.
	ErrNotFound = errors.New("not on record")
	// ErrAmbiguous says that more than one ID begins like this.
	ErrAmbiguous = errors.New("more than one ID begins like this")
	// ErrSchema says that the database was migrated by another version of
	// this program, in a way that this one cannot work with.
	ErrSchema = errors.New("schema is not this program's")
)

// classify says in the terms of the sentinel errors what a call to the
// database ended with. caller is the context that the caller gave.
func classify(caller context.Context, err error) error {
	switch {
	case err == nil || errors.Is(err, ErrDown):
		return err
	case errors.Is(caller.Err(), context.Canceled):
		return fmt.Errorf("%w: %w", context.Canceled, plain(err))
	case isDown(err):
		return fmt.Errorf("%w: %w", ErrDown, plain(err))
	}
	switch sqlState(err) {
	case "23514", "23502", "22001", "22003", "22021":
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	case "23503":
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case "23505":
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}

// plain drops what pgx says of the address that it could not connect to: in
// a mistyped address any part may be a piece of the password.
func plain(err error) error {
	connect := (*pgconn.ConnectError)(nil)
	if !errors.As(err, &connect) {
		return err
	}
	if code := sqlState(err); code != "" {
		return fmt.Errorf("connect to the database: refused (SQLSTATE %s)", code)
	}
	op := (*net.OpError)(nil)
	if errors.As(err, &op) {
		return fmt.Errorf("connect to the database: %w", op.Err)
	}
	return errors.New("connect to the database: no answer")
}

// isDown tells a database that cannot be used just now from one that refuses.
func isDown(err error) bool {
	if connect := (*pgconn.ConnectError)(nil); errors.As(err, &connect) {
		return true
	}
	if code := sqlState(err); code != "" {
		return downState(code)
	}
	network := net.Error(nil)
	return errors.As(err, &network) || lost(err) || errors.Is(err, context.DeadlineExceeded)
}

// lost says that the connection broke, or that the database undid the
// transaction for the sake of another, which trying anew may mend at once.
func lost(err error) bool {
	switch sqlState(err) {
	case "57P01", "57P02", "57P05", "25P03", "40001", "40P01":
		return true
	case "":
		return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
			errors.Is(err, pgconn.ErrConnClosed) || broken(err)
	}
	return false
}

// broken says that reading from or writing to the server ended in an error
// of the network that is not a deadline of ours.
func broken(err error) bool {
	op := (*net.OpError)(nil)
	return errors.As(err, &op) && !op.Timeout() && op.Op != "dial"
}

// downState classes SQLSTATEs: 08 connection, 25006 read-only, 40 rolled
// back, 53 resources, 55P03 lock timeout, 57 operator intervention, 58 I/O.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func downState(code string) bool {
	switch code[:2] {
	case "08", "40", "53", "57", "58":
		return true
	}
	return code == "25006" || code == "25P03" || code == "55P03"
}

func sqlState(err error) string {
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}
