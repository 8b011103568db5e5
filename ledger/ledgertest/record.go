package ledgertest

import (
	"math"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A decision is read back as it was recorded, evidence included.
func begin(t *testing.T, l Ledger) {
	mustLead(t, l)
	want := Move("d1", at(0), 1)
	mustBegin(t, l, want)
	got, err := l.Decision(t.Context(), "d1")
	check(t, "Decision", err)
	diff(t, "decision", got, ledger.Record{Seq: 1, Decision: want})
}

func beginTwice(t *testing.T, l Ledger) {
	mustLead(t, l)
	d := Move("d1", at(0), 1)
	mustBegin(t, l, d, d)
	other := d
	other.Words = "says something else"
	wantErr(t, "Begin of other content", l.Begin(t.Context(), other), ledger.ErrConflict)
	got, err := l.Decisions(t.Context(), ledger.DecisionFilter{})
	check(t, "Decisions", err)
	if len(got) != 1 || got[0].Decision.Words != d.Words {
		t.Errorf("on record: %v, want the first alone", got)
	}
}

func beginDeposed(t *testing.T, l Ledger) {
	d := Hold("d1", at(0))
	wantErr(t, "Begin before anyone leads", l.Begin(t.Context(), d), loop.ErrDeposed)
	epoch := mustLead(t, l)
	d.Input.Epoch = epoch + 1
	wantErr(t, "Begin with an epoch that nobody has", l.Begin(t.Context(), d), loop.ErrDeposed)
	d.Input.Epoch = epoch
	check(t, "Begin with the newest epoch", l.Begin(t.Context(), d))
}

func beginRefuses(t *testing.T, l Ledger) {
	mustLead(t, l)
	tests := map[string]func(*loop.Decision){
		"no ID":                func(d *loop.Decision) { d.ID = "" },
		"no loop":              func(d *loop.Decision) { d.Loop = "" },
		"no actuator":          func(d *loop.Decision) { d.Actuator = "" },
		"no reason":            func(d *loop.Decision) { d.Reason = "" },
		"no mode":              func(d *loop.Decision) { d.Mode = "" },
		"no policy":            func(d *loop.Decision) { d.Input.Policy = "" },
		"no time":              func(d *loop.Decision) { d.Input.At = time.Time{} },
		"epoch 0":              func(d *loop.Decision) { d.Input.Epoch = 0 },
		"unknown verb":         func(d *loop.Decision) { d.Verb = "jump" },
		"unknown mode":         func(d *loop.Decision) { d.Mode = "auto" },
		"move that stays":      func(d *loop.Decision) { d.To = d.From },
		"hold that moves":      func(d *loop.Decision) { d.Verb = loop.Hold },
		"move in observe":      func(d *loop.Decision) { d.Mode = slo.Observe },
		"move while blind":     func(d *loop.Decision) { d.Input.Unreadable = "timeout" },
		"setting not a number": func(d *loop.Decision) { d.To = math.NaN() },
		"infinite wish":        func(d *loop.Decision) { d.Wanted = math.Inf(1) },
	}
	for name, spoil := range tests {
		d := Move("d1", at(0), 1)
		spoil(&d)
		wantErr(t, name, l.Begin(t.Context(), d), ledger.ErrInvalid)
	}
	pinned := Move("d2", at(0), 1)
	pinned.Mode, pinned.Reason = slo.Observe, loop.ReasonPinned
	mustBegin(t, l, pinned) // what a person commanded is done in any mode
}

// A stop that the decision did not know of still holds it up.
func beginStopped(t *testing.T, l Ledger) {
	mustLead(t, l)
	move, walk := Move("d1", at(1), 1), Move("d2", at(1), 3)
	move.Input.Actuator.Service, walk.Input.Actuator.Service = "shop", "shop"
	walk.Reason = loop.ReasonReverting
	stop, revert := Order("o1", at(0), loop.OrderStop, "shop"), Order("o2", at(0), loop.OrderStop, "*")
	revert.Revert = true

	mustGive(t, l, revert)
	wantErr(t, "move", l.Begin(t.Context(), move), loop.ErrStopped)
	mustBegin(t, l, walk, Hold("d3", at(1)))
	mustGive(t, l, stop)
	walk.ID = "d4"
	wantErr(t, "walk to rest during a stop without revert", l.Begin(t.Context(), walk), loop.ErrStopped)
	mustGive(t, l, Order("o3", at(1), loop.OrderResume, "*"), Order("o4", at(1), loop.OrderResume, "shop"))
	mustBegin(t, l, move)
}

func lead(t *testing.T, l Ledger) {
	first := mustLead(t, l)
	if first < 1 {
		t.Errorf("first epoch %d, want at least 1", first)
	}
	if again := mustLead(t, l); again != first {
		t.Errorf("confirmed epoch %d, want %d", again, first)
	}
}

func finish(t *testing.T, l Ledger) {
	mustLead(t, l)
	mustBegin(t, l, Hold("h", at(0)), Move("m", at(10), 1))
	beat := loop.Outcome{Decision: "h", At: at(5), ReadBack: 2, Until: at(5), Ticks: 5}
	end := loop.Outcome{Decision: "h", At: at(10), ReadBack: 2, Until: at(9), Ticks: 9}
	lost := loop.Outcome{Decision: "m", At: at(10), Error: "apply: timeout"}
	found := loop.Outcome{Decision: "m", At: at(11), Applied: true, ReadBack: 1}
	mustFinish(t, l, beat, beat, end, lost, found, found, lost)
	var got []ledger.Record
	check(t, "Each", l.Each(t.Context(), func(r ledger.Record) error {
		got = append(got, r)
		return nil
	}))
	diff(t, "records", got, []ledger.Record{
		{Seq: 1, Decision: Hold("h", at(0)), Outcomes: []loop.Outcome{beat, end}},
		{Seq: 2, Decision: Move("m", at(10), 1), Outcomes: []loop.Outcome{lost, found}},
	})
}

func finishRefuses(t *testing.T, l Ledger) {
	mustLead(t, l)
	mustBegin(t, l, Hold("h", at(0)), Move("m", at(1), 1))
	tests := []struct {
		name string
		o    loop.Outcome
		want error
	}{
		{"no decision", loop.Outcome{At: at(1)}, ledger.ErrInvalid},
		{"no time", loop.Outcome{Decision: "m"}, ledger.ErrInvalid},
		{"unknown decision", loop.Outcome{Decision: "x", At: at(1)}, ledger.ErrNotFound},
		{"hold without span", loop.Outcome{Decision: "h", At: at(1)}, ledger.ErrInvalid},
		{"move with span", loop.Outcome{Decision: "m", At: at(1), Until: at(2), Ticks: 2}, ledger.ErrInvalid},
		{"span without ticks", loop.Outcome{Decision: "h", At: at(1), Until: at(2)}, ledger.ErrInvalid},
		{"ticks without span", loop.Outcome{Decision: "h", At: at(1), Ticks: 2}, ledger.ErrInvalid},
		{"negative ticks", loop.Outcome{Decision: "h", At: at(1), Until: at(2), Ticks: -1}, ledger.ErrInvalid},
		{"hold that applied", loop.Outcome{Decision: "h", At: at(1), Until: at(2), Ticks: 2, Applied: true}, ledger.ErrInvalid},
		{"not a number", loop.Outcome{Decision: "m", At: at(1), ReadBack: math.NaN()}, ledger.ErrInvalid},
	}
	for _, test := range tests {
		wantErr(t, test.name, l.Finish(t.Context(), test.o), test.want)
	}
}

// Moves tell the next decision when the last was and how many tightened.
func moves(t *testing.T, l Ledger) {
	mustLead(t, l)
	other := Move("other", at(50), 1)
	other.Actuator = "freeze"
	mustBegin(t, l, Move("old", at(0), 1), Move("a", at(30), 1), Move("failed", at(40), 1), Move("relaxed", at(45), 3), other, Hold("hold", at(50)))
	mustFinish(t, l,
		loop.Outcome{Decision: "old", At: at(0), Applied: true, ReadBack: 1},
		loop.Outcome{Decision: "a", At: at(31), Applied: true, ReadBack: 1},
		loop.Outcome{Decision: "failed", At: at(41), Error: "no"},
		loop.Outcome{Decision: "relaxed", At: at(46), Applied: true, ReadBack: 3},
		loop.Outcome{Decision: "other", At: at(51), Applied: true, ReadBack: 1},
		loop.Outcome{Decision: "hold", At: at(55), Until: at(54), Ticks: 4})
	got, err := l.Conditions(t.Context(), loop.ConditionsQuery{Actuator: "query-timeout", Now: at(60), Per: time.Hour})
	check(t, "Conditions", err)
	diff(t, "conditions", got, loop.Conditions{LastMove: at(46), Tightened: []time.Time{at(30)}})
	pastMoves(t, l)
	got, err = l.Conditions(t.Context(), loop.ConditionsQuery{Actuator: "unheard-of", Now: at(60), Per: time.Hour})
	check(t, "Conditions", err)
	diff(t, "conditions of an actuator without decisions", got, loop.Conditions{})
}

// The newest moves that were carried out are listed, oldest first, with what
// was found out later about them; that is not when they were made.
func pastMoves(t *testing.T, l Ledger) {
	predicted := loop.Prediction{Objective: "api", Window: time.Minute, Due: at(52), Burn: 4, AtMost: 3}
	effect := loop.Judge(predicted, true, 3.5, nil)
	judged := Move("judged", at(51), 1.25)
	judged.Predicted = &predicted
	mustBegin(t, l, judged)
	mustFinish(t, l, loop.Outcome{Decision: "judged", At: at(51), Applied: true, ReadBack: 1.25}, loop.Outcome{Decision: "judged", At: at(53), Applied: true, ReadBack: 1.25, Effect: &effect})
	wantErr(t, "effect of what is not in force", l.Finish(t.Context(), loop.Outcome{Decision: "failed", At: at(53), Effect: &effect}), ledger.ErrInvalid)
	got, err := l.Conditions(t.Context(), loop.ConditionsQuery{Actuator: "query-timeout", Now: at(60), Per: time.Second, Moves: 2})
	check(t, "Conditions", err)
	diff(t, "moves", got, loop.Conditions{LastMove: at(51), Moves: []loop.Past{
		{ID: "relaxed", At: at(45), From: 2, To: 3, Verb: loop.Relax, Reason: loop.ReasonRecovered},
		{ID: "judged", At: at(51), From: 2, To: 1.25, Verb: loop.Tighten, Reason: loop.ReasonBurning, Predicted: &predicted, Effect: &effect},
	}})
}

// What a loop had learned is that of the newest decision that says so, and is
// told only when it is asked for.
func lessons(t *testing.T, l Ledger) {
	mustLead(t, l)
	older, newer, other := Hold("older", at(1)), Hold("newer", at(2)), Hold("other", at(3))
	older.Input.Learned = &loop.Learned{Base: 24_000, Since: at(0)}
	newer.Input.Learned = &loop.Learned{Base: 20_000, Since: at(1), Parts: []loop.Part{{From: at(0), Took: [][2]int64{{1000, 3}, {19_500, 1}}, Cut: 2}}}
	other.Actuator, other.Input.Learned = "freeze", older.Input.Learned
	mustBegin(t, l, older, newer, Hold("says nothing", at(4)), other)
	for asked, want := range map[bool]*loop.Learned{true: newer.Input.Learned, false: nil} {
		got, err := l.Conditions(t.Context(), loop.ConditionsQuery{Actuator: "query-timeout", Now: at(5), Learned: asked})
		check(t, "Conditions", err)
		diff(t, "what was learned", got.Learned, want)
	}
}

// A move without an outcome is listed, and counts as one that was made.
func unfinished(t *testing.T, l Ledger) {
	mustLead(t, l)
	mustBegin(t, l, Move("m1", at(0), 1), Hold("h", at(1)), Move("m2", at(2), 1.5))
	q := loop.ConditionsQuery{Actuator: "query-timeout", Now: at(3), Per: time.Hour}
	got, err := l.Conditions(t.Context(), q)
	check(t, "Conditions", err)
	diff(t, "conditions", got, loop.Conditions{
		Unfinished: []loop.Begun{{ID: "m1", To: 1}, {ID: "m2", To: 1.5}}, Tightened: []time.Time{at(0), at(2)},
	})
	mustFinish(t, l, loop.Outcome{Decision: "m1", At: at(3), Error: "cut off"}, loop.Outcome{Decision: "m2", At: at(3), Applied: true, ReadBack: 1.5})
	got, err = l.Conditions(t.Context(), q)
	check(t, "Conditions", err)
	diff(t, "conditions after", got, loop.Conditions{LastMove: at(3), Tightened: []time.Time{at(2)}})
}
