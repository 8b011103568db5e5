package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster"
)

// storage says where the ledger is: in the database of DATABASE_URL, else in
// a private PostgreSQL under state.
type storage struct{ state string }

func (s *storage) flags(c *cobra.Command) {
	c.Flags().StringVar(&s.state, "state", os.Getenv("SETPOINT_STATE"), "folder of the private PostgreSQL, when DATABASE_URL is not set (SETPOINT_STATE)")
}

// existing opens the ledger only if there is one: who asks for the past must
// not be answered by a new, empty record.
func (s *storage) existing(ctx context.Context, log *slog.Logger) (*archive, error) {
	if dsn := os.Getenv("DATABASE_URL"); dsn != "" {
		if empty(ctx, dsn) {
			return nil, errors.New("there is no ledger in the database of DATABASE_URL")
		}
		return s.open(ctx, log)
	}
	switch found, err := s.found(); {
	case err != nil:
		return nil, err
	case !found:
		return nil, errors.New("there is no ledger here: name its folder with --state as for 'setpoint serve', or set DATABASE_URL")
	}
	return s.open(ctx, log)
}

// empty reports whether a database answers and holds no ledger. What is wrong
// with one that does not answer is told when it is opened.
func empty(ctx context.Context, dsn string) bool {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	var there bool
	err = conn.QueryRow(ctx, `select to_regclass('setpoint.decisions') is not null`).Scan(&there)
	return err == nil && !there
}

// found looks for a private PostgreSQL and leaves no trace: no folder either.
func (s *storage) found() (bool, error) {
	if s.state != "" {
		if _, err := os.Stat(s.state); errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
	}
	return cluster.Exists(cluster.Config{Dir: s.state})
}

// An archive is an open ledger, with the private PostgreSQL it may live in.
type archive struct {
	*ledger.Postgres
	cfg cluster.Config

	mu      sync.Mutex
	private *cluster.Cluster // nil = the database is not ours
}

// database is the name of the ledger's database in a private PostgreSQL.
const database = "setpoint"

func (s *storage) open(ctx context.Context, log *slog.Logger) (*archive, error) {
	a := &archive{cfg: cluster.Config{Dir: s.state}}
	dsn := os.Getenv("DATABASE_URL")
	if dsn == "" {
		var err error
		if dsn, err = a.start(ctx, log); err != nil {
			return nil, err
		}
	}
	var err error
	if a.Postgres, err = ledger.Open(ledger.Config{DSN: dsn}); err != nil {
		return nil, errors.Join(err, a.stop())
	}
	switch err := a.Migrate(ctx); {
	case errors.Is(err, ledger.ErrDown):
		log.Warn("ledger is out of reach; nothing is actuated until it is back", "error", err)
	case err != nil:
		a.Close()
		return nil, errors.Join(err, a.stop())
	}
	return a, nil
}

// start brings the private PostgreSQL up, or adopts it.
func (a *archive) start(ctx context.Context, log *slog.Logger) (dsn string, err error) {
	began := time.Now()
	c, err := cluster.Start(ctx, a.cfg)
	if err != nil {
		return "", err
	}
	if err := c.CreateDatabase(ctx, database); err != nil {
		return "", errors.Join(err, c.Stop())
	}
	log.Info("private PostgreSQL", "adopted", c.Adopted, "took", time.Since(began).Round(time.Millisecond))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.private = c
	return c.DSN(database), nil
}

// keep starts the private PostgreSQL again when it is gone: killed, or ended
// with the process that had started it.
func (a *archive) keep(ctx context.Context) error {
	if a.private == nil {
		return nil
	}
	return repeat(ctx, 2*time.Second, a.revive)
}

// revive leaves errors alone: the ledger says what it cannot do, and the next
// try is two seconds away.
func (a *archive) revive(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if a.private.Ping(ctx) == nil {
		return
	}
	if c, err := cluster.Start(ctx, a.cfg); err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.private = c
	}
}

func (a *archive) stop() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.private == nil {
		return nil
	}
	return a.private.Stop()
}

func (a *archive) close(log *slog.Logger) {
	a.Close()
	if err := a.stop(); err != nil {
		log.Error("stop private PostgreSQL", "error", fmt.Errorf("%w", err))
	}
}
