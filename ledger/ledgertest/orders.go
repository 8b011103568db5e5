package ledgertest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

func ids(orders []loop.Order) []string {
	var out []string
	for _, o := range orders {
		out = append(out, o.ID)
	}
	return out
}

func orderID(o *loop.Order) string {
	if o == nil {
		return ""
	}
	return o.ID
}

// Orders are in force until they lapse or are ended for the same target.
func orders(t *testing.T, l Ledger) {
	short := Order("short", at(0), loop.OrderFreeze, "shop")
	short.Until = at(30)
	pin := Order("pin", at(4), loop.OrderPin, "query-timeout")
	mustGive(t, l, Order("stop", at(0), loop.OrderStop, "*"), short, Order("long", at(2), loop.OrderFreeze, "shop"),
		Order("other", at(3), loop.OrderFreeze, "search"), pin, Order("ok", at(5), loop.OrderApprove, "query-timeout"))
	mustGive(t, l, pin) // a second time does nothing
	inForce := func(what string, minutes int, want ...string) {
		t.Helper()
		got, err := l.Orders(t.Context(), at(minutes))
		check(t, "Orders", err)
		diff(t, what, ids(got), want)
	}
	inForce("all", 6, "stop", "short", "long", "other", "pin", "ok")
	inForce("at the instant of lapsing", 30, "stop", "long", "other", "pin", "ok")
	inForce("a pin and an approval lapse", 65, "stop", "long", "other")
	mustGive(t, l, Order("resume", at(7), loop.OrderResume, "query-timeout"), Order("thaw", at(7), loop.OrderThaw, "shop"))
	inForce("only the counterpart for the same target ends", 8, "stop", "other", "pin", "ok")
	mustGive(t, l, Order("resume all", at(9), loop.OrderResume, "*"), Order("unpin", at(9), loop.OrderUnpin, "query-timeout"), Order("again", at(10), loop.OrderFreeze, "shop"))
	inForce("ordered anew", 11, "other", "ok", "again")
	got, err := l.Orders(t.Context(), at(11))
	check(t, "Orders", err)
	diff(t, "content", got[1], Order("ok", at(5), loop.OrderApprove, "query-timeout"))
	let := Order("let", at(11), loop.OrderOverride, "shop")
	let.Release, let.Ticket = "v2", "OPS-1"
	mustGive(t, l, let, Order("let too", at(12), loop.OrderOverride, "shop"))
	inForce("overrides", 13, "other", "ok", "again", "let", "let too")
	mustGive(t, l, Order("revoke", at(14), loop.OrderRevoke, "shop"))
	inForce("one revocation ends them all", 15, "other", "ok", "again")
}

// Adjustments are in force by their names, until each is ended.
func adjustments(t *testing.T, l Ledger) {
	adjust := func(id, name string) loop.Order {
		o := Order(id, at(1), loop.OrderAdjust, name)
		o.Adjust = &loop.Adjusted{Objective: "checkout", From: at(-90), To: at(-60), Effect: slo.Correct, Counts: slo.Corrected{Good: 7, Bad: 1}, Category: "measurement"}
		return o
	}
	mustGive(t, l, adjust("a", "probe"), adjust("b", "logs"), adjust("a", "probe"))
	got, err := l.Orders(t.Context(), at(100_000))
	check(t, "Orders", err)
	diff(t, "in force", got, []loop.Order{adjust("a", "probe"), adjust("b", "logs")})
	mustGive(t, l, Order("c", at(2), loop.OrderUnadjust, "probe"))
	got, err = l.Orders(t.Context(), at(3))
	check(t, "Orders", err)
	diff(t, "after one was ended", ids(got), []string{"b"})
	mustGive(t, l, adjust("d", "probe"))
	got, err = l.Orders(t.Context(), at(3))
	check(t, "Orders", err)
	diff(t, "given again", ids(got), []string{"b", "d"})
	for name, spoil := range map[string]func(*loop.Order){
		"nothing said":         func(o *loop.Order) { o.Adjust = nil },
		"no objective":         func(o *loop.Order) { o.Adjust.Objective = "" },
		"no time":              func(o *loop.Order) { o.Adjust.To = o.Adjust.From },
		"no effect":            func(o *loop.Order) { o.Adjust.Effect = "" },
		"with an end":          func(o *loop.Order) { o.Until = at(9) },
		"of everything":        func(o *loop.Order) { o.Target = "*" },
		"said by another kind": func(o *loop.Order) { o.Kind = loop.OrderUnadjust },
	} {
		o := adjust("e", "probe")
		spoil(&o)
		wantErr(t, name, l.Give(t.Context(), o), ledger.ErrInvalid)
	}
}

