package loop_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
)

// TestStageOf names every stage, from the record alone.
func TestStageOf(t *testing.T) {
	wish := func(r loop.Reason) loop.Decision {
		return loop.Decision{Verb: loop.Hold, From: 30, Wanted: 2, To: 30, Reason: r}
	}
	move := loop.Decision{Verb: loop.Tighten, From: 30, Wanted: 2, To: 2, Reason: loop.ReasonBurning}
	back := loop.Decision{Verb: loop.Relax, From: 2, Wanted: 30, To: 30, Reason: loop.ReasonRolledBack}
	judged := move
	judged.Predicted = &loop.Prediction{Objective: "fast", Due: noon}
	done, not := loop.Outcome{Applied: true}, loop.Outcome{Error: "no route"}
	found := func(j loop.Judgement) loop.Outcome {
		return loop.Outcome{Applied: true, Effect: &loop.Effect{Judgement: j}}
	}
	for _, c := range []struct {
		want     loop.Stage
		d        loop.Decision
		outcomes []loop.Outcome
	}{
		{loop.StageNone, loop.Decision{Verb: loop.Hold, From: 30, Wanted: 30, To: 30, Reason: loop.ReasonAtSetpoint}, []loop.Outcome{{Ticks: 3}}},
		{loop.StageProposed, wish(loop.ReasonUnapproved), nil}, {loop.StageShadowed, wish(loop.ReasonObserving), nil}, {loop.StageStopped, wish(loop.ReasonStopped), nil},
		{loop.StageBlocked, wish(loop.ReasonForeign), nil}, {loop.StageBlocked, wish(loop.ReasonDeadBand), nil}, {loop.StageBlocked, wish(loop.ReasonLedgerDown), nil},
		{loop.StageQueued, wish(loop.ReasonCooldown), nil}, {loop.StageQueued, wish(loop.ReasonPace), nil}, {loop.StageQueued, wish(loop.ReasonMoves), nil}, {loop.StageQueued, wish(loop.ReasonSettling), nil},
		{loop.StageQueued, wish(loop.ReasonPlant), nil}, {loop.StageQueued, wish(loop.ReasonCanary), nil}, {loop.StageQueued, wish(loop.ReasonRadius), nil}, {loop.StageQueued, wish(loop.ReasonThawing), nil},
		{loop.StageApplying, move, nil}, {loop.StageApplied, move, []loop.Outcome{done}}, {loop.StageFailed, move, []loop.Outcome{not}},
		{loop.StageSettling, judged, []loop.Outcome{done}}, {loop.StageKept, judged, []loop.Outcome{done, found(loop.Kept)}},
		{loop.StageUnclear, judged, []loop.Outcome{done, found(loop.Unclear)}}, {loop.StageRollingBack, judged, []loop.Outcome{done, found(loop.Ineffective)}},
		{loop.StageApplying, back, nil}, {loop.StageRolledBack, back, []loop.Outcome{done}}, {loop.StageRollbackFailed, back, []loop.Outcome{not}},
	} {
		if got := loop.StageOf(c.d, c.outcomes, noon.Add(-time.Second)); got != c.want {
			t.Errorf("%s for %s, %+v: stage %q, want %q", c.d.Verb, c.d.Reason, c.outcomes, got, c.want)
		}
	}
	if got := loop.StageOf(judged, []loop.Outcome{done}, noon); got != loop.StageVerifying {
		t.Errorf("when it is due: stage %q, want %q", got, loop.StageVerifying)
	}
}
