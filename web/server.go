package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A Config is what a Server shows and whom it asks. Every field may be left
// out: what is missing is then said to be missing.
type Config struct {
	Set         func() *slo.Set                                                             // the definitions in force; nil = none
	Report      func() loop.Report                                                          // the newest report, from memory; nil = no tick yet
	Ledger      Reader                                                                      // nil = there is no history
	Order       func(context.Context, loop.Order) (recorded bool, err error)                // nil = orders are refused
	Record      func(context.Context, loop.Verdict) (Kept, error)                           // puts an answer of the gate on record before it is given; nil = they are not recorded
	Verdicts    VerdictReader                                                               // nil = there are none on record
	Versions    func(context.Context, string) ([]loop.Version, error)                       // of an objective, from the ledger; nil = there are none
	Revise      func(context.Context, []loop.Version) error                                 // records versions of release policies; nil = they are not kept
	Slices      func(context.Context, ...loop.Stretch) ([][]sli.Slice, error)               // counts of the past, from the ledger; nil = charts know only what this process saw
	Definitions func() Definitions                                                          // how reading the definitions went; nil = they are not read again
	Deliveries  func() []Delivery                                                           // how telling of alerts goes, for each target; nil = nobody is told
	Cancels     func() map[string]uint64                                                    // actuator → statements that its reaper cancelled so far
	Caller      func(context.Context, slo.Secret, time.Time) (Caller, error)                // who shows a key; nil = everybody who can reach the server may do everything
	Witness     Witness                                                                     // nil = decisions cannot be checked
	Lease       func(slo.Actuator, int64, client.LeaseAsk, time.Time) (client.Lease, error) // gives a gate its part of a quota, for the leader of an epoch; nil = none are given
	Outdated    func() error                                                                // why this program is to be replaced by a newer one; nil = it is not
	Failed      func(error)                                                                 // told of errors that callers are not shown; for the log
	URL         string                                                                      // address that links in answers begin with; "" = links are paths
	Version     string
	Rate        float64       // requests a second of one caller, or of one address where nobody is asked who they are; twice as many at once; 0 = no bound
	Stale       time.Duration // without a tick for so long, everything is marked stale; 0 = 1 min

	Certificates map[string]Grant             // :: common name of a client's certificate → what who shows it may do
	Sign         func(text []byte) []byte     // signs answers of the gate; nil = they are not signed
	Tokens       TokenBook                    // that callers are known by; nil = they are not managed here
	Callbacks    CallbackBook                 // messages that are to be answered; nil = none are taken
	Hooks        map[string]Hook              // :: tool → how it asks by messages
	Freezes      *GitLabFreezes               // deploy freezes that follow the release freezes; nil = none do
	Deploys      DeployBook                   // that tools told of; nil = there are none
	Health       func(context.Context) Health // how the parts of this instance do; nil = nobody can tell
	Past         Past                         // how actuators were set; nil = charts know only what this process saw
	Levels       Levels                       // what objectives with a limit measure, for trends; nil = only budgets have some
	Mail         Mail                         // keeps reports that are sent; nil = none are
	Post         Post                         // sends them; nil = none are
	Sessions     Sessions                     // of people who log in; used with Caller only
}

// A Reader reads the ledger. Its errors may wrap ErrNotFound or
// ErrAmbiguous; every other error counts as an unreachable ledger.
type Reader interface {
	// Decisions lists decisions, the newest first.
	Decisions(ctx context.Context, f Filter) ([]Record, error)
	// Decision returns one decision by its ID, or by the beginning of it.
	Decision(ctx context.Context, id string) (Record, error)
	// OrderHistory lists orders, in force or not, the newest first; with
	// before only those older than the order of that ID.
	OrderHistory(ctx context.Context, before string, limit int) ([]loop.Order, error)
}

// Kept says under which ID an answer of the gate is on record, and whether
// only on this machine's disk so far.
type Kept struct {
	ID      string
	Spooled bool
}

// A VerdictReader reads the answers of the gate that are on record. Its
// errors are those of a Reader.
type VerdictReader interface {
	// Verdicts lists verdicts, the newest first.
	Verdicts(ctx context.Context, f VerdictFilter) ([]loop.Verdict, error)
	// Verdict returns one verdict by its ID.
	Verdict(ctx context.Context, id string) (loop.Verdict, error)
}

// A VerdictFilter chooses verdicts. Empty fields choose all.
type VerdictFilter struct {
	Service string
	Release string // of Service
	Before  string // only verdicts before the one of this ID
	Limit   int    // most verdicts
}

