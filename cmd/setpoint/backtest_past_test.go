//go:build linux

package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func TestInstant(t *testing.T) {
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		in   string
		want time.Time // zero = refused
	}{
		{"now", now},
		{"-14d", now.Add(-14 * 24 * time.Hour)},
		{"-1h30m", now.Add(-90 * time.Minute)},
		{"2026-03-02", time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)},
		{"2026-03-02T12:30:00+01:00", time.Date(2026, 3, 2, 11, 30, 0, 0, time.UTC)},
		{"14d", time.Time{}}, {"-0s", time.Time{}}, {"--1d", time.Time{}}, {"", time.Time{}}, {"-", time.Time{}}, {"tomorrow", time.Time{}},
	} {
		got, err := instant(c.in, now)
		if (err != nil) != c.want.IsZero() || !got.Equal(c.want) {
			t.Errorf("%q: got %s, %v; want %s", c.in, got, err, c.want)
		}
	}
}

// numbered counts a slice as its number, so that none is like another.
type numbered struct{}

func (n numbered) Counts(_ context.Context, o slo.Objective, from, to time.Time) (all []sli.Slice, err error) {
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		all = append(all, sli.Slice{Start: at, Counts: sli.Counts{Good: sli.Count(at.Unix()), Covered: o.Slice}})
	}
	return all, nil
}

// one asks a source one thing.
func one(t *testing.T, source loop.Source, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	a := source.CountsAll(t.Context(), []sli.Ask{{Objective: &o, From: from, To: to}})
	return a[0].Slices, a[0].Err
}

// TestOnRecord: what is on record and what the source has are one history,
// whatever stretch of it is on record.
func TestOnRecord(t *testing.T) {
	o := slo.Objective{Name: "o", Slice: time.Minute}
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(r *rapid.T) {
		stretch := func(name string) (from, to time.Time) {
			a, b := rapid.IntRange(0, 60).Draw(r, name+" from"), rapid.IntRange(0, 60).Draw(r, name+" length")
			return begin.Add(time.Duration(a) * o.Slice), begin.Add(time.Duration(a+b) * o.Slice)
		}
		store := ledger.NewMemory()
		from, to := stretch("record")
		kept, _ := numbered{}.Counts(t.Context(), o, from, to)
		if err := store.Keep(t.Context(), loop.Counted{Objective: o.Name, Slices: kept}); err != nil {
			r.Fatal(err)
		}
		from, to = stretch("question")
		want, _ := numbered{}.Counts(t.Context(), o, from, to)
		got, err := one(t, onRecord{store, loop.SourceFunc(numbered{}.Counts)}, o, from, to)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			r.Fatalf("slices [%s, %s): got %v, %v; want %v", from, to, got, err, want)
		}
	})
}

// TestOnRecordGap: a slice that is missing in the middle of the record was
// not observed; it is not asked for again.
func TestOnRecordGap(t *testing.T) {
	o := slo.Objective{Name: "o", Slice: time.Minute}
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	to := from.Add(3 * time.Minute)
	kept, _ := numbered{}.Counts(t.Context(), o, from, to)
	store := ledger.NewMemory()
	must(t, store.Keep(t.Context(), loop.Counted{Objective: o.Name, Slices: []sli.Slice{kept[0], kept[2]}}))
	got, err := one(t, onRecord{store, loop.SourceFunc(numbered{}.Counts)}, o, from, to)
	if want := []sli.Slice{kept[0], {Start: kept[1].Start}, kept[2]}; err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

// flaky fails a number of times.
type flaky struct {
	numbered
	left int
	err  error
}

func (f *flaky) Counts(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	if f.left--; f.left >= 0 {
		return nil, f.err
	}
	return f.numbered.Counts(ctx, o, from, to)
}

func TestPatient(t *testing.T) {
	o := slo.Objective{Name: "o", Slice: time.Minute}
	overloaded := &sli.ReadError{Reason: sli.ReasonOverloaded, RetryAfter: 20 * time.Second, Err: errors.New("busy")}
	for _, c := range []struct {
		name  string
		fails int
		err   error
		ok    bool
		took  time.Duration
	}{
		{"at once", 0, nil, true, 0},
		{"a moment", 2, &sli.ReadError{Reason: sli.ReasonUnreachable, Err: errors.New("refused")}, true, 3 * time.Second},
		{"for good", 100, &sli.ReadError{Reason: sli.ReasonTimeout, Err: errors.New("slow")}, false, 15 * time.Second},
		{"as it asks", 1, overloaded, true, 20 * time.Second},
		{"a wrong question", 1, &sli.ReadError{Reason: sli.ReasonRejected, Err: errors.New("no")}, false, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			_, err := one(t, patient{loop.SourceFunc((&flaky{left: c.fails, err: c.err}).Counts)}, o, began, began)
			if took := time.Since(began); (err == nil) != c.ok || took != c.took {
				t.Errorf("%s: %v after %s, want ok=%v after %s", c.name, err, took, c.ok, c.took)
			}
		})
	}
}

// TestTrack: whatever the number of values, none of the worst is lost and no
// column stays empty.
func TestTrack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 5000).Draw(r, "values")
		every := time.Duration(rapid.IntRange(1, 3600).Draw(r, "every")) * time.Second
		worst := rapid.IntRange(0, n-1).Draw(r, "worst")
		k := newTrack(time.Duration(n)*every, n, func(a, b float64) bool { return a > b })
		for i := range n {
			v := 1.0
			if i == worst {
				v = 2
			}
			k.take(time.Duration(i)*every, v)
		}
		if k.top(0) != 2 || len(k.values) > maxColumns {
			r.Errorf("%d columns, the worst is %g; want at most %d, and 2", len(k.values), k.top(0), maxColumns)
		}
		for i, v := range k.values {
			if math.IsNaN(v) {
				r.Errorf("column %d of %d is empty", i, len(k.values))
			}
		}
	})
}

// TestDrawingPath: what is not known breaks a line, and is not drawn as 0.
func TestDrawingPath(t *testing.T) {
	d := drawing{span: 4}
	c := curve{places: []place{{0, 0}, {1, 1}, {2, math.NaN()}, {3, 1}}}
	got := d.path(c, func(v float64) float64 { return 100 - v })
	if want := "M90.0 100.0h.1L312.5 99.0M757.5 99.0h.1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDrawingNamesAreText(t *testing.T) {
	d := drawing{title: `a"<b>&`, panels: []panel{{label: "</text><script>", to: linear(0, 1)}}}
	text := struct {
		Text []string `xml:"text"`
	}{}
	if err := xml.Unmarshal(d.svg(), &text); err != nil || text.Text[0] != d.title || text.Text[1] != d.panels[0].label {
		t.Errorf("read back %q, %v", text.Text, err)
	}
}
