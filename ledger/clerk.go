package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"setpoint.dev/setpoint/loop"
)

const (
	maxBatch      = 256       // verdicts that share a transaction
	maxBatchBytes = 768 << 10 // of them, so that a row stays below maxBody
)

// A Judge keeps batches of verdicts: Postgres or Memory.
type Judge interface {
	// Judge records a batch, once, however often it is tried. ErrDown says
	// that it may be tried again.
	Judge(ctx context.Context, b Batch) error
}

// A ClerkConfig says where verdicts go while the database is out of reach,
// and how patient callers are.
type ClerkConfig struct {
	Spool    string        // folder of one process; "" = nowhere: they are refused then
	Most     int64         // bytes in the spool; 0 = 256 MiB
	Patience time.Duration // how long a commit may take before the database counts as out of reach; 0 = 250 ms
	Again    time.Duration // how long until it is tried again; 0 = 1 s
}

// A Clerk puts verdicts on record. Those that come while a transaction is under
// way share the next one (group commit), so that the rate is not bound by the
// disk. There is one at a time: each continues the chain of the one before.
// Who finds nobody writing writes at once, without waking anybody for it.
//
//	Record ─► wait in line ─► one batch ─► COMMIT ─► all of it is answered
//	                             └─ out of reach ─► fsync in the spool ─► answered, and delivered in order later
type Clerk struct {
	to     Judge
	cfg    ClerkConfig
	spool  *spool // nil = none
	awake  chan struct{}
	writer string // part of the IDs

	mu      sync.Mutex
	working context.Context // of Run; nil = not yet
	closed  bool
	line    []*waiting
	writing bool           // somebody takes from the line
	writers sync.WaitGroup // those who do, while Run runs

	last int64 // µs of the newest ID; of who writes

	through atomic.Bool // the last batch that was taken from the spool got to the database
}

// A waiting verdict is one in line.
type waiting struct {
	verdict Encoded
	done    chan struct{} // closed when kept and err are set
	kept    Kept
	err     error
}

// Kept says where a verdict is on record.
type Kept struct {
	ID      string
	Spooled bool // on this machine's disk; it goes to the database when that is back
}

// ErrClosed says that the clerk has gone home.
var ErrClosed = errors.New("verdicts are not recorded any more")

// NewClerk prepares a clerk and what waits in its spool from earlier. Run
// makes it work.
func NewClerk(to Judge, cfg ClerkConfig) (*Clerk, error) {
	cfg.Patience, cfg.Again = orDefault(cfg.Patience, 250*time.Millisecond), orDefault(cfg.Again, time.Second)
	cfg.Most = orDefault(cfg.Most, 256<<20)
	c := &Clerk{to: to, cfg: cfg, awake: make(chan struct{}, 1), writer: strings.ToLower(rand.Text()[:5])}
	if cfg.Spool == "" {
		return c, nil
	}
	var err error
	c.spool, err = openSpool(cfg.Spool, cfg.Most)
	return c, err
}

// Record puts a verdict on record: when it returns nil, the verdict is
// committed, or on the disk in the spool. An error leaves it open whether it
// is.
func (c *Clerk) Record(ctx context.Context, v loop.Verdict) (Kept, error) {
	e, err := EncodeVerdict(v)
	if err != nil {
		return Kept{}, wrap(err, "record verdict")
	}
	w := &waiting{verdict: e, done: make(chan struct{})}
	mine, err := c.join(w)
	switch {
	case err != nil:
		return Kept{}, err
	case mine:
		c.write()
		c.handOver()
	default:
		select {
		case <-w.done:
		case <-ctx.Done():
			return Kept{}, wrap(ctx.Err(), "record verdict")
		}
	}
	<-w.done
	return w.kept, wrap(w.err, "record verdict")
}

// join stands in line. mine says that nobody writes, and that it is for the
// caller to write.
func (c *Clerk) join(w *waiting) (mine bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false, ErrClosed
	}
	c.line = append(c.line, w)
	return c.begin(), nil
}

// begin makes the caller the one who writes, if nobody does and there is
// somebody in line. The caller holds the lock.
func (c *Clerk) begin() bool {
	if c.writing || c.working == nil || len(c.line) == 0 {
		return false
	}
	c.writing = true
	c.writers.Add(1)
	return true
}

// write records one batch of those in line.
func (c *Clerk) write() {
	c.mu.Lock()
	n := fitting(c.line)
	all := c.line[:n:n]
	c.line = c.line[n:]
	ctx := c.working
	c.mu.Unlock()
	c.record(ctx, c.newID(time.Now()), all)
}

