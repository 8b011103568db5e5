// Package actuators carries out what the loop decides: one file a kind, chosen by New.
//
//	loop ─► Apply(move) ─► Kept          ─► Settings (the ledger): the gate reads a freeze there,
//	                    │                   callers pull retry contracts
//	                    └► QueryTimeout  ─► target database: the role's statement_timeout, fenced
//	     ─► Read        ◄─ read back from the same places
//	                          │ confirms setting and lease
//	                          ▼
//	                        Reaper, every 0.5 s ─► pg_stat_activity ─► choose ─► held? ─► pg_cancel_backend
//
// Where to read: actuators.go (the kinds), kept.go, timeout.go (Read and Apply), reaper.go (local
// enforcement), watermark.go (which statements go), target.go (all SQL), rights.go (what the
// connection must be allowed).
//
// # Enforce locally, tune centrally
//
// A loop that ticks every five to sixty seconds cannot stop a pool from being eaten in one, and
// whatever can, beside the database, does not know the error budget. So the Reaper enforces: many
// times a minute it counts the running statements of one class (one login role in one database; classes.go narrows it) and,
// only while they hold more than High of the workers, cancels the oldest ones, down to Low. The
// loop tunes: the setting is the floor, the age below which no statement is ever cancelled. A budget
// that burns lowers the floor, a budget that recovers raises it. Cancelling by need and not by
// age is what lets long statements live while there is room for them.
//
// The same setting is also written as the role's statement_timeout in that database, if RoleDefault is
// declared: `ALTER ROLE r IN DATABASE d SET statement_timeout`. It outlives Setpoint and reaches new
// sessions only; it wins over a default of the role or of the database alone, and does not
// touch the role's work in other databases. The role may undo it within a session; it cannot undo
// the Reaper.
//
// At rest the law is the same: the floor is the rest value, which statement_timeout enforces for all who
// did not undo it, so the Reaper finds work only in those who did, and only above High. Whoever takes an
// actuator out of the definitions brings it to rest first: what it set stays.
//
// # What is never cancelled
//
// Statements of other roles or other databases, of superusers, of Setpoint itself; idle sessions;
// anything that is not a client's (autovacuum, replication, base backups, parallel workers);
// pg_dump and its like; every statement that does not begin with SELECT, WITH, VALUES, TABLE, INSERT,
// UPDATE, DELETE, MERGE, EXECUTE or FETCH; and statements of a session that holds or
// awaits a table lock that reading and writing rows does not take, which is how migrations look
// from inside. They count as running all the same: they hold workers.
//
// # Fencing
//
// Beside the timeout Apply keeps the move that set it (actuator, fence, decision, time) as the custom
// setting "setpoint.move" of the same role in the same database. One transaction under
// an advisory lock reads it, refuses one with an older loop.Fence with loop.ErrDeposed, and writes both. Each cancel
// compares it again: a reaper whose process slept through a change of leader cancels nothing by
// a floor that was replaced since.
//
// A ledger begun anew counts epochs from 1, and is refused by stamps of the old one until a person
// removes them, or until its database has a higher timeline: ALTER ROLE r IN DATABASE d RESET "setpoint.move".
//
// # Rights of the connection
//
// A superuser may do all of it. The least that does, on PostgreSQL 15, the oldest that is supported:
//
//	CREATE ROLE setpoint LOGIN CREATEROLE PASSWORD '…';              set defaults of the role
//	GRANT pg_read_all_stats TO setpoint;                             see its statements
//	GRANT pg_signal_backend TO setpoint;                             cancel them
//	GRANT SET ON PARAMETER "setpoint.move" TO setpoint;              keep the fence
//
// and, from PostgreSQL 16 on, where CREATEROLE covers only roles it administers, for each role
//
//	GRANT reports TO setpoint WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
//
// None of them lets Setpoint read or write a table. Check says which are missing. The role itself
// can neither forge nor remove the fence. The connection goes to the server, not through a transaction
// pooler.
//
// # When something is down
//
//	Setpoint      the role's statement_timeout stays; nothing is cancelled; the next start reads both back
//	the loop      (no Read or Apply for the lease of the actuator): the Reaper's floor falls back
//	              to the declared safe setting, which is rest unless one is declared
//	the ledger    Kept reads and applies nothing; the Reaper goes on enforcing the setting that is on
//	              record and read back, and returns to the safe setting when its lease ends: enforcing is not deciding
//	the target    Read, Apply and Once return errors; the Reaper backs off to 5 s and recovers by itself
//	a right       Check names each missing one with the GRANT that gives it
//
// A person who sets the timeout by hand is not overruled unnoticed: Read returns what is in force, which
// is then not what was applied last.
package actuators
