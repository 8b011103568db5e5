package loop_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// TestEngageWaitsForWhatIsUnderWay: when Engage returns, nothing is being
// actuated and nothing begins.
func TestEngageWaitsForWhatIsUnderWay(t *testing.T) {
	var b loop.Brake
	begun, end, engaged := make(chan struct{}), make(chan struct{}), make(chan struct{})
	ended := false
	go b.Do("dial", "shop", false, func() error {
		close(begun)
		<-end
		ended = true
		return nil
	})
	<-begun
	go func() {
		b.Engage(loop.Order{ID: "1", Kind: loop.OrderStop, Target: "*"})
		if !ended {
			t.Error("Engage returned while an actuation was under way")
		}
		close(engaged)
	}()
	for b.Stop("dial", "shop") == nil { // in force before Engage returns
		runtime.Gosched()
	}
	close(end)
	<-engaged
	err := b.Do("dial", "shop", false, func() error { t.Error("actuated after the stop"); return nil })
	if !errors.Is(err, loop.ErrStopped) {
		t.Errorf("actuate after a stop: got %v, want ErrStopped", err)
	}
}

func TestBrakeCovers(t *testing.T) {
	tests := []struct {
		target  string
		covered bool
	}{{"*", true}, {"dial", true}, {"shop", true}, {"other", false}, {"", false}}
	for _, tt := range tests {
		var b loop.Brake
		b.Engage(loop.Order{ID: "1", Target: tt.target})
		if got := b.Stop("dial", "shop") != nil; got != tt.covered {
			t.Errorf("stop of %q covers dial of shop: got %v, want %v", tt.target, got, tt.covered)
		}
	}
}

// TestBrakeKeepsUnrecordedStops: a look at the record from before a stop was
// given does not release it.
func TestBrakeKeepsUnrecordedStops(t *testing.T) {
	var b loop.Brake
	stop := loop.Order{ID: "1", Target: "*"}
	b.Engage(stop)
	b.Set(nil)
	if b.Stop("dial", "") == nil {
		t.Error("a stop that is not on record was released by an older record")
	}
	b.Recorded(stop)
	b.Set(nil) // resumed
	if b.Stop("dial", "") != nil {
		t.Error("a recorded stop that is no longer in force still brakes")
	}
}

// TestBrakeTellsStopsOfOneIDApart: that one is on record says nothing of
// another.
func TestBrakeTellsStopsOfOneIDApart(t *testing.T) {
	var b loop.Brake
	b.Engage(loop.Order{ID: "1", Target: "shop"})
	b.Engage(loop.Order{ID: "1", Target: "search"})
	b.Recorded(loop.Order{ID: "1", Target: "shop"})
	b.Set(nil) // resumed
	if b.Stop("dial", "shop") != nil || b.Stop("dial", "search") == nil {
		t.Error("want only the stop in force that is not on record")
	}
}

// TestStopIsQuickWithoutALedger: a ledger that hangs keeps nobody from
// stopping, and the stop is on record once the ledger answers again.
func TestStopIsQuickWithoutALedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := &hanging{Memory: ledger.NewMemory(), hangs: true}
		l, err := loop.New(loop.Config{Set: &slo.Set{}, Records: hang})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		recorded, err := l.Order(t.Context(), loop.Order{ID: "1", At: began, Kind: loop.OrderStop, Target: "*", By: "ann", Why: "drill"})
		if err != nil || recorded {
			t.Errorf("stop: recorded %v, err %v; want in force and not recorded", recorded, err)
		}
		if took := time.Since(began); took >= time.Second { // of fake time: exact
			t.Errorf("stop was acknowledged after %s", took)
		}
		if !l.Stopped("dial", "shop") {
			t.Error("the stop is not in force")
		}
		hang.hangs = false
		l.Tick(t.Context(), time.Now())
		if orders, err := hang.Orders(t.Context(), time.Now()); err != nil || len(orders) != 1 {
			t.Errorf("orders on record: %v, %v; want the stop", orders, err)
		}
	})
}

// TestStopIsGivenTwice: a stop that is sent again because its answer was lost
// is the same stop. It waits for no record, and ends when it is resumed.
func TestStopIsGivenTwice(t *testing.T) {
	now := time.Now()
	l, err := loop.New(loop.Config{Set: &slo.Set{}, Records: ledger.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	give := func(id string, kind loop.OrderKind) {
		t.Helper()
		recorded, err := l.Order(t.Context(), loop.Order{ID: id, At: now, Kind: kind, Target: "*", By: "ann", Why: "drill"})
		if err != nil || !recorded {
			t.Errorf("%s: recorded %v, err %v; want it on record", kind, recorded, err)
		}
		now = now.Add(time.Second)
	}
	give("1", loop.OrderStop)
	give("1", loop.OrderStop)
	give("2", loop.OrderResume)
	r := l.Tick(t.Context(), now)
	if r.LedgerErr != nil || len(r.Orders) != 0 || l.Stopped("dial", "shop") {
		t.Errorf("after resume: ledger %v, orders %v, stopped %v; want nothing in force", r.LedgerErr, r.Orders, l.Stopped("dial", "shop"))
	}
}

// hanging is a ledger that takes no order until its caller gives up.
type hanging struct {
	*ledger.Memory
	hangs bool
}

func (h *hanging) Give(ctx context.Context, o loop.Order) error {
	if h.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.Memory.Give(ctx, o)
}

// TestStopsOfOneID: two people's stops under one ID are two stops. Both are in
// force at once and on record, the second under an ID of its own, whether or
// not the ledger answered when they were given; and both end.
func TestStopsOfOneID(t *testing.T) {
	for name, down := range map[string]bool{"ledger up": false, "ledger down": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { stopsOfOneID(t, &hanging{Memory: ledger.NewMemory(), hangs: down}) })
		})
	}
}

func stopsOfOneID(t *testing.T, records *hanging) {
	l, err := loop.New(loop.Config{Set: &slo.Set{}, Records: records})
	if err != nil {
		t.Fatal(err)
	}
	give := func(id string, kind loop.OrderKind, target string) {
		t.Helper()
		if _, err := l.Order(t.Context(), loop.Order{ID: id, At: time.Now(), Kind: kind, Target: target, By: "ann", Why: "drill"}); err != nil {
			t.Errorf("%s of %s: %v", kind, target, err)
		}
	}
	give("1", loop.OrderStop, "shop")
	give("1", loop.OrderStop, "search")
	give("1", loop.OrderStop, "search") // sent again
	records.hangs = false
	r := l.Tick(t.Context(), time.Now())
	if r.LedgerErr != nil || len(r.Orders) != 2 || len(r.Errs) > 0 || l.Unrecorded("1") {
		t.Errorf("ledger %v, errors %v, orders %v; want both stops on record", r.LedgerErr, r.Errs, r.Orders)
	}
	for _, service := range []string{"shop", "search"} {
		if !l.Stopped("dial", service) {
			t.Errorf("%s is not stopped", service)
		}
		give("resume-"+service, loop.OrderResume, service)
	}
	if r = l.Tick(t.Context(), time.Now()); len(r.Orders) != 0 || l.Stopped("dial", "shop") || l.Stopped("dial", "search") {
		t.Errorf("after resume: %v; want nothing in force", r.Orders)
	}
}
