package budget

import (
	"errors"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A jury keeps one book of an Account. Where outages count only from a certain
// length on, what a time slice counts as depends on those around it: the jury
// remembers what the newest and the oldest were found to be by themselves, and
// gives the book what they count as. The time slices at the oldest end stay
// out of the book until those before them are known.
//
// A run of bad time slices goes from one to the next as long as none between
// them is good and fewer lie between them than make an outage; what nothing is
// known of does not end it. It is an outage when it is long enough from its
// first to its last. In a shorter one every time slice counts as good. So a
// time slice depends on two lengths of an outage on each side, and no more.
type jury struct {
	book  Book
	fold  folding
	step  time.Duration
	least time.Duration // shortest outage; 0 = every bad time slice counts
	floor time.Time     // start of the oldest slice handed in; zero = none
	edge  []sli.Slice   // from floor on, four lengths of an outage
	truth []sli.Slice   // the newest ones
}

// A folding makes of the slices of [from, to) those of a book, each by itself.
type folding func(from, to time.Time, all []sli.Slice) []sli.Slice

func newJury(c Config, fold folding) *jury {
	o := c.Objective
	return &jury{book: *NewBook(c), fold: fold, step: o.Step(), least: o.TimeSlice.MinOutage}
}

// side is how far a time slice depends on others, each way.
func (j *jury) side() time.Duration { return 2 * j.least }

// put hands over the slices of [from, to): new ones, or others in place of
// those that were there.
func (j *jury) put(from, to time.Time, all []sli.Slice) error {
	found := j.fold(from, to, all)
	if j.least == 0 {
		return j.book.Put(found...)
	}
	if j.floor.IsZero() {
		j.floor = from
	}
	was := j.counted(j.truth, from.Add(-j.side()), to.Add(j.side()))
	j.learn(from, to, found)
	is := j.counted(j.truth, from.Add(-j.side()), to.Add(j.side()))
	j.forget()
	first, end := laterOf(from, j.floor.Add(j.side())), to
	err := j.change(between(was, time.Time{}, first), between(is, time.Time{}, first))
	err = errors.Join(err, j.book.Put(between(is, first, end)...))
	return errors.Join(err, j.change(between(was, end, farOff()), between(is, end, farOff())))
}

// learn notes what slices of [from, to) were found to be.
func (j *jury) learn(from, to time.Time, found []sli.Slice) {
	replace := func(all []sli.Slice) []sli.Slice {
		return slices.Concat(between(all, time.Time{}, from), found, between(all, to, farOff()))
	}
	if from.Before(j.floor.Add(2 * j.side())) {
		j.edge = between(replace(j.edge), j.floor, j.floor.Add(2*j.side()))
	}
	j.truth = replace(j.truth)
}

// forget lets go of what is too old to change again.
func (j *jury) forget() {
	if n := len(j.truth); n > 0 {
		oldest := j.truth[n-1].Start.Add(-reach*j.step - 4*j.side())
		j.truth = slices.Clone(between(j.truth, oldest, farOff()))
	}
}

// counted is what those of [from, to) count as, which are not held back.
func (j *jury) counted(all []sli.Slice, from, to time.Time) []sli.Slice {
	near := between(all, from.Add(-j.side()), to.Add(j.side()))
	return between(j.count(near), laterOf(from, j.floor.Add(j.side())), to)
}

// count makes those of runs good that are no outages.
func (j *jury) count(all []sli.Slice) []sli.Slice {
	out := slices.Clone(all)
	var run []int
	end := func() {
		if len(run) > 0 && all[run[len(run)-1]].Start.Sub(all[run[0]].Start)+j.step < j.least {
			for _, i := range run {
				out[i].Good, out[i].Bad = out[i].Total(), 0
			}
		}
		run = nil
	}
	for i, s := range all {
		switch {
		case s.Bad > 0:
			if len(run) > 0 && s.Start.Sub(all[run[len(run)-1]].Start) > j.least {
				end()
			}
			run = append(run, i)
		case s.Good > 0:
			end()
		}
	}
	end()
	return out
}

// change puts what slices count as now in place of what they did.
func (j *jury) change(was, is []sli.Slice) (errs error) {
	counted := map[int64]sli.Slice{}
	for _, s := range was {
		counted[s.Start.UnixNano()] = s
	}
	for _, s := range is {
		old, there := counted[s.Start.UnixNano()]
		delete(counted, s.Start.UnixNano())
		if !there {
			old = sli.Slice{Start: s.Start}
		}
		if old.Counts != s.Counts || old.Flaw != s.Flaw {
			errs = errors.Join(errs, j.book.Correct(old, s))
		}
	}
	for _, old := range was {
		if _, gone := counted[old.Start.UnixNano()]; gone {
			errs = errors.Join(errs, j.book.Correct(old, sli.Slice{Start: old.Start}))
		}
	}
	return errs
}

// prepend hands over the slices of [from, to), which are older than all.
func (j *jury) prepend(from, to time.Time, all []sli.Slice) error {
	found := j.fold(from, to, all)
	if j.least == 0 {
		return j.book.Prepend(found)
	}
	if j.floor.IsZero() {
		j.floor = to
	}
	known := slices.Concat(found, j.edge)
	held := j.floor.Add(j.side())
	j.floor, j.edge = from, between(known, from, from.Add(2*j.side()))
	j.truth = slices.Concat(found, j.truth)
	j.forget()
	return j.book.Prepend(j.counted(known, from, held))
}

// correct puts is in place of was, both of [from, to) and what lies around it
// as far as around says.
func (j *jury) correct(from, to time.Time, was, is []sli.Slice) error {
	a, b := j.around(from, to)
	before, after := j.fold(a, b, was), j.fold(a, b, is)
	if j.least == 0 {
		return j.change(before, after)
	}
	j.learn(from, to, between(after, from, to))
	return j.change(j.counted(before, from.Add(-j.side()), to.Add(j.side())), j.counted(after, from.Add(-j.side()), to.Add(j.side())))
}

// around is what has to be known to say what the slices of [from, to), and
// those that depend on them, count as.
func (j *jury) around(from, to time.Time) (time.Time, time.Time) {
	return from.Add(-2 * j.side()), to.Add(2 * j.side())
}

// leave hands over what leaves: the slices of r and of a side around it.
func (j *jury) leave(r Range, left []sli.Slice) error {
	found := j.fold(r.From, r.To, left)
	r.From, r.To = r.From.Add(j.side()), r.To.Add(-j.side())
	if j.least > 0 {
		found = j.counted(found, r.From, r.To)
	}
	return j.book.Leave(r, found)
}

// leaving is Book.Leaving, with the sides of what leaves.
func (j *jury) leaving() []Range {
	need := j.book.Leaving()
	for i := range need {
		need[i].From, need[i].To = need[i].From.Add(-j.side()), need[i].To.Add(j.side())
	}
	return need
}

// pending is since when time slices are bad that are no outage yet; zero when
// there are none.
func (j *jury) pending() (since time.Time) {
	if j.least == 0 {
		return since
	}
	var last time.Time
	for _, s := range between(j.truth, j.book.time(j.book.end).Add(-2*j.side()), farOff()) {
		switch {
		case s.Good > 0:
			since = time.Time{}
		case s.Bad > 0 && (since.IsZero() || s.Start.Sub(last) > j.least):
			since, last = s.Start, s.Start
		case s.Bad > 0:
			last = s.Start
		}
	}
	if since.IsZero() || last.Sub(since)+j.step >= j.least || j.book.time(j.book.end).Sub(last) > j.least {
		return time.Time{}
	}
	return since
}

// between are those of [from, to), of slices in order.
func between(all []sli.Slice, from, to time.Time) []sli.Slice {
	at := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(all, t, func(s sli.Slice, t time.Time) int { return s.Start.Compare(t) })
		return i
	}
	a, b := at(from), at(to)
	return all[a:max(a, b):max(a, b)]
}

func laterOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// farOff is later than any slice.
func farOff() time.Time { return time.Unix(0, int64(maxTime)) }
