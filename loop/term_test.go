package loop_test

import (
	"errors"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
)

// TestFence orders moves by timeline, then epoch, then sequence, and refuses
// what is older than what is in force.
func TestFence(t *testing.T) {
	fence := func(timeline, epoch, sequence int64) loop.Fence {
		return loop.Fence{Term: loop.Term{Timeline: timeline, Epoch: epoch}, Sequence: sequence}
	}
	rising := []loop.Fence{ // each is newer than all before it
		fence(0, 1, 1), fence(0, 9, 1), // of a ledger without timelines
		fence(1, 3, 8), fence(1, 3, 9), fence(1, 4, 1), fence(2, 3, 1), fence(2, 3, 2), fence(2, 41, 1), fence(3, 1, 1),
	}
	for i, f := range rising {
		for j, newest := range rising {
			if got, want := f.Admit(newest, "d"), i < j; errors.Is(got, loop.ErrDeposed) != want || (got == nil) == want {
				t.Errorf("%s after %s: %v, refused: want %t", f.Show(), newest.Show(), got, want)
			}
		}
	}
	const want = "timeline 1, epoch 4, sequence 1 is older than timeline 2, epoch 3, sequence 2 of decision d-7, in force there: a newer leader has taken over"
	if got := fence(1, 4, 1).Admit(fence(2, 3, 2), "d-7").Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestMoveFence counts the sequence in microseconds of the decision.
func TestMoveFence(t *testing.T) {
	term := loop.Term{Timeline: 2, Epoch: 3}
	m := loop.Move{Term: term, At: time.UnixMicro(1773489660000001)}
	if got, want := m.Fence(), (loop.Fence{Term: term, Sequence: 1773489660000001}); got != want {
		t.Errorf("got %s, want %s", got.Show(), want.Show())
	}
}

// TestIDsOfBothSides: what both sides of a split ledger decide at the same tick
// in the same epoch has two names, so that a target does not take the one for
// the other said again.
func TestIDsOfBothSides(t *testing.T) {
	in := loop.Input{At: time.UnixMicro(1773489660000001), Actuator: knob(), Term: loop.Term{Epoch: 3}}
	old := loop.Decide(in).ID
	in.Timeline = 2
	if promoted := loop.Decide(in).ID; promoted == old || promoted == "" {
		t.Errorf("both are %q", old)
	}
}
