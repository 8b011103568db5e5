package actuators

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"setpoint.dev/setpoint/slo"
)

const (
	defaultEvery   = 500 * time.Millisecond
	defaultPerTick = 4
	defaultPerMin  = 60
	longestPause   = 5 * time.Second // between two tries while the database does not answer
	leaveFor       = 5 * time.Second // how long a cancelled statement is taken to be on its way out
)

// A Cancel is one statement that the Reaper cancelled. The client that ran it gets SQLSTATE 57014.
type Cancel struct {
	Actuator  string
	Role      string
	Statement Statement
	Running   int           // statements of the class at that tick, itself included
	Floor     time.Duration // the setting by which it was cancelled
	At        time.Time     // the tick's
}

// Stats are what a Reaper saw and did.
type Stats struct {
	Ticks   int64
	Cancels int64 // statements cancelled
	Missed  int64 // chosen, but ended, or the setting was replaced, before the cancel reached them

	At      time.Time     // of the last tick
	Running int           // statements of the class, cancelled ones on their way out included
	Due     int           // of these, how many the tick chose; also while held, when none is cancelled
	Floor   time.Duration // no younger statement is cancelled
	Held    bool          // nothing may be cancelled
	Lapsed  bool          // no confirmed setting: the floor is the safe one; before the first one nothing is due

	Failures int    // ticks in a row that failed; 0 while the database answers
	Err      string // why a tick failed last; kept after recovery
	ErrAt    time.Time
}

// A Reaper is the local enforcement of a QueryTimeout: see the package doc. Its methods may be called
// concurrently, but for Run and Once, which belong to one goroutine.
type Reaper struct {
	a        slo.Actuator
	target   *target
	class    class // the target's
	held     func() bool
	onCancel func(Cancel)
	lease    time.Duration
	every    time.Duration
	marks    marks

	spending spending              // of the goroutine of Once, like leaving
	leaving  map[running]time.Time // cancelled a moment ago, and when

	acting chan struct{} // of capacity 1: full from asking held to the end of the cancel

	mu        sync.Mutex // guards what follows
	setting   confirmed
	confirmed bool // since the last tick
	stats     Stats
	watch     watch
}

// A class is the statements that a Reaper may see and cancel.
type class interface {
	// list returns the running statements. Above high of them it also finds out which are protected
	// by their locks.
	list(ctx context.Context, high int) ([]Statement, error)
	// cancel cancels s if it still runs and the move beside the setting is still the given one (nil:
	// none). It reports whether it did.
	cancel(ctx context.Context, s Statement, move *string) (bool, error)
}

// confirmed is a setting that the target was seen to have.
type confirmed struct {
	floor time.Duration
	move  *string
	at    time.Time // of the tick that noticed; zero before the first
}

// running names a statement: a pid may be another session's a moment later.
type running struct {
	pid     int32
	started int64 // microseconds
}

func newReaper(a slo.Actuator, d Deps, t *target) *Reaper {
	r := &Reaper{
		a: a, target: t, class: t, held: d.Held, onCancel: d.OnCancel,
		lease: a.LeaseFor(),
		every: cmp.Or(a.Query.Every, defaultEvery),
		marks: marksOf(a.Query.Workers, a.Query.High, a.Query.Low),
		spending: spending{
			perTick: cmp.Or(a.Query.CancelsPerTick, defaultPerTick),
			perMin:  cmp.Or(a.Query.CancelsPerMin, defaultPerMin),
		},
		leaving: map[running]time.Time{},
		acting:  make(chan struct{}, 1),
	}
	if r.held == nil {
		r.held = func() bool { return true }
	}
	if r.onCancel == nil {
		r.onCancel = func(Cancel) {}
	}
	return r
}

// Run enforces until ctx ends, which is no error. While the database does not answer it tries
// less often, down to every 5 s; Stats say why.
func (r *Reaper) Run(ctx context.Context) error {
	for {
		_ = r.Once(ctx, time.Now()) // is in Stats
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(r.pause()):
		}
	}
}

// Once is one tick: look, choose, cancel. It returns why the database could not be asked; Stats keep it.
func (r *Reaper) Once(ctx context.Context, now time.Time) error {
	s, lapsed := r.standing(now)
	all, err := r.class.list(ctx, r.marks.high)
	var due []Statement
	if err == nil {
		r.watched(all, now, s.floor)
	}
	if !s.at.IsZero() {
		due = choose(r.staying(all, now), s.floor, r.marks, r.spending.left(now))
	}
	r.seen(now, s.floor, lapsed, len(all), len(due))
	if err == nil {
		err = r.cancel(ctx, due, s, Cancel{Actuator: r.a.Name, Role: r.a.Query.Role, Running: len(all), Floor: s.floor, At: now})
	}
	if err != nil {
		err = fmt.Errorf("enforce %s: %w", r.a.Name, err)
	}
	r.ended(ctx, now, err)
	return err
}

