package ledger

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// A stopwatch asks for emergency stops over a session of its own, so that
// neither a full pool nor slow work of others keeps a stop from being heard.
type stopwatch struct {
	config *pgx.ConnConfig
	mu     sync.Mutex
	conn   *pgx.Conn // nil = not connected
}

// Stops returns the emergency stops in force at now, oldest first, whoever
// gave them and wherever. It is quick to ask, several times a second, over a
// connection of its own.
func (p *Postgres) Stops(ctx context.Context, now time.Time) ([]loop.Order, error) {
	var out []loop.Order
	err := p.do(ctx, func(ctx context.Context) (err error) {
		out, err = p.stops.ask(ctx, now)
		return err
	})
	return out, wrap(err, "read stops")
}

func (s *stopwatch) ask(ctx context.Context, now time.Time) (out []loop.Order, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil || s.conn.IsClosed() {
		if s.conn, err = pgx.ConnectConfig(ctx, s.config); err != nil {
			s.conn = nil
			return nil, err
		}
	}
	err = ask(ctx, s.conn, query(ordersInForce+` and o.kind = 'stop' order by o.seq`, moment(now)).orders(&out))
	return out, err
}

func (s *stopwatch) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.conn.Close(ctx) // an error says that it is closed already
	s.conn = nil
}
