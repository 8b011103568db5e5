package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/web"
)

// A slow ledger answers nothing until it is told to give up.
type slow struct{}

func (slow) Decisions(ctx context.Context, _ web.Filter) ([]web.Record, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (slow) Decision(ctx context.Context, _ string) (web.Record, error) {
	<-ctx.Done()
	return web.Record{}, ctx.Err()
}

func (slow) OrderHistory(ctx context.Context, _ string, _ int) ([]loop.Order, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestSlowLedger has every page that needs the ledger answer without it
// after a while, from memory.
func TestSlowLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := incident(time.Minute)
		cfg := w.config()
		cfg.Ledger = slow{}
		h := web.New(cfg).Handler()
		for path, want := range map[string]struct {
			code int
			says string
		}{
			"/decisions": {200, "the newest decisions that are in memory"}, "/control": {200, "cannot be shown"},
			"/decisions/" + w.report.Decisions[0].ID: {200, "as it is in memory"}, "/decisions/other": {503, "the ledger cannot be reached"},
			"/v1/decisions": {503, "ledger-down"}, "/v1/decisions/other": {503, "ledger-down"},
		} {
			begun := time.Now()
			a := get(t, h, path)
			if took := time.Since(begun); took > 3*time.Second || a.code != want.code || !strings.Contains(a.body, want.says) {
				t.Errorf("%s: status %d after %s, want %d with %q", path, a.code, took, want.code, want.says)
			}
		}
	})
}

// TestOrderOutlivesItsSender carries an order out although the browser that
// sent it is gone.
func TestOrderOutlivesItsSender(t *testing.T) {
	var during error
	s := web.New(web.Config{Order: func(ctx context.Context, _ loop.Order) (bool, error) {
		during = ctx.Err()
		return true, nil
	}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequest(http.MethodPost, "/v1/orders", strings.NewReader(`{"kind":"stop","by":"a","why":"b"}`)).WithContext(ctx)
	r.Header.Set("Content-Type", "application/json")
	if a := serve(s.Handler(), r); a.code != 201 || during != nil {
		t.Errorf("status %d; the order ran under %v", a.code, during)
	}
}

// TestOrderKnownAlready shows an order once that was given after the tick
// began and was read by it all the same.
func TestOrderKnownAlready(t *testing.T) {
	w, s := incident(time.Minute)
	order(t, s.Handler(), `{"kind":"freeze","target":"checkout","by":"a","why":"b"}`)
	w.report.Orders = w.orders
	var got struct{ Orders []client.Order }
	if err := json.Unmarshal([]byte(get(t, s.Handler(), "/v1/orders").body), &got); err != nil || len(got.Orders) != 1 {
		t.Errorf("%+v, %v", got.Orders, err)
	}
}
