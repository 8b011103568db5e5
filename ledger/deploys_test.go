package ledger_test

import (
	"errors"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
)

// TestDeploys keeps deploys, each once, and lists them by when they were.
func TestDeploys(t *testing.T) {
	p, ctx := open(t, fresh(t)), t.Context()
	at := func(minute int) time.Time { return noon().Add(time.Duration(minute) * time.Minute) }
	for _, d := range []loop.Deploy{
		{ID: "b", Service: "shop", Release: "v2", At: at(2), Tool: "api"}, {ID: "a", Service: "shop", Release: "v1", At: at(1), Tool: "api"},
		{ID: "c", Service: "cart", Release: "v9", At: at(3), Tool: "flagger"}, {ID: "a", Service: "shop", Release: "v1", At: at(9), Tool: "api"},
	} {
		kept, err := p.AddDeploy(ctx, d)
		if err != nil || kept.Release != d.Release || d.ID == "a" && !kept.At.Equal(at(1)) {
			t.Errorf("told of %+v, kept %+v: %v", d, kept, err)
		}
	}
	for _, c := range []struct {
		f    ledger.DeployFilter
		want string
	}{
		{ledger.DeployFilter{}, "cba"}, {ledger.DeployFilter{Service: "shop"}, "ba"}, {ledger.DeployFilter{To: at(2)}, "a"}, {ledger.DeployFilter{Limit: 1}, "c"}, {ledger.DeployFilter{Service: "none"}, ""},
	} {
		found, err := p.Deploys(ctx, c.f)
		got := ""
		for _, d := range found {
			got += d.ID
		}
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v, want %q", c.f, got, err, c.want)
		}
	}
	if _, err := p.AddDeploy(ctx, loop.Deploy{ID: "x", Service: "shop", At: noon()}); !errors.Is(err, ledger.ErrInvalid) {
		t.Errorf("a deploy of nothing: %v", err)
	}
	if faults, err := p.Verify(ctx); err != nil || len(faults) > 0 {
		t.Errorf("verify: %v, %v", faults, err)
	}
}
