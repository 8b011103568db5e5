package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"setpoint.dev/setpoint/ledger"
)

// A shears leads to a database too, and cuts a connection once: at the nth
// request from then on, or at the next COMMIT, before the database has it or
// when it has answered it and nobody has read that.
type shears struct {
	dsn    string
	left   atomic.Int32 // requests until the cut; 0 or less = none
	answer atomic.Bool  // it is the answer that is lost
	commit atomic.Bool  // only a COMMIT is a request that counts
}

func newShears(t *testing.T, dsn string) *shears {
	t.Helper()
	host := hostOf(t, dsn)
	dir, name := t.TempDir(), ".s.PGSQL."+host[2]
	l, err := net.Listen("unix", filepath.Join(dir, name))
	must(t, err)
	s := &shears{dsn: strings.Replace(dsn, "host="+host[1], "host="+dir, 1)}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.carry(near, filepath.Join(strings.Trim(host[1], "'"), name)) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return s
}

// arm has the nth request from now on cut; 0 = the next COMMIT.
func (s *shears) arm(n int, answer bool) {
	s.answer.Store(answer)
	s.commit.Store(n == 0)
	s.left.Store(int32(max(n, 1)))
}

// disarm reports whether a request was cut.
func (s *shears) disarm() bool { return s.left.Swap(0) <= 0 }

// carry takes requests to the database and answers back until either end is
// gone, or one was cut.
func (s *shears) carry(near net.Conn, database string) {
	defer near.Close()
	far, err := net.Dial("unix", database)
	if err != nil {
		return
	}
	defer far.Close()
	var deaf atomic.Bool // what is answered is not told
	var back sync.WaitGroup
	back.Go(func() {
		defer near.Close()
		for buf := make([]byte, 1<<16); ; {
			n, err := far.Read(buf)
			if err != nil || deaf.Load() {
				return
			}
			near.Write(buf[:n]) // an error shows when it is read from
		}
	})
	defer back.Wait()
	for buf := make([]byte, 1<<16); ; {
		n, err := near.Read(buf)
		if err != nil {
			far.Close()
			return
		}
		counts := !s.commit.Load() || bytes.Contains(buf[:n], []byte("commit\x00"))
		if counts && s.left.Load() > 0 && s.left.Add(-1) == 0 {
			if !s.answer.Load() {
				far.Close()
				return
			}
			deaf.Store(true)
		}
		far.Write(buf[:n])
	}
}

// TestCutLosesNothing loses the connection at the COMMIT of each kind of write,
// and at each request of a decision and of a batch of verdicts: once before the
// database has it and once after it has answered. Each write then finds out by
// its ID what became of it: it has no error, and there is one row.
func TestCutLosesNothing(t *testing.T) {
	dsn := fresh(t)
	s := newShears(t, dsn)
	straight, p := open(t, dsn), open(t, s.dsn)
	takeOver(t, straight)
	must(t, second(p.Heads(t.Context()))) // it is migrated and has a connection
	rows := map[string]int64{}
	write := func(w writing, n int, answer bool) (cut bool) {
		id := fmt.Sprintf("%s-%d-%t", w.chain, n, answer)
		if w.after != nil {
			must(t, w.after(t.Context(), straight, id))
			rows["decisions"]++
		}
		s.arm(n, answer)
		err := w.make(t.Context(), p, id)
		if cut = s.disarm(); err != nil {
			t.Errorf("%s, cut at request %d, its answer is lost: %t: %v", w.chain, n, answer, err)
		}
		rows[w.chain]++
		return cut
	}
	for _, w := range writes() {
		for _, answer := range []bool{false, true} {
			each := w.chain == "decisions" || w.chain == "verdicts" // of verdicts the one statement is its own COMMIT
			for n := 1; each && write(w, n, answer); n++ {
			}
			if w.chain != "verdicts" && !write(w, 0, answer) {
				t.Errorf("%s: no COMMIT was cut", w.chain)
			}
		}
	}
	if rows["decisions"] < 10 || rows["verdicts"] < 4 {
		t.Errorf("too few requests were cut: %v", rows)
	}
	heads, err := straight.Heads(t.Context())
	must(t, err)
	for _, h := range heads {
		if h.Seq != rows[h.Chain] && h.Chain != "leadership" {
			t.Errorf("%s has %d rows, want %d", h.Chain, h.Seq, rows[h.Chain])
		}
	}
	if faults, err := straight.Verify(context.Background()); err != nil || len(faults) > 0 {
		t.Errorf("afterwards: %v, %v", faults, err)
	}
}

// A writing adds a row to a chain.
type writing struct {
	chain string
	after func(context.Context, *ledger.Postgres, string) error // what it refers to; nil = nothing
	make  func(context.Context, *ledger.Postgres, string) error
}
