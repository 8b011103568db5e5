// Package ledgertest holds the contract of a ledger as tests. They run on
// every implementation, so that what is tested on the one in memory holds on
// PostgreSQL:
//
//	func TestContract(t *testing.T) { ledgertest.Run(t, open) }
//
// One file a part of the contract: record.go (decisions, outcomes, leader),
// orders.go (what people command), settings.go (settings, definitions),
// verdicts.go (answers of the gate), store.go (slices), alerts.go, versions.go, read.go
// (what people look up), verify.go (chains).
package ledgertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A Ledger is everything that a ledger offers.
type Ledger interface {
	loop.Records
	Settings
	Verdicts
	Reader
	Verifier
}

// Settings keep the settings of actuators that live in the ledger.
type Settings interface {
	Setting(ctx context.Context, actuator string) (value float64, ok bool, err error)
	PutSetting(ctx context.Context, m loop.Move) error
	Kept(ctx context.Context) ([]loop.Decision, error)
}

// Verdicts keep the answers of the gate.
type Verdicts interface {
	Judge(ctx context.Context, b ledger.Batch) error
	Verdicts(ctx context.Context, f ledger.VerdictFilter) ([]loop.Verdict, error)
	Verdict(ctx context.Context, id string) (loop.Verdict, error)
}

// A Reader looks up what is on record.
type Reader interface {
	Decisions(ctx context.Context, f ledger.DecisionFilter) ([]ledger.Record, error)
	Decision(ctx context.Context, id string) (ledger.Record, error)
	Each(ctx context.Context, fn func(ledger.Record) error) error
	OrderHistory(ctx context.Context, before string, limit int) ([]loop.Order, error)
	SettingHistory(ctx context.Context, actuator string, from, to time.Time) ([]ledger.Point, error)
}

// A Verifier shows that what is on record is what was written.
type Verifier interface {
	Heads(ctx context.Context) ([]ledger.Head, error)
	Verify(ctx context.Context) ([]ledger.Fault, error)
	VerifyFrom(ctx context.Context, remembered []ledger.Head) ([]ledger.Fault, error)
	Beside(ctx context.Context, chain string, seq int64) ([]ledger.Fault, error)
}

// Run runs the contract on ledgers that open makes. Each is empty when it is
// made and closed by open's own t.Cleanup.
func Run(t *testing.T, open func(*testing.T) Ledger) {
	parts := []struct {
		name string
		run  func(*testing.T, Ledger)
	}{
		{"begin", begin}, {"begin twice", beginTwice}, {"begin of another epoch", beginDeposed},
		{"begin refuses", beginRefuses}, {"begin during a stop", beginStopped}, {"lead", lead},
		{"finish", finish}, {"finish refuses", finishRefuses}, {"moves", moves}, {"unfinished", unfinished}, {"lessons", lessons},
		{"orders", orders}, {"orders refused", ordersRefused}, {"adjustments", adjustments}, {"annotations", annotations}, {"stops", stops}, {"pins", pins}, {"trust", trust}, {"order history", orderHistory},
		{"settings", settings}, {"settings refused", settingsRefused}, {"definitions", definitions},
		{"verdicts", verdicts}, {"verdicts twice", verdictsTwice}, {"verdicts refused", verdictsRefused}, {"verdict pages", verdictPages},
		{"slices", slicesKept}, {"slices refused", slicesRefused}, {"extents", extents}, {"sums", sums}, {"pruned", pruned},
		{"decisions", decisions}, {"decision by prefix", decisionByPrefix}, {"each", each}, {"setting history", settingHistory},
		{"verify", verify}, {"canonical", canonical}, {"alerts", alerts},
		{"versions", versions}, {"versions refused", versionsRefused},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) { p.run(t, open(t)) })
	}
}

