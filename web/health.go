package web

import (
	"context"
	"net/http"
	"time"
)

// A Health is how the parts of an instance do, beside what its report tells.
type Health struct {
	Began      time.Time // of the process
	Backends   []Backend
	Ledger     LedgerHealth
	Spooled    bool        // answers of the gate wait on this machine's disk
	Checkpoint *Checkpoint // nil = none are kept
	Options    []Option    // how it was started, without secrets
}

// A Backend is a source of counts.
type Backend struct {
	Name, Host, Kind string
	Answered         time.Time // newest question that was; zero = none
	Asked, Missed    int64     // questions, and those that it failed
	Failing          time.Time // since when; zero = it does well
	Until            time.Time // it is left alone until then; zero = it is not
	Error            string    // why it fails
}

// A LedgerHealth is how the ledger's database does.
type LedgerHealth struct {
	Error     string // why it cannot be asked; then all else is empty
	Server    string // version of PostgreSQL
	Took      time.Duration
	Size      int64 // bytes
	Schema    int   // newest migration
	Standby   bool  // it takes no writes
	Holder    string
	Since     time.Time // of Holder's term
	Chains    []Chain
	Instances []Instance
	Standbys  []Standby
}

// A Chain is a part of the record with how many rows it has.
type Chain struct {
	Name string
	Rows int64
}

// An Instance is a process that hears of what others put on record.
type Instance struct {
	From  string
	Since time.Time
}

// A Standby is a copy of the database that follows it.
type Standby struct {
	Name, State, Sync string
	Lag               time.Duration
}

// A Checkpoint is the newest signed line that says where the record ends.
type Checkpoint struct {
	At    time.Time // zero = none was signed yet
	Error string    // why the newest try failed
	File  string
}

// An Option is something that an instance was told at its start.
type Option struct{ Name, Value string }

// healthPage tells how Setpoint itself does. Only the database is asked for it.
func (s *Server) healthPage(w http.ResponseWriter, r *http.Request) {
	l := s.look(here(r))
	s.render(w, r, http.StatusOK, "health", s.page(l, "health", "Health", s.healthView(r.Context(), l)).refreshed(r))
}

// health is how the parts do; nil where nobody can tell.
func (s *Server) health(ctx context.Context) *Health {
	if s.cfg.Health == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	h := s.cfg.Health(ctx)
	return &h
}