// fitting is how many of those in line fit in a batch.
func fitting(line []*waiting) int {
	size := 0
	for i, w := range line[:min(len(line), maxBatch)] {
		if size += w.verdict.Size(); size > maxBatchBytes && i > 0 {
			return i
		}
	}
	return min(len(line), maxBatch)
}

// handOver lets another write what came in the meantime: whoever wrote has
// their own answer.
func (c *Clerk) handOver() {
	if c.more() {
		go func() {
			for more := true; more; more = c.more() {
				c.write()
			}
		}()
	}
}

// more reports whether somebody waits in line; if not, nobody writes any more.
func (c *Clerk) more() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.line) > 0 {
		return true
	}
	c.line, c.writing = nil, false
	c.writers.Done()
	return false
}

// Waiting is how many batches wait in the spool.
func (c *Clerk) Waiting() int {
	if c.spool == nil {
		return 0
	}
	return c.spool.waiting()
}

// Run records until ctx ends; failed is told what could not be delivered.
func (c *Clerk) Run(ctx context.Context, failed func(error)) error {
	c.mu.Lock()
	c.working = ctx
	waited := c.begin()
	c.mu.Unlock()
	if waited {
		c.handOver()
	}
	c.deliver(ctx, failed)
	<-ctx.Done()
	c.home()
	return nil
}

// home ends the work: who comes later is told, and who is in line is answered.
func (c *Clerk) home() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.writers.Wait()
	if c.spool != nil {
		_ = c.spool.unlock() // ends with the process at the latest
	}
}

// record keeps a batch and tells all who wait for it.
func (c *Clerk) record(ctx context.Context, id string, all []*waiting) {
	verdicts := make([]Encoded, len(all))
	for i, w := range all {
		verdicts[i] = w.verdict
	}
	spooled := false
	b, err := NewBatch(id, verdicts...)
	if err == nil {
		spooled, err = c.keep(ctx, b)
	}
	for i, w := range all {
		w.kept, w.err = Kept{b.VerdictID(i), spooled}, err
		close(w.done)
	}
}

// keep commits a batch or, while the database is out of reach or others wait
// to get there first, spools it. A commit whose end is not known is spooled
// too: its ID makes it one row however it ended.
func (c *Clerk) keep(ctx context.Context, b Batch) (spooled bool, err error) {
	if c.emptied(ctx) {
		hurry, cancel := context.WithTimeout(ctx, c.cfg.Patience)
		err := c.to.Judge(hurry, b)
		cancel()
		if !errors.Is(err, ErrDown) || c.spool == nil {
			return false, err
		}
	}
	if err := c.spool.put(b); err != nil {
		return false, fmt.Errorf("%w: %w", ErrDown, err)
	}
	c.wake()
	return true, nil
}

// emptied reports whether nothing waits in the spool. While that gets to the
// database it waits for it, as long as a commit may take: those who come
// meanwhile share a batch, so the spool is emptied faster than it is filled.
func (c *Clerk) emptied(ctx context.Context) bool {
	if !c.through.Load() || c.Waiting() == 0 {
		return c.Waiting() == 0
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Patience)
	defer cancel()
	for c.through.Load() && c.Waiting() > 0 && pause(ctx, time.Millisecond) {
	}
	return c.Waiting() == 0
}

func (c *Clerk) wake() {
	select {
	case c.awake <- struct{}{}:
	default:
	}
}

// deliver brings what is spooled to the database.
func (c *Clerk) deliver(ctx context.Context, failed func(error)) {
	if c.spool == nil {
		return
	}
	c.wake()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.awake:
		}
		for c.spool.waiting() > 0 {
			err := c.spool.deliver(func(b Batch) error {
				err := c.to.Judge(ctx, b)
				c.through.Store(err == nil)
				return err
			})
			if err != nil && !errors.Is(err, ErrDown) && ctx.Err() == nil {
				failed(err)
			}
			if err != nil && !pause(ctx, c.cfg.Again) {
				return
			}
		}
	}
}

// pause waits; false when ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// newID makes an ID that no other batch has: its time, later than that of
// the one before, and who wrote it.
func (c *Clerk) newID(now time.Time) string {
	c.last = max(now.UnixMicro(), c.last+1)
	return "v" + strconv.FormatInt(c.last, 36) + "-" + c.writer
}
