package budget_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// patient lets outages of less than so many minutes pass.
func patient(minutes int, window time.Duration) slo.Objective {
	return slo.Objective{
		Name: "uptime", Target: slo.NewDecimal(9, 1), Slice: time.Minute, Method: slo.Timeslices, Window: slo.Window{Length: window},
		TimeSlice: slo.TimeSlice{Length: time.Minute, Target: slo.NewDecimal(5, 1), MinOutage: time.Duration(minutes) * time.Minute},
	}
}

// minutes draws one minute for each letter: g good, b bad, - not observed,
// 0 observed without events.
func drawn(pattern string) (all []sli.Slice) {
	for i, c := range pattern {
		switch c {
		case 'g':
			all = append(all, sliceOf(i, 10, 1))
		case 'b':
			all = append(all, sliceOf(i, 1, 10))
		case '0':
			all = append(all, sliceOf(i, 0, 0))
		}
	}
	return all
}

// TestShortOutagesPass: which minutes are down, with outages from three
// minutes on.
func TestShortOutagesPass(t *testing.T) {
	for pattern, want := range map[string]sli.Count{
		"gggggggggggggggggggg":  0,
		"gggggbbggggggggggggg":  0, // two minutes
		"gggggbbbgggggggggggg":  3,
		"gggggbbgbbggggggggggg": 0, // a good one between
		"gggggbb-bggggggggggg":  3, // what is not seen does not end it
		"gggggb0bgggggggggggg":  2, // three minutes, in one of which nothing happened
		"gggggb---bgggggggggg":  0, // not seen for as long as an outage
		"gggggb--bggggggggggg":  2,
		"ggggggggggggggggggbb":  0, // not known yet
		"gggggggggggggggggbbb":  3,
		"bbgggggggggggggggggg":  0,
	} {
		a := budget.NewAccount(budget.Config{Objective: patient(3, time.Hour), At: midday}, slo.Exemption{})
		before := midday.Add(-time.Hour)
		each(t, a, drawn(pattern)...)
		if err := a.Prepend(before, midday, nil); err != nil { // what lies before is known to be nothing
			t.Fatal(err)
		}
		if got := a.State().Budget.Bad; got != want*sli.Event {
			t.Errorf("%s: %v minutes down, want %d", pattern, got.Float(), want)
		}
	}
}

// TestAnOutageIsProvisional: its minutes count as good until it is long
// enough, and the state says since when it is bad.
func TestAnOutageIsProvisional(t *testing.T) {
	a := budget.NewAccount(budget.Config{Objective: patient(5, time.Hour), At: midday}, slo.Exemption{})
	for i, c := range "ggggggggggbbbbbbbggg" {
		each(t, a, drawn(string(make([]byte, i))+string(c))...)
		s := a.State()
		down, pending := sli.Count(0), i >= 10 && i < 14
		if i >= 14 {
			down = min(sli.Count(i), 16) - 9
		}
		if s.Budget.Bad != down*sli.Event || s.BadSince.IsZero() == pending || pending && !s.BadSince.Equal(sliceOf(10, 0, 0).Start) {
			t.Errorf("minute %d: %v down, bad since %v; want %d, pending %v", i, s.Budget.Bad.Float(), s.BadSince, down, pending)
		}
	}
}