// A Filter chooses decisions. Empty fields choose all.
type Filter struct {
	Actuator string
	Moves    bool      // leave out holds
	From, To time.Time // decided in [From, To); zero = no bound
	Before   int64     // only records with a lower Seq, to go on after a page; 0 = from the newest on
	Limit    int       // most records
}

// A Record is a decision with how it went.
type Record struct {
	Seq      int64 // its number in the ledger
	Decision loop.Decision
	Outcomes []loop.Outcome // in the order of recording; of a hold the last tells its span
}

// outcome is how it ended as far as is known, or nil.
func (r Record) outcome() *loop.Outcome {
	if len(r.Outcomes) == 0 {
		return nil
	}
	return &r.Outcomes[len(r.Outcomes)-1]
}

// The errors by which a Reader or Config.Order say more than "it is down".
var (
	ErrNotFound  = errors.New("there is no such thing on record")
	ErrAmbiguous = errors.New("more than one ID begins like this")
	ErrConflict  = errors.New("another order has this ID")
	ErrGates     = errors.New("there are more gates than the quota declares")
)

// ledgerPatience bounds every question to the ledger.
const ledgerPatience = 2 * time.Second

// A Server answers over HTTP. Ticked keeps it up to date.
type Server struct {
	cfg    Config
	trail  *trail
	bell   bell
	herald *herald
	tally  tally
	pages  pages
	files  files
	shelf  shelf
	past   past
	drawn  drawn

	judgements judgements
	shades     shades

	postbox postbox
	kept    atomic.Pointer[slo.Set] // whose release policies are on record

	gone      gone
	register  register
	turnstile turnstile
	calls     meter // requests of each caller
	misses    meter // those of each address that showed no good key

	glass sync.Mutex // held while an order that breaks it is counted and recorded

	mu    sync.Mutex
	given []taken // orders that the newest report may not know yet
}

// New prepares a server. It listens to nothing: see Handler, CheckListen and
// Serve.
func New(cfg Config) *Server {
	return &Server{cfg: cfg, trail: newTrail(), tally: newTally(), pages: parsePages(), files: readFiles(), herald: newHerald()}
}

// Ticked takes in a tick of the loop that took a while: it is remembered for
// the charts, counted for /metrics, and wakes those who wait for a change.
// Call it after each tick, when Config.Report returns r already.
func (s *Server) Ticked(r loop.Report, took time.Duration) {
	s.trail.add(s.look(r.At).set, r)
	s.tally.tick(r, took)
	s.News()
}

// Recall fills the charts from the ledger with what happened in the last 6 h
// before now, so that they go on after a restart. Call it before the first
// tick; an error only means that they start empty.
func (s *Server) Recall(ctx context.Context, now time.Time) error {
	if s.cfg.Ledger == nil {
		return nil
	}
	records, err := s.cfg.Ledger.Decisions(ctx, Filter{Limit: trailPoints})
	if err != nil {
		return err
	}
	s.trail.recall(s.look(now).set, records, now.Add(-trailSpan))
	return nil
}

// ledger asks the ledger one question, for a bounded time.
func ledger[A any](ctx context.Context, s *Server, ask func(context.Context, Reader) (A, error)) (A, error) {
	if s.cfg.Ledger == nil {
		var none A
		return none, errNoLedger
	}
	return patient(ctx, s, func(ctx context.Context) (A, error) { return ask(ctx, s.cfg.Ledger) })
}

// verdictsOf asks for verdicts on record, for a bounded time.
func verdictsOf[A any](ctx context.Context, s *Server, ask func(context.Context, VerdictReader) (A, error)) (A, error) {
	if s.cfg.Verdicts == nil {
		var none A
		return none, errNoLedger
	}
	return patient(ctx, s, func(ctx context.Context) (A, error) { return ask(ctx, s.cfg.Verdicts) })
}

func patient[A any](caller context.Context, s *Server, ask func(context.Context) (A, error)) (A, error) {
	ctx, cancel := context.WithTimeout(caller, ledgerPatience)
	defer cancel()
	a, err := ask(ctx)
	if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrAmbiguous) {
		if caller.Err() == nil { // else nobody waits for it any more
			s.failed(err)
		}
		err = errors.Join(errLedgerDown, err)
	}
	return a, err
}

func (s *Server) failed(err error) {
	if s.cfg.Failed != nil {
		s.cfg.Failed(err)
	}
}

// A bell wakes all who wait for the next tick. The zero bell is ready.
type bell struct {
	mu   sync.Mutex
	next chan struct{}
}

// heard returns a channel that is closed by the next ring.
func (b *bell) heard() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

// secured adds the headers that every answer carries. Nothing is loaded from
// elsewhere, nothing that stands in a page is run, and no other site may frame
// it.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit(r.URL.Path))
		next.ServeHTTP(w, r)
	})
}
