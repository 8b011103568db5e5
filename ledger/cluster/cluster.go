package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	superuser = "setpoint"            // database superuser made by initdb; there is no password, see Safety
	port      = "5432"                // only a part of the socket's file name
	poll      = 20 * time.Millisecond // between two looks at a cluster that is not ready
	patience  = 60 * time.Second      // for a lock holder that says nothing; recovery, which answers, may take longer
	graceful  = 20 * time.Second      // for a fast shutdown, before an immediate one
	startupPG = "57P03"               // cannot_connect_now: starting, recovering or shutting down
	dialLimit = "10"                  // seconds, a connection attempt
)

// Config says which cluster to start. Its zero value is the ledger's cluster in the default place.
type Config struct {
	// Dir is the directory that holds clusters. Empty means /var/lib/setpoint for root, else
	// $XDG_STATE_HOME/setpoint, else ~/.local/state/setpoint. For root it must be a place
	// that an unprivileged user can reach, which /root is not.
	Dir string
	// Name is the cluster's name and its directory inside Dir. Empty means "ledger".
	Name string
	// Bin is the directory of postgres and initdb. Empty means to search PATH and the places
	// where distributions put them.
	Bin string
	// Settings are server settings such as "max_connections": "100". Those that keep the
	// cluster private (listen_addresses, the socket's) are refused.
	Settings map[string]string
	// NoSync trades durability for speed: a power failure may lose the cluster, a killed server
	// loses nothing. For tests.
	NoSync bool
}

// Cluster is a running private PostgreSQL, started by this process or adopted from another one.
// Its methods may be called concurrently.
type Cluster struct {
	// Adopted tells that another process had started the cluster: it ends with that one.
	Adopted bool

	home home
	cfg  Config

	mu     sync.Mutex // guards server against concurrent Stops
	server *child     // nil when adopted
}

// Start returns when the cluster answers: adopted when it was running, else started, after
// initializing it the first time. It waits for a cluster that another process is starting or that is
// shutting down. Its context bounds the wait, not the cluster's life. The cluster ends with
// Stop or, on Linux, with this process. It returns ErrNoBinaries when PostgreSQL is not installed.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c, err := start(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL cluster %s: %w", nameOf(cfg), err)
	}
	return c, nil
}

// Exists tells whether a cluster was initialized, running or not. Start would use its data.
func Exists(cfg Config) (bool, error) {
	h, err := locate(cfg)
	if err != nil {
		return false, fmt.Errorf("look for PostgreSQL cluster %s: %w", nameOf(cfg), err)
	}
	_, err = os.Stat(filepath.Join(h.data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// DSN is the connection string of a database in the cluster, in keyword form: further settings may be
// appended. It stays the same when the cluster is started again.
func (c *Cluster) DSN(db string) string {
	return fmt.Sprintf("host=%s port=%s user=%s dbname=%s connect_timeout=%s",
		quote(c.home.socket), port, superuser, quote(db), dialLimit)
}

// Ping connects to the cluster and returns why that is not possible. A cluster that was adopted, or
// whose server was killed, may be gone at any time; calling Start again brings it back.
func (c *Cluster) Ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("ping PostgreSQL cluster: %w", err)
	}
	return conn.Close(ctx)
}

// CreateDatabase creates a database and does nothing when it exists.
func (c *Cluster) CreateDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	defer conn.Close(ctx)
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
		return fmt.Errorf("look up database %s: %w", name, err)
	}
	if exists {
		return nil
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	if err != nil && !createdMeanwhile(err) {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// Stop shuts the cluster down and returns when its processes are gone. Connections are
// ended and their transactions rolled back. It does nothing for an adopted cluster or one that is
// down already.
func (c *Cluster) Stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return nil
	}
	err := c.server.stop()
	c.server = nil
	if err != nil {
		return fmt.Errorf("stop PostgreSQL cluster %s: %w", nameOf(c.cfg), err)
	}
	return nil
}

func start(ctx context.Context, cfg Config) (*Cluster, error) {
	h, err := locate(cfg)
	if err != nil {
		return nil, err
	}
	c := &Cluster{home: h, cfg: cfg}
	lock, err := c.adoptOrLock(ctx)
	if err != nil || c.Adopted {
		return c, err
	}
	defer lock.Close() // from here on the server's processes hold it
	c.server, err = launch(ctx, h, cfg, lock)
	if err != nil {
		return nil, err
	}
	if err := c.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// adoptOrLock ends with the cluster adopted or with its lock held: nobody else can start it then.
func (c *Cluster) adoptOrLock(ctx context.Context) (*os.File, error) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); ; {
		err := c.answers(ctx)
		if c.Adopted = err == nil; c.Adopted {
			return nil, nil
		}
		if lock, lockErr := tryLock(c.home.lock); lock != nil || lockErr != nil {
			return lock, lockErr
		}
		if isStarting(err) {
			deadline = time.Now().Add(patience)
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("wait for the process that holds %s: %w", c.home.lock, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another start or shutdown: %w (last: %v)", ctx.Err(), err)
		case <-ticker.C:
		}
	}
}

// answers pings, after making sure that the socket is one only our server can have made.
func (c *Cluster) answers(ctx context.Context) error {
	if err := c.home.owner.mustOwn(c.home.socket); err != nil {
		return err
	}
	return c.Ping(ctx)
}

// awaitReady pings until the server answers or has exited. An open socket is not enough: a server in
// recovery accepts and refuses. Recovery takes as long as it takes.
func (c *Cluster) awaitReady(ctx context.Context) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		err := c.Ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w (last: %v)", ctx.Err(), err)
		case <-c.server.done:
			return fmt.Errorf("run postgres: %w: %s", c.server.err, c.home.lastWords(c.server.logStart))
		case <-ticker.C:
		}
	}
}

// tryLock opens and locks a file; it returns nil without an error when another process has it locked.
func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

func isStarting(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == startupPG
}

// createdMeanwhile recognizes the two ways PostgreSQL says that a concurrent CREATE DATABASE won.
func createdMeanwhile(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "42P04" || pg.Code == "23505")
}

// quote makes a value of a keyword connection string.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func nameOf(cfg Config) string {
	if cfg.Name == "" {
		return "ledger"
	}
	return cfg.Name
}
