// Package plant has models of what loops act on, so that a loop can be closed
// and tried where nothing can break.
//
//	Config ─► NewWorkers ─► Advance(to) ─► Truth          an arm without a loop: off, or a static limit
//	                │ ▲
//	         Counts ▼ │ Limits                              Close: loop.Tick over the model, at model time
//	            loop.Loop ─► setting
//
// A model is a discrete-event simulation: no clock, no goroutines, no
// randomness but that of its seed. What is asked of it, and when, is drawn
// before it runs, so that arms of one seed are asked the same things at the
// same moments, whatever became of what was asked before.
//
// # Workers
//
// Eight workers with one queue in front serve customers, who are quick and
// impatient, and reports, which are long and few. A worker is held for as long
// as a request runs, so a few runaway reports leave none for customers. The
// figures are those of the demo's shop (cmd/demo):
//
//	customers   60 a second, 5 ms each; good when answered within 250 ms, gone after 2 s in the queue
//	reports     0.9 a second, lognormal with a median of 1 s; gone after 5 s in the queue;
//	            useful when answered within 10 s of being asked for
//	runaways    a fault: 2.2 reports a second, 45 % of them of 10 to 25 s
//
// Limits are what the query timeout actuator does to it: a statement_timeout
// that a statement gets when it starts, and a reaper that cancels the oldest
// reports while too many run.
//
// # What it leaves out
//
// Counts are exact at any moment: scrapes are not modelled, only the delay of
// the source is. A worker is a slot, not a CPU: requests do not slow each
// other down while they run. A cancelled report goes at once. Orderings of
// arms carry over to a real PostgreSQL (measured: see docs/backtest.md);
// figures do not.
package plant
