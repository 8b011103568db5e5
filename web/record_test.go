package web_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// A book is a ledger in memory for verdicts. While it is away it refuses, and
// while it spools it says so.
type book struct {
	*ledger.Memory
	away    error
	spooled bool
	n       int
}

func (b *book) record(ctx context.Context, v loop.Verdict) (web.Kept, error) {
	if b.away != nil {
		return web.Kept{}, b.away
	}
	e, err := ledger.EncodeVerdict(v)
	if err != nil {
		return web.Kept{}, err
	}
	b.n++
	batch, err := ledger.NewBatch("v"+string(rune('a'+b.n-1)), e)
	return web.Kept{ID: batch.VerdictID(0), Spooled: b.spooled}, errors.Join(err, b.Judge(ctx, batch))
}

func (b *book) Verdicts(ctx context.Context, f web.VerdictFilter) ([]loop.Verdict, error) {
	return b.Memory.Verdicts(ctx, ledger.VerdictFilter(f))
}

func (b *book) Verdict(ctx context.Context, id string) (loop.Verdict, error) {
	v, err := b.Memory.Verdict(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		err = web.ErrNotFound
	}
	return v, err
}

// recording is a world whose gate puts its answers into a book.
func recording(m mood) (*world, *book, http.Handler) {
	w, b := newWorld(), &book{Memory: ledger.NewMemory()}
	now := time.Now().Truncate(tick)
	w.play(now.Add(-10*tick), now, calm, nil)
	m(&w.report, &w.set.Policies[0])
	cfg := w.config()
	cfg.Record, cfg.Verdicts = b.record, b
	return w, b, web.New(cfg).Handler()
}

func asking(t *testing.T, h http.Handler, query string) client.Answer {
	t.Helper()
	var a client.Answer
	decode(t, get(t, h, "/v1/gate/checkout"+query), &a)
	return a
}

// What was answered is on record as it was answered, whoever asked.
func TestVerdictsAreRecorded(t *testing.T) {
	_, b, h := recording(burning)
	a := asking(t, h, "?release=v2&environment=prod")
	post(t, h, "/v1/gate/flagger/confirm-rollout", strings.ReplaceAll(canary, "%s", `"release": "v3"`))
	post(t, h, "/v1/gate/flagger/rollback", strings.ReplaceAll(canary, "%s", `"release": "v3"`))
	get(t, h, "/v1/gate/argo/checkout")
	admit(t, h, review("CREATE", "null", deployment("shop:2"), ""))
	admit(t, h, review("CREATE", "null", deployment("shop:2"), `,"dryRun": true`))
	found, err := b.Verdicts(t.Context(), web.VerdictFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var tools []string
	for _, v := range found {
		tools = append(tools, v.Tool)
	}
	if d := cmp.Diff([]string{"kubernetes", "argo", "flagger rollback", "flagger", "api"}, tools); d != "" {
		t.Errorf("who asked, the newest first (-want +got):\n%s", d)
	}
	var got client.RecordedVerdict
	decode(t, get(t, h, "/v1/verdicts/"+a.ID), &got)
	if d := cmp.Diff(client.RecordedVerdict{Tool: "api", Answer: a}, got); d != "" || a.ID == "" {
		t.Errorf("verdict %q (-answered +on record):\n%s", a.ID, d)
	}
}

// What can be recorded nowhere is what the policy says of that, and a hold
// unless it says anything.
func TestVerdictsThatCannotBeRecorded(t *testing.T) {
	for _, c := range []struct {
		name   string
		mood   mood
		policy slo.Verdict
		query  string
		want   client.Verdict
	}{
		{"silent policy", well, "", "", client.Hold},
		{"lenient policy", well, slo.Allow, "", client.Allow},
		{"strict policy", well, slo.Deny, "", client.Deny},
		{"lenient policy, denied anyway", burning, slo.Allow, "", client.Deny},
		{"exempt change", well, "", "?change=rollback", client.Allow},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, b, h := recording(c.mood)
			w.set.Policies[0].OnLedgerDown = c.policy
			b.away = ledger.ErrDown
			a := asking(t, h, c.query)
			if a.Verdict != c.want || !a.Degraded || !strings.Contains(strings.Join(a.DegradedBy, " "), "unrecorded") || a.ID != "" {
				t.Errorf("%s, degraded by %v, ID %q; want %s, unrecorded, no ID", a.Verdict, a.DegradedBy, a.ID, c.want)
			}
		})
	}
}

func TestVerdictsOnDisk(t *testing.T) {
	_, b, h := recording(well)
	b.spooled = true
	if a := asking(t, h, ""); a.Verdict != client.Allow || !a.Degraded || a.DegradedBy[0] != "spooled" || a.ID == "" {
		t.Errorf("%+v, want an answer with an ID that is degraded because it is spooled", a)
	}
}

