// Package budget says what counts mean: how much of an error budget is left,
// how fast it burns over each window, and whether that can be known.
//
//	slices ─► Book (one running sum a window) ─► State ─► rules, gate, page
//
// It is pure: it has no clock, asks nobody, and gives the same bits on every
// machine. Read book.go for the flow, state.go for what comes out, exact.go
// for the arithmetic, tiers.go for the standard alerting tiers, trend.go for
// where figures go over weeks.
//
// # A book
//
// A Book keeps one objective's windows up to date over a stream of slices.
// Every window is one sum of counts in whole thousandths of an event, so a
// slice that came in is taken out again without a trace: nothing drifts, and
// windows add up. A slice that was handed in twice counts once.
//
// Its memory does not grow with the windows. The newest 360 slices are kept
// in a packed ring, about four bytes each: six hours of minutes. A window that is longer needs the
// slices that leave it: Leaving says which, in stretches of some sixty, an
// hour ahead, and Leave takes them; the caller reads them from its store.
// One tick of an objective is
//
//	store.Keep(fresh)                        // first of all: what leaves later is read back
//	book.Advance(at)                         // the windows end at at now
//	book.Put(fresh...)                       // new slices, and corrections of those in the ring
//	for need := book.Leaving(); len(need) > 0; need = book.Leaving() { // seldom any
//		book.Leave(need[0], store.Slices(need[0].From, need[0].To))    // stop at an error
//	}
//	state := book.State()
//
// Put takes slices forward in time, Prepend older history in descending
// chunks while live slices go on, Correct a late change of a slice that is
// older than the ring. At a restart NewBook is told the present and since
// when slices are on record; then Put takes the stored slices in order, or
// PutSum takes one sum for each stretch of Stretches, so that the restart
// does not read every slice. All ways lead to the same State.
//
// A slice without counts, coverage and flaw is blank and the same as none.
//
// # Time slices
//
// A budget may be a share of time slices instead of events: Fold makes of the
// slices that were counted one a time slice, good or bad, and everything here
// counts those then. State.Method says so, and State.Events how many they are.
//
// # Short outages
//
// With slo.TimeSlice.MinOutage bad time slices count only in runs that are
// long enough (outage.go). An Account then remembers what some 360 of the
// newest time slices were found to be, gives its books what they count as, and
// corrects that as soon as a run is long enough. A time slice depends on two
// lengths of an outage on both sides; those at the oldest end wait for what
// lies before them, and ranges that leave are asked for with their sides.
//
// # Raw and adjusted
//
// Stored slices are as they were measured. An Account keeps the budget of an
// objective from them: it folds them, and where calendars or adjustments touch
// the objective it keeps two books, one of what was measured and one of what
// Adjust makes of it. The State is that of the adjusted one, by which
// everything is judged, with the raw Figures beside. Each slice is judged by the
// calendars that were in force then (slo.Exemption.Earlier); where those were
// others a third book is kept by today's, for State.Today.
//
// # Composites
//
// An objective may be made of others: Compose makes its slices of theirs, and
// says how much of what is bad is each one's doing. Books are kept of both.
//
// # Targets that change
//
// A stretch of a window is judged by the target that was in force then, so
// that a new target neither spends nor gives back what is past. With the total
// of stretch k and its target, and the present ones without a number:
//
//	allowed   = (1 − target) × total + Σ (1 − targetₖ) × totalₖ
//	burn      = bad ÷ allowed
//	remaining = 1 − bad ÷ allowed
//
// Config.Past says which targets were in force until when. The length of the
// window is always the present one. A window that has events of earlier
// targets says so (Window.Earlier); State.Today judges all by the present
// target instead.
//
// # Windows that follow the calendar
//
// The budget of a month, or of any period that slo.Window.Period tells, is
// one sum that begins at nothing when the period begins: no slice ever leaves
// it, so that it needs no reads, however long it is. It is judged by the
// events so far:
//
//	remaining = 1 − bad so far ÷ ((1 − target) × total so far)
//
// While the newest slice is the last of a period, the State is that of the
// whole period; with the next slice a new one begins. A late slice of a past
// period changes nothing. The other windows roll over the boundary.
//
// # What is known
//
// A window is Known when an event was seen in it, the newest observed slice
// ends at most Stale (five slices) before the present, at least half of it
// was observed (of a book younger than the window: half of its age), and all
// that left it was taken out. Rules may judge by a known window only.
//
// The status says first whether the budget can be seen, then how it stands;
// the first that applies wins:
//
//	no-data     nothing was observed within Stale
//	partial     less than half of the objective's window (or of the book's age) was observed
//	no-traffic  no event in the objective's window
//	too-few     fewer events in it than the objective's MinEvents
//	exhausted   bad ≥ (1 − target) × total, and bad > 0
//	burning     burn > 1 over the shortest window that is known
//	ok          none of these
//
// A budget that was exhausted and goes blind is therefore no-data, not
// exhausted: the word tells what is the matter now. Remaining still says what
// the counts that are known come to, and whoever freezes must not thaw on
// no-data.
//
// An objective may say otherwise: with a NoData rule other than hold, time
// that was not observed since the oldest slice known counts as nothing, good or
// bad (assume.go), nothing is no-data or partial but a book that knows no slice, and
// windows are known without sight. Window.Assumed says what of the counts was
// assumed, Window.Covered what was observed, State.Blind that nothing was of late.
//
// # How exact it is
//
// Counts are exact for all that samples tell. What they cannot tell, the events
// of processes between their last scrape and their end, is estimated in each
// slice (sli.Counts.Unseen) and added up as counts are; State.Bound says how far
// off it leaves Remaining at most (bound.go). Composites have none of their own.
//
// # When something is down
//
// The metrics backend: no slices come, windows go on, coverage falls, the
// status becomes no-data. Slices that come late are counted where they
// belong. The store: stretches that leave are in hand for at least sixty
// slices; after that a window longer than the ring keeps what should have
// left, is not Known, and is exact again as soon as Leave catches up. Shorter
// windows never notice.
package budget
