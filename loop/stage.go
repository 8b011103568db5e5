package loop

import "time"

// A Stage names how far a move has come, as the record has it:
//
//	proposed ─► queued ─► applying ─► applied ─► settling ─► verifying ─► kept
//	   │           │          │                                  └─► rolling-back ─► rolled-back
//	   │           │          └─► failed                             └─► rollback-failed
//	   └─► shadowed, stopped, blocked: a hold that wanted to move
//
// It is not kept beside the record, where it could differ from it: StageOf
// makes it of the decision, its outcomes and the time. What a crash left as
// applying is read back by the next tick, and is applied or failed then.
type Stage string

// The stages.
const (
	StageNone           Stage = ""                // nothing was wanted
	StageProposed       Stage = "proposed"        // waits for a person's consent
	StageShadowed       Stage = "shadowed"        // the loop only observes
	StageStopped        Stage = "stopped"         // an emergency stop is in force
	StageBlocked        Stage = "blocked"         // is not made: the reason says why
	StageQueued         Stage = "queued"          // is made as soon as its pace allows
	StageApplying       Stage = "applying"        // on record, and what became of it is not
	StageApplied        Stage = "applied"         // in force, as read back; nothing is predicted of it
	StageFailed         Stage = "failed"          // was made and is not in force
	StageSettling       Stage = "settling"        // in force, and has not shown yet what it does
	StageVerifying      Stage = "verifying"       // is to be judged
	StageKept           Stage = "kept"            // did what was predicted
	StageUnclear        Stage = "unclear"         // it cannot be told what it did; it stays with the rules
	StageRollingBack    Stage = "rolling-back"    // did not help, and is taken back
	StageRolledBack     Stage = "rolled-back"     // takes back a move that did not help
	StageRollbackFailed Stage = "rollback-failed" // and is not in force
)

// StageOf is how far a decision on record has come at a time. It is pure.
func StageOf(d Decision, outcomes []Outcome, at time.Time) Stage {
	switch {
	case d.Verb == Hold && d.Wanted == d.From:
		return StageNone
	case d.Verb == Hold:
		return heldBack(d.Reason)
	case len(outcomes) == 0:
		return StageApplying
	case d.Reason == ReasonRolledBack && outcomes[0].Applied:
		return StageRolledBack
	case d.Reason == ReasonRolledBack:
		return StageRollbackFailed
	case !outcomes[0].Applied:
		return StageFailed
	}
	for _, o := range outcomes {
		if o.Effect != nil {
			return judged(o.Effect.Judgement)
		}
	}
	switch {
	case d.Predicted == nil:
		return StageApplied
	case at.Before(d.Predicted.Due):
		return StageSettling
	}
	return StageVerifying
}

// heldBack is how far a move has come that was held back.
func heldBack(r Reason) Stage {
	switch r {
	case ReasonUnapproved:
		return StageProposed
	case ReasonObserving:
		return StageShadowed
	case ReasonStopped:
		return StageStopped
	case ReasonCooldown, ReasonPace, ReasonMoves, ReasonSettling, ReasonPlant, ReasonCanary, ReasonRadius, ReasonThawing:
		return StageQueued
	}
	return StageBlocked
}

func judged(j Judgement) Stage {
	switch j {
	case Kept:
		return StageKept
	case Ineffective:
		return StageRollingBack
	}
	return StageUnclear
}