// at is an instant of the tests' day.
func at(minutes int) time.Time {
	return time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

// Hold is a valid decision that holds, for tests: of actuator "query-timeout"
// at 2, as made in epoch 1.
func Hold(id string, when time.Time) loop.Decision {
	return loop.Decision{
		ID: id, Loop: "protect-checkout", Actuator: "query-timeout", Mode: slo.Act, Verb: loop.Hold, Reason: loop.ReasonAtSetpoint,
		From: 2, Wanted: 2, To: 2, Words: "holds at 2 s", Pulls: []loop.Pull{{Rule: "fast", Objective: "checkout", Wanted: 2, Why: "burn 0.2"}},
		Input: loop.Input{At: when, Policy: "sha256:1f", Term: loop.Term{Epoch: 1}, Current: 2, Evidence: []budget.State{{
			Objective: "checkout", Service: "shop", At: when, Newest: when, Target: slo.NewDecimal(999, 3), Status: budget.OK, Remaining: 0.75,
			Windows: []budget.Window{{Length: time.Hour, Counts: sli.Counts{Good: 999500, Bad: 500, Covered: time.Hour}, Burn: 0.5, Known: true}},
		}}},
	}
}

// Move is a valid decision that moves "query-timeout" from 2 to to.
func Move(id string, when time.Time, to float64) loop.Decision {
	d := Hold(id, when)
	d.Verb, d.Reason, d.To, d.Wanted = loop.Tighten, loop.ReasonBurning, to, to
	if to > d.From {
		d.Verb, d.Reason = loop.Relax, loop.ReasonRecovered
	}
	return d
}

// Order is a valid order of a kind; pins and approvals are for the setting 3.
func Order(id string, when time.Time, kind loop.OrderKind, target string) loop.Order {
	o := loop.Order{ID: id, At: when, Kind: kind, Target: target, By: "ada", Why: "drill"}
	if kind == loop.OrderPin || kind == loop.OrderApprove {
		setting := 3.0
		o.Setting = &setting
	}
	if kind == loop.OrderPin || kind == loop.OrderApprove || kind == loop.OrderOverride {
		o.Until = when.Add(time.Hour)
	}
	return o
}

// Outcome is a valid outcome of a hold.
func Outcome(decision string, when time.Time) loop.Outcome {
	return loop.Outcome{Decision: decision, At: when, ReadBack: 2, Until: when, Ticks: 1}
}

// Carry is the move that carries out a decision.
func Carry(d loop.Decision) loop.Move {
	return loop.Move{Actuator: d.Actuator, Setting: d.To, Term: d.Input.Term, Decision: d.ID, At: d.Input.At}
}

// Query asks for the conditions of an actuator of service "shop", an hour
// back.
func Query(actuator string, now time.Time) loop.ConditionsQuery {
	return loop.ConditionsQuery{Actuator: actuator, Service: "shop", Now: now, Per: time.Hour}
}

// mustLead takes the lead, without which nothing is recorded.
func mustLead(t *testing.T, l Ledger) int64 {
	t.Helper()
	term, err := l.Lead(t.Context())
	check(t, "Lead", err)
	return term.Epoch
}

func mustBegin(t *testing.T, l Ledger, decisions ...loop.Decision) {
	t.Helper()
	for _, d := range decisions {
		check(t, "Begin "+d.ID, l.Begin(t.Context(), d))
	}
}

func mustFinish(t *testing.T, l Ledger, outcomes ...loop.Outcome) {
	t.Helper()
	for _, o := range outcomes {
		check(t, "Finish "+o.Decision, l.Finish(t.Context(), o))
	}
}

func mustGive(t *testing.T, l Ledger, orders ...loop.Order) {
	t.Helper()
	for _, o := range orders {
		check(t, "Give "+o.ID, l.Give(t.Context(), o))
	}
}

func check(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	options := cmp.Options{cmp.Comparer(func(a, b slo.Decimal) bool { return a == b }), cmpopts.EquateEmpty()}
	if d := cmp.Diff(want, got, options...); d != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, d)
	}
}
