package ledgertest

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/sli"
)

func slice(minutes int, good, bad sli.Count) sli.Slice {
	return sli.Slice{Start: at(minutes), Counts: sli.Counts{Good: good, Bad: bad, Covered: time.Minute}}
}

func slicesKept(t *testing.T, l Ledger) {
	gap := slice(1, 5, 1)
	gap.Flaw, gap.Covered = sli.FlawGap, 1500*time.Millisecond+999*time.Microsecond
	check(t, "Keep", l.Keep(t.Context(), map[string][]sli.Slice{"checkout": {slice(2, 3, 0), slice(0, 1<<60, 2), gap}}))
	check(t, "Keep none", l.Keep(t.Context(), map[string][]sli.Slice{"checkout": nil}))
	check(t, "Keep", l.Keep(t.Context(), map[string][]sli.Slice{"search": {slice(1, 9, 9)}}))
	check(t, "Keep again, one twice, and others", l.Keep(t.Context(), map[string][]sli.Slice{
		"checkout": {slice(2, 4, 0), slice(2, 7, 1), slice(3, 0, 0)}, "fresh": {slice(2, 8, 8), slice(1, 1, 1)}, "none": nil,
	}))
	got, err := l.Slices(t.Context(), "checkout", at(0), at(3))
	check(t, "Slices", err)
	gap.Covered = 1500 * time.Millisecond // whole milliseconds, rounded down
	diff(t, "slices", got, []sli.Slice{slice(0, 1<<60, 2), gap, slice(2, 7, 1)})
	got, err = l.Slices(t.Context(), "checkout", at(4), at(9))
	check(t, "Slices", err)
	diff(t, "slices after the last", got, []sli.Slice(nil))
	got, err = l.Slices(t.Context(), "fresh", at(0), at(9))
	check(t, "Slices", err)
	diff(t, "slices kept with those of another", got, []sli.Slice{slice(1, 1, 1), slice(2, 8, 8)})
	got, err = l.Slices(t.Context(), "unheard-of", at(0), at(9))
	check(t, "Slices", err)
	diff(t, "slices of no objective", got, []sli.Slice(nil))
}

func slicesRefused(t *testing.T, l Ledger) {
	tests := map[string]func(*sli.Slice){
		"negative good":     func(s *sli.Slice) { s.Good = -1 },
		"negative bad":      func(s *sli.Slice) { s.Bad = -1 },
		"negative coverage": func(s *sli.Slice) { s.Covered = -time.Second },
		"covers a month":    func(s *sli.Slice) { s.Covered = 31 * 24 * time.Hour },
		"flaw with a space": func(s *sli.Slice) { s.Flaw = "no good" },
	}
	for name, spoil := range tests {
		s := slice(1, 1, 1)
		spoil(&s)
		wantErr(t, name, l.Keep(t.Context(), map[string][]sli.Slice{"checkout": {slice(0, 1, 1), s}}), ledger.ErrInvalid)
		wantErr(t, name+" of another", l.Keep(t.Context(), map[string][]sli.Slice{"checkout": {slice(0, 1, 1)}, "search": {s}}), ledger.ErrInvalid)
	}
	wantErr(t, "no objective", l.Keep(t.Context(), map[string][]sli.Slice{"": {slice(0, 1, 1)}}), ledger.ErrInvalid)
	got, err := l.Slices(t.Context(), "checkout", at(0), at(9))
	check(t, "Slices", err)
	diff(t, "slices after refusals", got, []sli.Slice(nil))
}

func extent(t *testing.T, l Ledger) {
	oldest, newest, err := l.Extent(t.Context(), "checkout")
	check(t, "Extent", err)
	if !oldest.IsZero() || !newest.IsZero() {
		t.Errorf("extent of nothing: %v, %v, want zero times", oldest, newest)
	}
	check(t, "Keep", l.Keep(t.Context(), map[string][]sli.Slice{"checkout": {slice(5, 1, 0), slice(2, 1, 0), slice(9, 1, 0)}}))
	check(t, "Keep", l.Keep(t.Context(), map[string][]sli.Slice{"search": {slice(0, 1, 0)}}))
	oldest, newest, err = l.Extent(t.Context(), "checkout")
	check(t, "Extent", err)
	diff(t, "extent", []time.Time{oldest, newest}, []time.Time{at(2), at(9)})
}
