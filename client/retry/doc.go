// Package retry keeps retry contracts: how often, and when, the callers of a
// service repeat calls that failed. Setpoint moves the contract by error
// budget; this package enforces it in the process, where a storm of retries
// can be stopped within milliseconds. It uses the standard library only.
//
//	Client.WatchRetry ─► Terms.Follow          the contract in force, or the safe one when the lease ends
//	caller:  http.Client ─► Transport ─► …     attempts, budget, full jitter; says how long it waits
//	service: … ─► Server ─► http.Handler       drops what nobody waits for, refuses retries over budget,
//	                                           sends a herd back spread over time
//
// Where to read: terms.go (contract and budget), transport.go (callers),
// server.go (services), killed.go (work that was killed on purpose).
//
// # Why both sides
//
// Pauses alone do not end a storm of retries: with four attempts each,
// whatever the jitter, a service that was slow for a moment gets three and a
// half calls for each one that anybody wants, and stays down when the cause
// is gone. A budget ends it: of many calls only a share may be repeated. At
// high load that takes long, since the service works through calls whose
// callers have left; so the caller says how long it will wait, and the
// service drops what it cannot begin in time.
//
// # On the wire
//
//	Setpoint-Timeout: 1500    how long the caller waits for this attempt, in ms; times are not compared
//	                          between machines
//	Setpoint-Attempt: 2       sent with repeated calls
//	Setpoint-Retry: no        in an answer: do not repeat this
//	Retry-After: 17           in an answer: not before, in seconds; random within the spread
//
// A caller or a service that does not know these is served as before.
//
// # When Setpoint is gone
//
// Terms keep the contract that was heard last until its lease ends, then the
// safe one of its definition. A process that never heard of any keeps the one
// that NewTerms was given. When Setpoint is back, they follow again.
package retry
