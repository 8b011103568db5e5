// Package quota enforces tenant quotas in front of a service. Setpoint moves
// the watermark by error budget; the gate decides call by call, from memory.
// It uses the standard library only.
//
//	Client.Watch ─► Gate.Follow        the watermark in force, or the safe one when its lease ends
//	Client.Lease ─► Gate.Granted       this gate's part of the capacity, or its declared part when the lease ends
//	… ─► Gate.Handler ─► http.Handler  Admit: guaranteed, else borrowed below the watermark, else 429
//
// Where to read: admit.go (the law), gate.go (what it goes by), run.go
// (following Setpoint).
//
// # The law
//
// A quota is in calls under way at once, so that a call that takes ten times
// as long costs ten times as much. Within its guarantee a tenant always gets
// through. Beyond it the tenant borrows: while fewer calls than the watermark
// are under way in all, and up to its ceiling. When three quarters of what
// can be used are in use, each borrower gets its part by weight. Nobody is
// interrupted; what was borrowed comes back when calls end.
//
// # Several gates
//
// Each has a lease of a part of the capacity, by what it could use, and counts
// guarantees, ceilings and watermark by that part. All leases, and the parts
// of gates that have none, are together never more than the capacity.
//
// # When Setpoint is gone
//
// The gate goes on with the watermark and the lease that it has until they
// end, then with the safe watermark and its declared part. A gate that starts
// meanwhile begins with these.
package quota
