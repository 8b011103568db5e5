package web_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/web"
)

// deployBook keeps deploys in memory, the newest first.
type deployBook struct {
	all  []loop.Deploy
	down error
}

func (b *deployBook) AddDeploy(_ context.Context, d loop.Deploy) (loop.Deploy, error) {
	for _, known := range b.all {
		if known.ID == d.ID {
			return known, b.down
		}
	}
	if b.down == nil {
		b.all = append([]loop.Deploy{d}, b.all...)
	}
	return d, b.down
}

func (b *deployBook) Deploys(_ context.Context, f web.DeployFilter) (out []loop.Deploy, err error) {
	for _, d := range b.all {
		if f.Service == "" || d.Service == f.Service {
			out = append(out, d)
		}
	}
	return out, b.down
}

// bookkeeping is a server with a book, where each minute from worse on has ten
// bad events of a thousand, and those before none.
func bookkeeping(worse time.Time) (*deployBook, *web.Server) {
	w, b := newWorld(), &deployBook{}
	cfg := w.config()
	cfg.Deploys = b
	cfg.Slices = func(_ context.Context, asks ...loop.Stretch) (out [][]sli.Slice, _ error) {
		for _, a := range asks {
			var all []sli.Slice
			for at := a.From.Truncate(time.Minute); at.Before(a.To); at = at.Add(time.Minute) {
				c := sli.Counts{Good: 1000_000, Covered: time.Minute}
				if !at.Before(worse) {
					c.Good, c.Bad = 990_000, 10_000
				}
				all = append(all, sli.Slice{Start: at, Counts: c})
			}
			out = append(out, all)
		}
		return out, nil
	}
	s := web.New(cfg)
	now := time.Now().Truncate(tick)
	w.play(now.Add(-time.Minute), now, calm, nil)
	return b, s
}

// tell posts JSON to /v1/deploys.
func tell(t *testing.T, s *web.Server, body string) answer {
	t.Helper()
	return do(t, s.Handler(), "POST", "/v1/deploys", body, "Content-Type", "application/json")
}

// TestDeploysJudged lists what tools told of with what it burned, and says
// what is usual once three were seen.
func TestDeploysJudged(t *testing.T) {
	start := time.Now().Add(-5 * time.Hour).Truncate(time.Minute)
	_, s := bookkeeping(start)
	for i, at := range []time.Time{start.Add(-2 * time.Hour), start, start.Add(3 * time.Hour)} {
		a := tell(t, s, `{"id":"d`+string(rune('1'+i))+`","service":"checkout","release":"v`+string(rune('1'+i))+`","at":"`+at.UTC().Format(time.RFC3339)+`"}`)
		if a.code != 201 {
			t.Fatalf("status %d: %s", a.code, a.body)
		}
	}
	var list struct{ Deploys []client.Deploy }
	decode(t, get(t, s.Handler(), "/v1/deploys?service=checkout"), &list)
	if len(list.Deploys) != 3 {
		t.Fatalf("deploys %+v", list.Deploys)
	}
	for i, burns := range []bool{false, true, false} { // v3 came when it burned already
		d := list.Deploys[i]
		if len(d.Burned) != 2 || !d.Burned[0].Known || !d.Burned[0].Complete || (d.Burned[0].Share > 0) != burns || !strings.Contains(d.Burned[0].Words, d.Release+" burned ") {
			t.Errorf("%s burned %+v, want something: %t", d.Release, d.Burned, burns)
		}
	}
	var risks struct{ Risks []client.Risk }
	decode(t, get(t, s.Handler(), "/v1/risk/checkout"), &risks)
	if len(risks.Risks) != 2 || !risks.Risks[0].Known || risks.Risks[0].Usual != 0 || risks.Risks[0].Worst <= 0 {
		t.Errorf("risks %+v", risks.Risks)
	}
}

// TestDeployRefused takes no deploy that cannot be meant.
func TestDeployRefused(t *testing.T) {
	b, s := bookkeeping(time.Now())
	for body, code := range map[string]int{
		`{"service":"checkout"}`: 422, `{"release":"v1"}`: 422, `{"service":"chekout","release":"v1"}`: 404, `{`: 400, ``: 422, `{"service":"checkout","release":"${VERSION}"}`: 400,
		`{"service":"checkout","release":"v1","at":"2001-01-01T00:00:00Z"}`: 422, `{"service":"checkout","release":"v1","at":"2999-01-01T00:00:00Z"}`: 422,
		`{"service":"checkout","release":"v1","link":"javascript:alert(1)"}`: 422, `{"service":"checkout","release":"a\nb"}`: 400,
	} {
		if a := tell(t, s, body); a.code != code {
			t.Errorf("%s: status %d, want %d: %s", body, a.code, code, a.body)
		}
	}
	if len(b.all) > 0 {
		t.Errorf("kept %+v", b.all)
	}
	b.down = errors.New("away")
	if a := tell(t, s, `{"service":"checkout","release":"v1"}`); a.code != 503 {
		t.Errorf("the ledger is away: status %d", a.code)
	}
	if a := get(t, s.Handler(), "/v1/risk/nobody"); a.code != 404 {
		t.Errorf("risk of nobody: status %d", a.code)
	}
}

// TestFlaggerTellsOfDeploys makes one deploy of all that Flagger tells of a
// revision, and answers it whatever the ledger does.
func TestFlaggerTellsOfDeploys(t *testing.T) {
	b, s := bookkeeping(time.Now())
	event := func(phase, checksum string) {
		t.Helper()
		body := `{"name":"checkout","namespace":"prod","phase":"` + phase + `","checksum":"` + checksum + `","metadata":{"eventMessage":"New revision detected!","environment":"prod"}}`
		if a := do(t, s.Handler(), "POST", "/v1/gate/flagger/event", body, "Content-Type", "application/json"); a.code != 200 {
			t.Errorf("%s %s: status %d: %s", phase, checksum, a.code, a.body)
		}
	}
	event("Initialized", "c1")
	event("Progressing", "c1")
	event("Progressing", "c1")
	event("Progressing", "c2")
	if len(b.all) < 2 || b.all[0].Release != "c2" || b.all[0].Tool != "flagger" || b.all[0].Environment != "prod" {
		t.Errorf("deploys %+v", b.all)
	}
	b.down = errors.New("away")
	event("Progressing", "c3")
}