// Annotations are kept, and are never in force.
func annotations(t *testing.T, l Ledger) {
	note := Order("n", at(1), loop.OrderAnnotate, "shop")
	note.Note = &loop.Noted{From: at(-90), To: at(-60)}
	instant := Order("i", at(2), loop.OrderAnnotate, "*")
	instant.Note = &loop.Noted{From: at(-5)}
	mustGive(t, l, note, instant, note)
	inForce, err := l.Orders(t.Context(), at(3))
	check(t, "Orders", err)
	diff(t, "in force", ids(inForce), ids(nil))
	all, err := l.OrderHistory(t.Context(), "", 9)
	check(t, "OrderHistory", err)
	diff(t, "on record", all, []loop.Order{instant, note})
	for name, spoil := range map[string]func(*loop.Order){
		"no time":        func(o *loop.Order) { o.Note = nil },
		"no beginning":   func(o *loop.Order) { o.Note = &loop.Noted{} },
		"backwards":      func(o *loop.Order) { o.Note = &loop.Noted{From: at(2), To: at(1)} },
		"with an end":    func(o *loop.Order) { o.Until = at(9) },
		"by a freeze":    func(o *loop.Order) { o.Kind = loop.OrderFreeze },
		"of nothing":     func(o *loop.Order) { o.Target = "" },
		"with a setting": func(o *loop.Order) { o.Setting = new(float64) },
	} {
		o := note
		o.ID = "x"
		spoil(&o)
		wantErr(t, name, l.Give(t.Context(), o), ledger.ErrInvalid)
	}
}

