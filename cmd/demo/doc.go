// Command demo shows Setpoint's whole job on a small real system: an online shop whose checkout
// is starved by runaway reports, once with the loop observing and once with the loop acting.
//
//	demo [-duration 120s]     the story: everything is started, told in plain lines, and compared
//	demo shop [flags]         one shop, as a process of its own (the story starts two)
//
// # The shop
//
// A shop has eight workers. A checkout and a report each need one for as long as they run, so a
// few long reports leave no worker for checkouts:
//
//	POST /checkout  ─┐               ┌─ role checkout: pool of 8 sessions, three small statements
//	                 ├─► 8 workers ──┤
//	GET  /report    ─┘               └─ role reports: a new session for each report
//
// The two paths are two roles because Postgres keeps limits by role: `ALTER ROLE reports SET
// statement_timeout` can tighten reports and leave checkouts alone, and pg_stat_activity shows
// which statements are reports (usename and application_name are both "reports"). A role's setting
// reaches new sessions only; reporting tools connect, ask and disconnect, and so does this one,
// which is why a tightened setting counts from the next report on. Reports that run already are
// ended by pg_cancel_backend. A cancelled report (SQLSTATE 57014) is not tried again.
//
// Checkouts are good when they are answered within 250 ms, the wait for a worker included; one that
// has waited 2 s gives up. A report gives up after 5 s without a worker, and is of use when it is
// answered within 10 s of being asked for: nobody waits longer. One that finishes later is "late": it
// held a worker, and helped nobody. Like most reporting tools this one does not stop a statement
// whose reader has gone. A second is bad when more than a tenth of its checkouts are.
//
// The load (schedule.go) is open-loop, comes over HTTP on loopback, and is fixed by its seed: two
// shops with one seed get the same requests at the same moments. truth.go keeps what the customers
// saw, second by second, apart from the metrics that Setpoint reads, so that the two can be compared.
//
// # When something is down
//
// Without Postgres a shop answers 503 and goes on; requests are bounded in time, so the number in
// flight is bounded too.
package main