// Settle returns when no cancel is in flight. Whoever has made Held true and then called Settle may
// promise that nothing is cancelled any more. It returns ctx's error when that ends first.
func (r *Reaper) Settle(ctx context.Context) error {
	select {
	case r.acting <- struct{}{}:
		<-r.acting
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for cancel of %s: %w", r.a.Name, ctx.Err())
	}
}

// Stats returns what was seen and done up to now.
func (r *Reaper) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// Check returns an error that names each right, and each GRANT for it, that the connection lacks, and says
// so when the role does not exist or must not be acted on. Call it at start.
func (r *Reaper) Check(ctx context.Context) error {
	if err := r.target.Check(ctx); err != nil {
		return fmt.Errorf("check target of %s: %w", r.a.Name, err)
	}
	return nil
}

// Close ends the connections to the target, those of the QueryTimeout included.
func (r *Reaper) Close() { r.target.Close() }

// confirm notes that the target has a setting in force. The floor is never below tight, whatever somebody
// set by hand.
func (r *Reaper) confirm(setting float64, move *string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.setting.floor, r.setting.move = duration(max(setting, r.a.Tight)), move
	r.confirmed = true
}

// standing returns the setting to act by at now: the confirmed one or, when its lease ended, the safe one.
func (r *Reaper) standing(now time.Time) (s confirmed, lapsed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.confirmed {
		r.setting.at, r.confirmed = now, false
	}
	s = r.setting
	if s.at.IsZero() || now.Sub(s.at) >= r.lease {
		s.floor, lapsed = duration(r.a.SafeSetting()), true
	}
	return s, lapsed
}

// staying returns the statements that were not cancelled a moment ago: a cancelled one takes a while to go, and
// must not be counted as a reason to cancel another.
func (r *Reaper) staying(all []Statement, now time.Time) []Statement {
	for s, at := range r.leaving {
		if now.Sub(at) >= leaveFor {
			delete(r.leaving, s)
		}
	}
	var stay []Statement
	for _, s := range all {
		if _, leaves := r.leaving[s.name()]; !leaves {
			stay = append(stay, s)
		}
	}
	return stay
}

// cancel cancels what is due until something keeps it from doing so.
func (r *Reaper) cancel(ctx context.Context, due []Statement, s confirmed, c Cancel) error {
	for _, c.Statement = range due {
		done, err := r.cancelUnlessHeld(ctx, c.Statement, s.move, c.At)
		if err != nil {
			return err
		}
		if done {
			r.onCancel(c)
		}
	}
	return nil
}

// cancelUnlessHeld asks held and cancels in one stretch that Settle waits for. A cancel whose answer got lost
// is counted as spent: it may have been carried out.
func (r *Reaper) cancelUnlessHeld(ctx context.Context, s Statement, move *string, now time.Time) (bool, error) {
	r.acting <- struct{}{}
	defer func() { <-r.acting }()
	if r.held() {
		return false, nil
	}
	r.spending.spend(now)
	r.leaving[s.name()] = now
	done, err := r.class.cancel(ctx, s, move)
	if err == nil {
		r.count(done)
	}
	return done, err
}

// pause returns how long to wait for the next tick: twice as long with each failure, within bounds.
func (r *Reaper) pause() time.Duration {
	pause := r.every
	for range r.Stats().Failures {
		if pause *= 2; pause >= longestPause {
			return max(longestPause, r.every)
		}
	}
	return pause
}

func (r *Reaper) seen(now time.Time, floor time.Duration, lapsed bool, all, due int) {
	held := r.held()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Ticks++
	r.stats.At, r.stats.Floor, r.stats.Lapsed, r.stats.Held = now, floor, lapsed, held
	r.stats.Running, r.stats.Due = all, due
}

func (r *Reaper) count(done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if done {
		r.stats.Cancels++
		r.watch.work.Killed++
	} else {
		r.stats.Missed++
	}
}

// ended notes how a tick ended. That it was told to end is no failure.
func (r *Reaper) ended(ctx context.Context, now time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.stats.Failures = 0
	case ctx.Err() == nil:
		r.stats.Failures++
		r.stats.Err, r.stats.ErrAt = err.Error(), now
	}
}

func (s Statement) name() running { return running{s.PID, s.Started.UnixMicro()} }
