// Package loop decides what to do about budgets and does it, safely.
//
//	Tick(now)
//	  lead      Leadership: who may act, and under which epoch
//	  measure   Source: counts of each new slice ─► budget.Book ─► budget.State of each objective
//	            composites after their components, of whose slices theirs are made
//	  alarms    alerts: which conditions of alert policies hold, since when; kept for the next leader
//	  command   Orders: what people commanded; stops go to the Brake
//	  turn      for each control loop
//	              read back the setting · Conditions · evidence   ─► Input
//	              Decide: each rule asks, the tightest wins, guards may weaken ─► Decision
//	              Ledger.Begin   durable, else it is not done
//	              Actuator.Apply under the Brake ─► read back ─► Ledger.Finish
//	  report    a value; the loop logs nothing and counts nothing itself
//
// # Where to read
//
// types.go has every interface and value on a few screens. decide.go is the
// policy: what wins, and why nothing is relaxed blindly. law_tiers.go and
// law_watermark.go turn evidence into a wish; learn.go says how a base is learned. guard.go is all that can veto
// or shorten a move, one slice of guards in order. alert.go says when somebody is told. turn.go is the order of
// record, act and read back. gate.go answers whether a release may go.
//
// # Groups
//
// An objective may be kept for each value of a label. Which values there are a
// Census finds out by asking the backend; the caller puts the set with their
// objectives in force (Use) when they are others than before.
//
// # What is remembered
//
// Nothing that a restart would miss. The setting is read back from where it
// acts, so the tier that is in force is known from it; the time of the last
// move, orders and approvals are in the ledger; counts are read again from
// the store and, for what was missed, from the metrics backend. A move that
// a crash cut off has its outcome written by the next tick, from what is
// read back then.
//
// # When definitions change
//
// Each version of an objective is on record with the first slice that it
// judges: see versions.go for what becomes of the past.
//
// Use puts other definitions in force between two ticks, whole or not at all.
// What did not change keeps its budget, its last decision and the hold that
// it is in. A loop that is taken away while its actuator is tight leaves the
// actuator to people: it is attended to by a loop named unattended, without
// rules, that wants rest and asks. It records that it holds; approving,
// pinning and a stop with revert move it; nothing else does, however long it
// takes, since no evidence speaks for it. An actuator that is not declared
// any more stays in the report, and a freeze in the gate's answers, until it
// is read at rest. See use.go.
//
// A restart reads sums of what lies far back and slices of the rest, of many
// objectives at once (open.go); all that a tick has for the store goes there in
// one call (keep.go). Slices are kept for 35 days after they have left all
// windows, or for Config.KeepSlices (tidy.go).
//
// # Late samples
//
// A slice is provisional for a while after it was read first (the source's
// settle, 2 min by default): samples may still arrive for it, late or out of
// order. The provisional slices are asked for again together with the new
// one, in one question over the whole stretch, every tick or, where it is
// long, eight times in all; what is not as it was is corrected in the book and
// in the store, and counted. After a restart what was provisional is read
// again. Once settled, a slice that was read live equals one that was read
// afterwards. Each state, and so the evidence of each decision, says from when
// on its slices were provisional. settle.go has all of it.
//
// # When something is down
//
// A metrics backend that is slow or hangs: a tick waits for it a quarter of
// its period, two to five seconds, and goes on without it; its answer is
// counted by the tick after it came. From then on it is not waited for, until
// it was in time. History is never waited for (lanes.go).
//
// The metrics backend: the states say no-data, nothing is relaxed, nothing
// is tightened without evidence. The ledger: every decision is a hold for
// ledger-down, recorded when the ledger is back; budgets go on being kept in
// memory and the gate answers from them, marked degraded. An actuator: its
// loop holds as unreadable, and the others go on. The leader: another
// instance takes the lead under a higher epoch, and what the old one still
// tries to write is refused.
//
// # Holds
//
// Holding is a decision too. A run of equal holds is one row, its first
// decision, and an outcome that says how long it lasted; any change of
// reason, setting, wish, policy or order begins a new row.
package loop