// A client that asks again and again about a release is told the same
// verdict, until something changes or it is old.
func TestSameVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, b, h := recording(well)
		first := asking(t, h, "?release=v2")
		for range 3 {
			time.Sleep(time.Second)
			if again := asking(t, h, "?release=v2"); again.ID != first.ID {
				t.Errorf("asked again: verdict %s, want %s", again.ID, first.ID)
			}
		}
		if other := asking(t, h, "?release=v3"); other.ID == first.ID {
			t.Error("another release got the same verdict")
		}
		if a, b := asking(t, h, ""), asking(t, h, ""); a.ID == b.ID {
			t.Error("two who named no release got the same verdict")
		}
		spent(&w.report, &w.set.Policies[0])
		denied := asking(t, h, "?release=v2")
		if denied.ID == first.ID || denied.Verdict != client.Deny {
			t.Errorf("after the budget is gone: verdict %s %s, want a new one that denies", denied.ID, denied.Verdict)
		}
		if v, err := b.Verdict(t.Context(), denied.ID); err != nil || v.Repeats != 3 {
			t.Errorf("the new row counts %d answers alike, %v; want 3", v.Repeats, err)
		}
		time.Sleep(15 * time.Second)
		if again := asking(t, h, "?release=v2"); again.ID == denied.ID {
			t.Error("the verdict is old and was not made anew")
		}
	})
}

// A release that was allowed stays allowed while budgets burn, for as long
// as the policy says, unless a person steps in or nothing can be seen.
func TestBoundVerdict(t *testing.T) {
	for _, c := range []struct {
		name  string
		after mood
		wait  time.Duration
		want  client.Verdict
	}{
		{"budget gone", spent, time.Minute, client.Allow},
		{"burning", burning, time.Minute, client.Allow},
		{"budget gone, time over", spent, 10 * time.Minute, client.Deny},
		{"frozen by a person", byOrder, time.Minute, client.Deny},
		{"not in sight", unseen, time.Minute, client.Hold},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _, h := recording(well)
				p := &w.set.Policies[0]
				p.BindFor, p.StaleAfter = 10*time.Minute, time.Hour
				first := asking(t, h, "?release=v2")
				if want := first.At.Add(10 * time.Minute); first.Verdict != client.Allow || !first.BoundUntil.Equal(want) {
					t.Fatalf("%s, bound until %v; want allow, %v", first.Verdict, first.BoundUntil, want)
				}
				time.Sleep(c.wait)
				c.after(&w.report, p)
				if a := asking(t, h, "?release=v2"); a.Verdict != c.want || (a.ID == first.ID) != (c.want == client.Allow) {
					t.Errorf("%s, verdict %s after %s; want %s", a.Verdict, a.ID, first.ID, c.want)
				}
				if a := asking(t, h, "?release=v3"); c.want == client.Allow && a.Verdict != client.Deny {
					t.Errorf("another release: %s, want deny", a.Verdict)
				}
			})
		})
	}
}

// TestOverrideBindsNobody: what an override let go is let go until the override
// ends, by itself or by who revokes it, and not for longer.
func TestOverrideBindsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, h := recording(spent)
		p := &w.set.Policies[0]
		p.BindFor, p.StaleAfter = 10*time.Minute, time.Hour
		spent(&w.report, p)
		w.report.Orders = []loop.Order{{ID: "o", Kind: loop.OrderOverride, Target: "checkout", By: "ann", Why: "pager", At: time.Now(), Until: time.Now().Add(time.Minute)}}
		first := asking(t, h, "?release=v2")
		if first.Verdict != client.Allow || !first.BoundUntil.IsZero() {
			t.Errorf("%s, bound until %v; want allow, not bound", first.Words, first.BoundUntil)
		}
		time.Sleep(time.Minute)
		if a := asking(t, h, "?release=v2"); a.Verdict != client.Deny {
			t.Errorf("when the override has ended: %s", a.Words)
		}
	})
}

// What one instance allowed binds the others, and itself after a restart; what
// was allowed to another question binds nobody, nor does a ledger that does
// not answer.
func TestBoundElsewhere(t *testing.T) {
	w, b, first := recording(well)
	p := &w.set.Policies[0]
	p.BindFor = 10 * time.Minute
	given := asking(t, first, "?release=v2&environment=prod")
	spent(&w.report, p)
	cfg := w.config()
	cfg.Record, cfg.Verdicts = b.record, b
	other := web.New(cfg).Handler()
	if a := asking(t, other, "?release=v2&environment=prod"); a.Verdict != client.Allow || a.ID != given.ID {
		t.Errorf("at another instance: %s, verdict %s; want allow, %s", a.Verdict, a.ID, given.ID)
	}
	for _, query := range []string{"?release=v3&environment=prod", "?release=v2&environment=test", "?release=v2&environment=prod&change=feature"} {
		if a := asking(t, other, query); a.Verdict != client.Deny {
			t.Errorf("%s: %s, want deny", query, a.Verdict)
		}
	}
	w.report.LedgerErr = ledger.ErrDown
	if a := asking(t, web.New(cfg).Handler(), "?release=v2&environment=prod"); a.Verdict != client.Deny {
		t.Errorf("while the ledger is away, at an instance that does not know: %s, want deny", a.Verdict)
	}
}

