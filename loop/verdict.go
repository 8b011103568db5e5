package loop

import (
	"slices"

	"setpoint.dev/setpoint/slo"
)

// A Verdict is an answer of the gate as it goes on record, before it is
// given.
type Verdict struct {
	ID      string     `json:"id,omitempty"`      // given by the ledger
	Tool    string     `json:"tool"`              // in whose words it was asked: api, flagger, argo, …
	Repeats int        `json:"repeats,omitempty"` // how often the same answer was given to the same question since it was last recorded
	Answer  GateAnswer `json:"answer"`
}

// Binds reports whether an allowed release stays allowed: the gate is bound
// to the older answer, and the newer one denies for the sake of budgets,
// actuators and other releases only. What a person orders and what cannot be seen ends it.
func Binds(old, now GateAnswer) bool {
	if old.Verdict != slo.Allow || old.overridden() || now.At.Before(old.At) || !now.At.Before(old.BoundUntil) {
		return false
	}
	passing := []string{
		GateBudget, GateBurn, GateCaution, GateThawing, GateRestricted, GateFreeze,
		GateDependency, GateTooSoon, GatePace, GateRisk, GateOverrideWaits,
	}
	return !slices.ContainsFunc(now.Reasons, func(r GateReason) bool {
		return r.Verdict != slo.Allow && !slices.Contains(passing, r.Code)
	})
}

// overridden reports whether people let it go, past what the gate says.
func (a GateAnswer) overridden() bool {
	return slices.ContainsFunc(a.Reasons, func(r GateReason) bool { return r.Code == GateOverridden })
}
