// Package ledger remembers: what was decided and on which evidence, how it
// went, what people ordered, who led, which policies were in force, and the
// counts that budgets are made of. It implements loop.Records twice: Postgres
// keeps it in a database, Memory for the length of a process. One conformance
// suite (ledgertest) runs on both.
//
//	Begin ─► heads locked ─► epoch newest? ID new? no stop? ─► row + hash ─► COMMIT ─► act ─► Finish
//
// Where to read: append.go (what is written, and what is refused), read.go
// (what is looked up), chain.go (how rows hang together), verify.go (how one
// finds out that they do not), lead.go (who leads), watch.go (what others put on record), check.go (the invariants
// in words) beside ../migrations (the same in SQL), errors.go (what an error
// means), grant.go (who may), export.go (tables for others), sendings.go (reports that are sent), verdicts.go, clerk.go and spool.go (answers of the gate), prune.go and prunings.go (what is dropped of them), memory.go, store.go (slices), migrate.go.
//
// # Contracts
//
// Record, then act. When Begin returns nil the decision is committed, and
// COMMIT waited for the disk. When it returns an error the decision must not
// be carried out, even if it may be on record: it then shows up among the
// unfinished moves of Conditions, and the loop concludes it.
//
// Every write may be made twice. The same ID with the same content does
// nothing; with other content it is ErrConflict. So a caller that does not
// know whether a COMMIT arrived asks again, and the ledger itself does so once
// when it lost a connection. A hold is the same hold under a later epoch.
//
// One leader. Lead holds an advisory lock in a session of its own and raises
// the epoch when it takes it. A leader that dies frees the lock at once; one
// that freezes is cut off by the server after the lease. Begin and PutSetting
// refuse every term but the newest (loop.ErrDeposed), in the transaction that
// writes, and a takeover waits for the writes under way: no decision of the
// old leader comes after the first of the new one. Beside the epoch a term has
// the timeline of the database, which rises when a standby is promoted: the
// leader of an old primary that lives on may have the epoch of the new leader,
// and is refused all the same, here and at targets. Finish is open to all, for
// what happened must be told. An epoch is a number that rises; nothing else
// may be read from it. The lease needs a session, so the address must not
// lead through a pooler that shares them. A leader whose loop hangs while the
// process lives keeps the lead.
//
// A stop is obeyed at the record. Begin refuses a move while a stop is in
// force that covers its actuator, whatever the decision knew, and Give of a
// stop waits for decisions being recorded. The service of an actuator is
// taken from Input.Actuator, which is not on record.
//
// Orders are in force from their record on, not from their At on, until they
// lapse or the counterpart for the very same target is on record: resuming
// "*" does not end a stop of "checkout". Of several that cover an actuator
// the newest counts, a stop without revert before one with it, a pin of the
// actuator before a freeze of its service.
//
// Verdicts, the answers of the gate, are committed before they are given. A
// Clerk lets those that wait at the same time share a transaction and a row;
// their IDs name the row and the place in it. While the database is out of
// reach, or a commit takes longer than a quarter of a second, the batch is
// written to a spool on the disk (fsync) and answered as such; it goes to the
// database in order when that is back, and the ID of the batch makes it one
// row even if the first commit did arrive. One process spools in a folder.
//
// A Watch listens for what other instances put on record (triggers of the
// chains NOTIFY), over a session of its own. When that was lost, or nothing was
// heard for half a second, it has all read anew: nobody relies on a
// notification to arrive.
//
// Tokens are known by the SHA-256 of their secret (tokens.go). A Keyring
// (keyring.go) knows them in memory, learns of new and revoked ones every
// 2 s, and is believed for 15 minutes without the database.
//
// Nothing is changed, and nothing but old verdicts is dropped. The chains (decisions, deploys, outcomes, orders,
// definitions, leadership, prunings, sendings, settings, tokens, verdicts, versions) are insert-only: triggers refuse UPDATE,
// DELETE and TRUNCATE, and any row that does not continue its chain. A row is
// its body, the JSON of the loop's type with times in UTC microseconds, and
// copies of some of its fields as columns for querying. Its hash is
//
//	SHA-256(chain "\n" number "\n" hex of the hash before "\n" body)
//
// and the table heads holds the end of each chain. Verify walks the chains
// and names each row whose body, columns or place are not as written, and
// rows that are gone, by the numbers, by the heads, and by what other tables
// say of them. Who can rewrite everything up to the end of all chains is only
// found out by a head that was kept elsewhere: Heads, VerifyFrom.
//
// Verdicts lie in parts of 100,000 rows; room is made ahead by whoever adds
// every thousandth row. A pruning names the row up to which they are dropped,
// and holds a signed checkpoint that found the end of the chain just there; it
// is committed first. Then parts are dropped and rows deleted, the lowest
// numbers first, so that what is left is always an end of the chain: Verify
// holds it against the hash that the pruning names, however far the dropping
// came. The database refuses to delete a row that no pruning names. An ID is
// looked for in the part that is added to and in the last 1,000 rows; an instance
// that does not know the end of the chain looks in all of them.
//
// Slices are counts, no chain: reading again replaces them. Counts are whole
// thousandths, starts and coverage are kept in whole milliseconds. A row holds
// the slices of one objective and one hour, packed, four or five bytes each
// (pack.go); a slice is appended to it, and the last one of a start counts. Days
// that are over are added up, as a whole and by the hour (sums.go), so that a
// restart reads thirty sums of a window of thirty days and only the hours at its
// ends, and of these the slices; a slice that changes after that has its day
// added up anew. What no window looks back on any more is dropped by days.
//
// One-minute slices of 6,000 events take 9.8 KB for an objective and day, with
// sums and indexes (BenchmarkRestart).
//
// # When the database is down
//
// Every call has a deadline: the caller's, or 5 s. A server that refuses
// fails it at once, a server that hangs at the deadline; both are ErrDown,
// which tells an outage from a refusal. ErrDown also stands for full disks
// and read-only servers: nothing can be recorded, so nothing may be done.
// Nothing has to be restarted when the server is back; a leader whose session
// broke gets a higher epoch. A ledger can be opened before its database is
// there: it is migrated by the first call that reaches it.
//
// A role that does not own the ledger can serve with it (Grant): it inserts
// and reads, and can neither change a row nor switch a trigger off. Checkpoints
// (checkpoint.go) are signed ends of the chains, to be kept elsewhere.
//
// Migrations run forward only, under a lock, one transaction a file. A
// database that a newer program migrated is refused (ErrSchema), also when that
// comes while this one runs (newer.go): an older one would misread it.
//
// No error holds any part of the database's address.
package ledger