// A release that was denied here a moment ago and is allowed elsewhere since is
// not denied once more.
func TestBoundElsewhereAfterADenial(t *testing.T) {
	w, b, first := recording(spent)
	p := &w.set.Policies[0]
	p.BindFor = 10 * time.Minute
	cfg := w.config()
	cfg.Record, cfg.Verdicts = b.record, b
	if a := asking(t, first, "?release=v2"); a.Verdict != client.Deny {
		t.Fatalf("%s, want deny", a.Verdict)
	}
	before := w.report.States
	w.report.States = slices.Clone(before)
	for i := range w.report.States {
		w.report.States[i].Status, w.report.States[i].Remaining = budget.OK, 0.9
	}
	if a := asking(t, web.New(cfg).Handler(), "?release=v2"); a.Verdict != client.Allow {
		t.Fatalf("elsewhere: %s, %s; want allow", a.Verdict, a.Words)
	}
	w.report.States = before
	if a := asking(t, first, "?release=v2"); a.Verdict != client.Allow {
		t.Errorf("%s after it was allowed elsewhere, want allow", a.Verdict)
	}
}

func TestVerdictList(t *testing.T) {
	_, _, h := recording(well)
	for _, release := range []string{"a", "b", "c"} {
		asking(t, h, "?release="+release)
	}
	get(t, h, "/v1/gate/reporting?release=b")
	for query, want := range map[string]string{
		"": "reporting b, checkout c, checkout b, checkout a", "?limit=2": "reporting b, checkout c", "?limit=2&before=vc.0": "checkout b, checkout a",
		"?service=checkout": "checkout c, checkout b, checkout a", "?service=checkout&release=b": "checkout b",
	} {
		var got struct{ Verdicts []client.RecordedVerdict }
		decode(t, get(t, h, "/v1/verdicts"+query), &got)
		var names []string
		for _, v := range got.Verdicts {
			names = append(names, v.Answer.Service+" "+v.Answer.Release)
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	for path, code := range map[string]int{"/v1/verdicts?release=b": 400, "/v1/verdicts?limit=0": 400, "/v1/verdicts/vz.0": 404, "/verdicts/vz.0": 404, "/verdicts/va.0": 200} {
		if a := get(t, h, path); a.code != code {
			t.Errorf("%s: status %d, want %d", path, a.code, code)
		}
	}
	if a := get(t, h, "/gate?service=checkout"); !strings.Contains(a.body, `href="/verdicts/vb.0"`) || strings.Contains(a.body, `href="/verdicts/vd.0"`) {
		t.Errorf("the gate's page of checkout does not list its verdicts, or lists another's:\n%s", a.body)
	}
}

// A person overrides the gate: the answer is an allowance that says so, on
// record, and the page shows who let it go; revoked, it is over.
func TestOverrideByOrder(t *testing.T) {
	w, _, h := recording(spent)
	if a := asking(t, h, "?release=v2"); a.Verdict != client.Deny {
		t.Fatalf("%s, want deny", a.Verdict)
	}
	for body, code := range map[string]int{
		`{"kind":"override","target":"checkout","by":"ann","why":"pager"}`:                                            422, // for ever
		`{"kind":"override","target":"*","by":"ann","why":"pager","for":"1h"}`:                                        422,
		`{"kind":"override","target":"checkout","by":"ann","why":"pager","for":"200h"}`:                               422,
		`{"kind":"freeze","target":"checkout","by":"ann","why":"pager","ticket":"OPS-7"}`:                             422,
		`{"kind":"override","target":"checkout","by":"ann","why":"pager","for":"1h","ticket":"OPS-7","release":"v2"}`: 201,
	} {
		if a := order(t, h, body); a.code != code {
			t.Errorf("%s: status %d, want %d: %s", body, a.code, code, a.body)
		}
	}
	w.report.Orders = w.inForce()
	if a := asking(t, h, "?release=v2"); a.Verdict != client.Allow || a.Reasons[0].Code != "overridden" || !strings.Contains(a.Words, "OPS-7") {
		t.Errorf("%s: %s, want an override", a.Verdict, a.Words)
	}
	if a := asking(t, h, "?release=v3"); a.Verdict != client.Deny {
		t.Errorf("another release: %s, want deny", a.Verdict)
	}
	if a := get(t, h, "/control"); !strings.Contains(a.body, "Override by ann") || !strings.Contains(a.body, "OPS-7") {
		t.Error("the page does not show the override")
	}
	if a := get(t, h, "/metrics"); !strings.Contains(a.body, `setpoint_gate_passed_total{service="checkout",because="overridden"} 1`) {
		t.Error("the override is not counted")
	}
	if a := order(t, h, `{"kind":"revoke","target":"checkout","by":"bob","why":"done"}`); a.code != 201 {
		t.Fatalf("revoke: %d %s", a.code, a.body)
	}
	w.report.Orders = w.inForce()
	if a := asking(t, h, "?release=v2"); a.Verdict != client.Deny {
		t.Errorf("after the revocation: %s, want deny", a.Verdict)
	}
}
