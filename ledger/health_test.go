package ledger_test

import (
	"context"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/migrations"
)

// TestHealth tells who leads, who listens, and how far the record goes.
func TestHealth(t *testing.T) {
	t.Parallel()
	p := open(t, fresh(t))
	before, err := p.Health(t.Context())
	if err != nil || before.Holder != "" || before.Standby || before.Server == "" || before.Size <= 0 || before.Took <= 0 || len(before.Standbys) != 0 {
		t.Errorf("before anybody leads: %+v, %v", before, err)
	}
	files, err := migrations.Files.ReadDir(".")
	if err != nil || before.Schema != len(files) {
		t.Errorf("schema %d of %d migrations (%v)", before.Schema, len(files), err)
	}
	if _, err := p.Lead(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	heard, done := make(chan struct{}, 100), make(chan struct{})
	go func() {
		defer close(done)
		_ = p.Watch(ctx, ledger.WatchConfig{}, func(context.Context, ledger.News) error { heard <- struct{}{}; return nil })
	}()
	<-heard // it listens
	after, err := p.Health(t.Context())
	if err != nil || after.Holder == "" || time.Since(after.Since).Abs() > time.Hour || len(after.Instances) != 1 || after.Instances[0].Since.IsZero() {
		t.Errorf("while one leads and listens: %+v, %v", after, err)
	}
	for _, h := range after.Heads {
		if h.Chain == "leadership" && h.Seq != 1 {
			t.Errorf("chain %+v, want its first row", h)
		}
	}
	cancel()
	<-done
	p.Close()
	if _, err := p.Health(t.Context()); err == nil {
		t.Error("a ledger that is closed says how it does")
	}
}