func ordersRefused(t *testing.T, l Ledger) {
	nan := math.NaN()
	tests := map[string]func(*loop.Order){
		"no ID":                   func(o *loop.Order) { o.ID = "" },
		"no time":                 func(o *loop.Order) { o.At = at(0).AddDate(-2100, 0, 0) },
		"no target":               func(o *loop.Order) { o.Target = "" },
		"nobody":                  func(o *loop.Order) { o.By = " " },
		"no reason":               func(o *loop.Order) { o.Why = "\t" },
		"unknown kind":            func(o *loop.Order) { o.Kind = "panic" },
		"no kind":                 func(o *loop.Order) { o.Kind = "" },
		"lapses at once":          func(o *loop.Order) { o.Until = o.At },
		"pin of nothing":          func(o *loop.Order) { o.Setting = nil },
		"pin at NaN":              func(o *loop.Order) { o.Setting = &nan },
		"pin of everything":       func(o *loop.Order) { o.Target = "*" },
		"override without an end": func(o *loop.Order) { o.Kind, o.Setting, o.Until = loop.OrderOverride, nil, time.Time{} },
		"override of everything": func(o *loop.Order) {
			o.Kind, o.Setting, o.Target, o.Until = loop.OrderOverride, nil, "*", o.At.Add(time.Hour)
		},
		"revoke with an end":         func(o *loop.Order) { o.Kind, o.Setting, o.Until = loop.OrderRevoke, nil, o.At.Add(time.Hour) },
		"stop that breaks glass":     func(o *loop.Order) { o.Kind, o.Setting, o.Glass = loop.OrderStop, nil, &loop.Glass{Nth: 1, Per: 1} },
		"pin of a release":           func(o *loop.Order) { o.Release = "v2" },
		"glass counted over no time": func(o *loop.Order) { o.Glass = &loop.Glass{Nth: 1} },
		"freeze with a ticket":       func(o *loop.Order) { o.Kind, o.Setting, o.Ticket = loop.OrderFreeze, nil, "OPS-1" },
		"unpin of everything": func(o *loop.Order) {
			o.Kind, o.Setting, o.Target, o.Until = loop.OrderUnpin, nil, "*", time.Time{}
		},
		"promotion of everything": func(o *loop.Order) {
			o.Kind, o.Setting, o.Target, o.Until = loop.OrderPromote, nil, "*", time.Time{}
		},
		"demotion with an end":     func(o *loop.Order) { o.Kind, o.Setting = loop.OrderDemote, nil },
		"pin without an end":       func(o *loop.Order) { o.Until = time.Time{} },
		"stop at a setting":        func(o *loop.Order) { o.Kind = loop.OrderStop },
		"pin that reverts":         func(o *loop.Order) { o.Revert = true },
		"approval without end":     func(o *loop.Order) { o.Kind, o.Until = loop.OrderApprove, time.Time{} },
		"resume that lapses":       func(o *loop.Order) { o.Kind, o.Setting, o.Until = loop.OrderResume, nil, at(9) },
		"thaw with a setting":      func(o *loop.Order) { o.Kind = loop.OrderThaw },
		"ID longer than 200 bytes": func(o *loop.Order) { o.ID = fmt.Sprintf("%0201d", 1) },
	}
	for name, spoil := range tests {
		o := Order("o1", at(0), loop.OrderPin, "query-timeout")
		spoil(&o)
		wantErr(t, name, l.Give(t.Context(), o), ledger.ErrInvalid)
	}
	mustGive(t, l, Order("o1", at(0), loop.OrderPin, "query-timeout"))
	mustGive(t, l, Order("o1", at(1), loop.OrderPin, "query-timeout")) // sent again, taken later: the same order
	if all, err := l.OrderHistory(t.Context(), "", 10); err != nil || len(all) != 1 || !all[0].At.Equal(at(0)) {
		t.Errorf("on record: %v, %v; want the order as it was taken first", all, err)
	}
	other := Order("o1", at(0), loop.OrderPin, "query-timeout")
	other.Why = "another"
	wantErr(t, "other content", l.Give(t.Context(), other), ledger.ErrConflict)
}

// A stop covers by "*", actuator and service; one without revert goes first.
func stops(t *testing.T, l Ledger) {
	q := loop.ConditionsQuery{Actuator: "query-timeout", Service: "shop", Now: at(10)}
	want := func(what, id string) {
		t.Helper()
		c, err := l.Conditions(t.Context(), q)
		check(t, "Conditions", err)
		if got := orderID(c.Stop); got != id {
			t.Errorf("%s: stop %q, want %q", what, got, id)
		}
	}
	revert := func(o loop.Order) loop.Order {
		o.Revert = true
		return o
	}
	mustGive(t, l, Order("elsewhere", at(0), loop.OrderStop, "search"))
	want("of another service", "")
	mustGive(t, l, revert(Order("everything", at(0), loop.OrderStop, "*")))
	want("of everything", "everything")
	mustGive(t, l, revert(Order("service", at(1), loop.OrderStop, "shop")))
	want("the newest of two", "service")
	mustGive(t, l, Order("actuator", at(2), loop.OrderStop, "query-timeout"), revert(Order("newer", at(3), loop.OrderStop, "*")))
	want("without revert first", "actuator")
	mustGive(t, l, Order("r", at(4), loop.OrderResume, "query-timeout"))
	want("after its end", "newer")
	mustGive(t, l, Order("r2", at(5), loop.OrderResume, "*"), Order("r3", at(5), loop.OrderResume, "shop"))
	want("after all ended", "")
	future := Order("skewed", at(60), loop.OrderStop, "*") // given by a faster clock: in force at once
	mustGive(t, l, future)
	want("from the future", "skewed")
}