// TestOutagesLikeNaive: whichever way minutes come in, live, in pieces of
// history, corrected late or read from the store, they count in the end as a
// person would count them who sees them all.
func TestOutagesLikeNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(2, 6).Draw(t, "least")
		o := patient(least, time.Duration(rapid.SampledFrom([]int{30, 60, 900}).Draw(t, "window"))*time.Minute)
		total, start := rapid.IntRange(1000, 1100).Draw(t, "minutes"), rapid.IntRange(0, 950).Draw(t, "start")
		tape := rapid.SliceOfN(rapid.SampledFrom([]byte("gggbbb-0")), 40, 40).Draw(t, "tape")
		pattern := make([]byte, total)
		for i := range pattern {
			pattern[i] = tape[(i*i/7+i)%len(tape)]
		}
		store := map[int]sli.Slice{}
		for _, s := range drawn(string(pattern)) {
			store[int(s.Start.Sub(midday)/time.Minute)] = s
		}
		d := &deliverer{t: t, store: store, account: budget.NewAccount(budget.Config{Objective: o, At: sliceOf(start, 0, 0).Start}, slo.Exemption{}), floor: start}
		for now := start; now < total; {
			to := min(total, now+rapid.SampledFrom([]int{1, 1, 1, 7, 100}).Draw(t, "step"))
			d.live(now, to)
			if now = to; rapid.IntRange(0, 5).Draw(t, "late") == 0 {
				d.late(now - rapid.IntRange(1, min(now-d.floor, 800)).Draw(t, "age"))
			}
			if d.floor > 0 && rapid.Bool().Draw(t, "history") {
				d.history(max(0, d.floor-rapid.IntRange(1, 300).Draw(t, "chunk")))
			}
		}
		for d.floor > -20 {
			d.history(d.floor - 200)
		}
		end := sliceOf(total, 0, 0).Start
		want := naiveOutages(store, least, total, int(o.Window.Length/time.Minute))
		if got := d.account.State().Budget.Counts; got != want {
			t.Errorf("live: %+v, want %+v", got, want)
		}
		restarted := budget.NewAccount(budget.Config{Objective: o, At: end}, slo.Exemption{})
		must(t, restarted.Put(midday.Add(-time.Hour), end, d.read(-60, total)))
		ignore := cmp.Comparer(func(a, b slo.Decimal) bool { return a == b })
		got, again := d.account.State(), restarted.State()
		got.Since, again.Since = time.Time{}, time.Time{}
		if diff := cmp.Diff(got, again, ignore); diff != "" {
			t.Errorf("restarted:\n%s", diff)
		}
	})
}

// A deliverer hands minutes to an account as a loop does.
type deliverer struct {
	t       *rapid.T
	store   map[int]sli.Slice
	account *budget.Account
	floor   int
}

func (d *deliverer) read(from, to int) (all []sli.Slice) {
	for i := from; i < to; i++ {
		if s, ok := d.store[i]; ok {
			all = append(all, s)
		}
	}
	return all
}

func (d *deliverer) live(from, to int) {
	must(d.t, d.account.Advance(sliceOf(to, 0, 0).Start))
	must(d.t, d.account.Put(sliceOf(from, 0, 0).Start, sliceOf(to, 0, 0).Start, d.read(from, to)))
	d.leave()
}

func (d *deliverer) leave() {
	for need := d.account.Leaving(); len(need) > 0; need = d.account.Leaving() {
		r := need[0]
		must(d.t, d.account.Leave(r, d.read(int(r.From.Sub(midday)/time.Minute), int(r.To.Sub(midday)/time.Minute))))
	}
}

func (d *deliverer) history(from int) {
	must(d.t, d.account.Prepend(sliceOf(from, 0, 0).Start, sliceOf(d.floor, 0, 0).Start, d.read(from, d.floor)))
	d.floor = from
	d.leave()
}

// late changes the minute that was counted at i.
func (d *deliverer) late(i int) {
	is := sliceOf(i, 1, 10)
	if rapid.Bool().Draw(d.t, "better") {
		is = sliceOf(i, 10, 1)
	}
	from, to := is.Start, is.Start.Add(time.Minute)
	if from.Before(d.account.Reach()) {
		a, b := d.account.Around(from, to)
		was := d.read(int(a.Sub(midday)/time.Minute), int(b.Sub(midday)/time.Minute))
		var known []sli.Slice
		for _, s := range was {
			if int(s.Start.Sub(midday)/time.Minute) >= d.floor {
				known = append(known, s)
			}
		}
		must(d.t, d.account.Correct(from, to, known, []sli.Slice{is}))
	} else {
		must(d.t, d.account.Put(from, to, []sli.Slice{is}))
	}
	d.store[i] = is
	d.leave()
}

// naiveOutages counts the minutes of the window that ends at total.
func naiveOutages(store map[int]sli.Slice, least, total, window int) (sum sli.Counts) {
	down := map[int]bool{}
	for i := range total {
		if s, ok := store[i]; !ok || s.Bad <= s.Good {
			continue
		}
		run, last := []int{i}, i // i is the first of a run, or part of one that was looked at
		for k := i + 1; k < total; k++ {
			s, ok := store[k]
			if ok && s.Good > s.Bad || k-last > least {
				break
			}
			if ok && s.Bad > s.Good {
				run, last = append(run, k), k
			}
		}
		if last-i+1 >= least {
			for _, k := range run {
				down[k] = true
			}
		}
	}
	for i := max(total-window, -60); i < total; i++ {
		switch s, ok := store[i]; {
		case !ok:
			continue
		case s.Total() == 0:
		case down[i]:
			sum.Bad += sli.Event
		default:
			sum.Good += sli.Event
		}
		sum.Covered += time.Minute
	}
	return sum
}