func pins(t *testing.T, l Ledger) {
	want := func(what, service, freeze, pin, approval string) {
		t.Helper()
		c, err := l.Conditions(t.Context(), loop.ConditionsQuery{Actuator: "query-timeout", Service: service, Now: at(10)})
		check(t, "Conditions", err)
		if orderID(c.Freeze) != freeze || orderID(c.Pin) != pin || orderID(c.Approval) != approval {
			t.Errorf("%s: freeze %q, pin %q, approval %q, want %q, %q, %q", what, orderID(c.Freeze), orderID(c.Pin), orderID(c.Approval), freeze, pin, approval)
		}
	}
	mustGive(t, l, Order("ok", at(0), loop.OrderApprove, "query-timeout"), Order("not mine", at(0), loop.OrderPin, "freeze"))
	want("approval", "shop", "", "", "ok")
	mustGive(t, l, Order("freeze", at(1), loop.OrderFreeze, "shop"))
	want("freeze of the service", "shop", "freeze", "", "ok")
	want("freeze of another service", "", "", "", "ok")
	mustGive(t, l, Order("pin", at(2), loop.OrderPin, "query-timeout"), Order("frozen again", at(3), loop.OrderFreeze, "shop"))
	want("a pin hides no freeze", "shop", "frozen again", "pin", "ok")
	lapsing := Order("brief", at(4), loop.OrderPin, "query-timeout")
	lapsing.Until = at(9)
	mustGive(t, l, lapsing)
	want("what a lapsed pin covered is back", "shop", "frozen again", "pin", "ok")
	mustGive(t, l, Order("unpin", at(5), loop.OrderUnpin, "query-timeout"))
	want("unpinned", "shop", "frozen again", "", "ok")
	mustGive(t, l, Order("thaw", at(6), loop.OrderThaw, "shop"))
	want("thawed", "shop", "", "", "ok")
}

// Promotions and demotions end each other; the newer one is in force.
func trust(t *testing.T, l Ledger) {
	want := func(what, promotion, demotion string) {
		t.Helper()
		c, err := l.Conditions(t.Context(), loop.ConditionsQuery{Actuator: "query-timeout", Service: "shop", Now: at(10)})
		check(t, "Conditions", err)
		if orderID(c.Promotion) != promotion || orderID(c.Demotion) != demotion {
			t.Errorf("%s: promotion %q, demotion %q, want %q, %q", what, orderID(c.Promotion), orderID(c.Demotion), promotion, demotion)
		}
	}
	want("at first", "", "")
	mustGive(t, l, Order("not mine", at(0), loop.OrderDemote, "freeze"), Order("down", at(0), loop.OrderDemote, "query-timeout"))
	want("demoted", "", "down")
	mustGive(t, l, Order("up", at(1), loop.OrderPromote, "query-timeout"))
	want("promoted", "up", "")
	mustGive(t, l, Order("down again", at(2), loop.OrderDemote, "query-timeout"))
	want("demoted again", "", "down again")
}

func orderHistory(t *testing.T, l Ledger) {
	for i := range 5 {
		mustGive(t, l, Order(fmt.Sprintf("o%d", i), at(i), loop.OrderFreeze, "shop"))
	}
	tests := []struct {
		before string
		limit  int
		want   []string
	}{
		{"", 0, []string{"o4", "o3", "o2", "o1", "o0"}},
		{"", 2, []string{"o4", "o3"}},
		{"o3", 2, []string{"o2", "o1"}},
		{"o0", 2, nil},
	}
	for _, test := range tests {
		got, err := l.OrderHistory(t.Context(), test.before, test.limit)
		check(t, "OrderHistory", err)
		diff(t, fmt.Sprintf("history before %q", test.before), ids(got), test.want)
	}
	_, err := l.OrderHistory(t.Context(), "nowhere", 2)
	wantErr(t, "OrderHistory before an unknown order", err, ledger.ErrNotFound)
}
