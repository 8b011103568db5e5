package sli_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// base is a multiple of a day since the Unix epoch.
var base = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// series reads "30:5 60:7": the value is 5 at 30 s after base, 7 at 60 s.
func series(t testing.TB, id, text string) sli.Series {
	t.Helper()
	s := sli.Series{ID: id}
	for _, field := range strings.Fields(text) {
		at, value, _ := strings.Cut(field, ":")
		seconds, err := strconv.ParseFloat(at, 64)
		if err != nil {
			t.Fatal(err)
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + int64(seconds*1000), Value: v})
	}
	return s
}

func list(t testing.TB, prefix string, texts []string) (all []sli.Series) {
	t.Helper()
	for i, text := range texts {
		all = append(all, series(t, fmt.Sprint(prefix, i), text))
	}
	return all
}

// seconds is a cut of one-minute slices, bad/total, 30 s scrapes.
func seconds(from, to int) sli.Cut {
	at := func(s int) time.Time { return base.Add(time.Duration(s) * time.Second) }
	return sli.Cut{From: at(from), To: at(to), Slice: time.Minute, Scrape: 30 * time.Second}
}

// show renders slices as "good/bad covered flaw", joined by commas.
func show(all []sli.Slice) string {
	var words []string
	for _, s := range all {
		w := fmt.Sprintf("%g/%g %gs %s", s.Good.Float(), s.Bad.Float(), s.Covered.Seconds(), s.Flaw)
		words = append(words, strings.TrimSpace(w))
	}
	return strings.Join(words, ", ")
}

// A countTest is samples and the slices that come of them.
type countTest struct {
	name     string
	from, to int
	bad      []string
	total    []string
	want     string
}

func check(t *testing.T, tests []countTest) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := show(seconds(tt.from, tt.to).Increments(list(t, "bad", tt.bad), list(t, "total", tt.total)))
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestIncrements(t *testing.T) {
	check(t, []countTest{
		{name: "steady", from: 60, to: 180,
			bad:   []string{"30:1 60:1 90:2 120:3 150:3 180:3"},
			total: []string{"30:10 60:20 90:30 120:40 150:50 180:60"},
			want:  "18/2 60s, 20/0 60s"},
		{name: "a sample on the boundary belongs to the slice that ends there", from: 0, to: 120,
			total: []string{"-30:0 0:7 30:7 60:10 90:10 120:10"},
			want:  "3/0 60s, 0/0 60s"},
		{name: "an increment belongs to the slice of its later sample", from: 0, to: 120,
			total: []string{"-15:0 15:1 45:2 75:12 105:12"},
			want:  "2/0 60s, 10/0 60s"},
		{name: "a reset counts from zero", from: 0, to: 60,
			total: []string{"-30:90 0:100 30:4 60:10"},
			want:  "10/0 60s"},
		{name: "two resets in a slice", from: 0, to: 60,
			total: []string{"-15:90 0:100 15:4 30:9 45:2 60:3"},
			want:  "12/0 60s restarts"},
		{name: "no bad series at all", from: 0, to: 60, total: []string{"-30:0 0:0 30:1 60:2"}, want: "2/0 60s"},
		{name: "samples after the end are not looked at", from: 0, to: 60,
			total: []string{"-30:0 0:0 30:1 45:1 70:9", "61:4"},
			want:  "1/0 60s"},
	})
}

func TestBirths(t *testing.T) {
	check(t, []countTest{
		{name: "a birth inside covered time counts from zero", from: 120, to: 180,
			bad:   []string{"150:3 180:4"},
			total: []string{"30:10 60:10 90:10 120:10 150:10 180:11", "150:3 180:4"},
			want:  "1/4 60s"},
		{name: "the old instance ends, the new one is born", from: 120, to: 240,
			total: []string{"30:10 60:10 90:10 120:10 150:12", "200:5 230:6"},
			want:  "2/0 60s, 6/0 60s"},
		{name: "a backend attached late: no series counts its life so far", from: 0, to: 120,
			total: []string{"33:1000 63:1001 93:1002", "50:5000 80:5003 110:5003"},
			want:  "0/0 27s, 5/0 60s"},
		{name: "after a gap limit of observation births count", from: 60, to: 180,
			total: []string{"70:1000 100:1000 130:1000 160:1000", "145:7"},
			want:  "0/0 50s, 7/0 60s"},
		{name: "so does observation at just the gap limit", from: 60, to: 120,
			total: []string{"-75:1 0:1 75:1", "75:5"},
			want:  "5/0 60s"},
		{name: "born inside a gap", from: 0, to: 240,
			total: []string{"-30:0 0:10 30:20", "190:7 220:8"},
			want:  "10/0 60s, 0/0 15s, 0/0 0s, 8/0 50s lost"},
		{name: "a series that began anew while others were observed has no gap", from: 60, to: 240,
			total: []string{"0:0 30:0 60:0 90:0 120:0 150:0 180:0 210:0 240:0", "0:0 30:8 60:9 210:4 240:5"},
			want:  "0/0 60s, 0/0 60s, 5/0 60s"},
	})
}

func TestGaps(t *testing.T) {
	check(t, []countTest{
		{name: "growth over a gap is marked, the gap is not covered", from: 0, to: 240,
			total: []string{"-30:0 0:10 30:20 190:100 220:110"},
			want:  "10/0 60s, 0/0 15s, 0/0 0s, 90/0 50s gap"},
		{name: "no growth over a gap is no flaw", from: 0, to: 240,
			total: []string{"-30:20 0:20 30:20 190:20 220:20"},
			want:  "0/0 60s, 0/0 15s, 0/0 0s, 0/0 50s"},
		{name: "a restart inside a gap", from: 0, to: 240,
			total: []string{"-30:0 0:10 30:20 190:7 220:8"},
			want:  "10/0 60s, 0/0 15s, 0/0 0s, 8/0 50s lost"},
		{name: "one missed scrape is no gap", from: 0, to: 120,
			total: []string{"-30:0 0:10 60:30 90:40 120:50"},
			want:  "20/0 60s, 20/0 60s"},
		{name: "a distance of just the gap limit is no gap", from: 0, to: 120,
			total: []string{"-30:0 0:10 75:30 105:40"},
			want:  "0/0 45s, 30/0 60s"},
		{name: "a distance above the gap limit is one", from: 0, to: 120,
			total: []string{"-30:0 0:10 75.001:30 105:40"},
			want:  "0/0 45s, 30/0 44.999s gap"},
		{name: "another series covers the gap of one", from: 0, to: 240,
			total: []string{"-30:0 0:10 210:20 240:20", "-30:0 0:0 30:0 60:0 90:0 120:0 150:0 180:0 210:0 240:0"},
			want:  "0/0 60s, 0/0 60s, 0/0 60s, 10/0 60s gap"},
		{name: "total outage: nothing observed", from: 0, to: 120, want: "0/0 0s, 0/0 0s"},
		{name: "growth over a gap of one series is marked, though others were observed", from: 60, to: 240,
			total: []string{"0:0 30:0 60:0 90:0 120:0 150:0 180:0 210:0 240:0", "0:0 30:8 60:9 210:14 240:15"},
			want:  "0/0 60s, 0/0 60s, 6/0 60s gap"},
	})
}

func TestInvalidSamples(t *testing.T) {
	check(t, []countTest{
		{name: "more bad than total", from: 0, to: 60,
			bad: []string{"-30:0 0:0 30:5 60:5"}, total: []string{"-30:0 0:0 30:3 60:3"},
			want: "0/5 60s excess"},
		{name: "invalid samples are left out", from: 0, to: 120,
			total: []string{"-30:0 0:0 30:-Inf 60:6 75:-4 80:+Inf 90:9 100:1e16 120:10"},
			want:  "6/0 60s invalid, 4/0 60s invalid"},
		{name: "a counter that outgrows what a count holds", from: 0, to: 180,
			total: []string{"-30:9199999999999990 0:9199999999999992 30:9199999999999998 60:9200000000000004 90:9200000000000006 120:10000000000000000 150:10000000000000002 180:10000000000000008"},
			want:  "12/0 60s, 7.99999999999996e+14/0 60s, 8/0 60s"},
		{name: "one that begins anew from there", from: 0, to: 120, total: []string{"-30:1e16 0:1e16 30:10000000000000004 60:3 90:4 120:6"}, want: "7/0 60s, 3/0 60s"},
		{name: "each value twice", from: 0, to: 60, total: []string{"-30:1e16 -30:1e16 0:1e16 30:10000000000000004 30:10000000000000004 60:10000000000000006 60:10000000000000006"}, want: "6/0 60s"},
		{name: "a jump by that much, to stay", from: 0, to: 120, total: []string{"-30:3 0:4 30:1e16 60:10000000000000002 90:10000000000000004 120:10000000000000010"}, want: "2/0 60s invalid, 8/0 60s"},
		{name: "one that falls and is too large still", from: 0, to: 60, total: []string{"-30:2e16 0:2e16 30:1e16 60:10000000000000006"}, want: "6/0 60s invalid"},
		{name: "one that is born too large", from: 0, to: 60, total: []string{"-90:0 -60:0 -30:0 0:0 30:0 60:0", "30:1e16 60:10000000000000006"}, want: "6/0 60s invalid"},
		{name: "one that was there before anything was read", from: 0, to: 60, total: []string{"30:1e16 60:10000000000000006"}, want: "6/0 30s"},
		{name: "whole events above 2 to the 43rd", from: 0, to: 60, total: []string{"-30:9007199254740000 0:9007199254740001 30:9007199254740002 60:9007199254740004"}, want: "3/0 60s"},
		{name: "NaN tells that a series ended, NaN after NaN tells nothing", from: 0, to: 180,
			total: []string{"-30:0 0:0 30:NaN 60:6 90:6 105:NaN 120:NaN 180:8"},
			want:  "6/0 60s, 0/0 60s invalid, 2/0 0s gap"},
		{name: "NaN long after NaN", from: 0, to: 240, total: []string{"-30:0 0:0 30:NaN 195:NaN"}, want: "0/0 45s, 0/0 0s, 0/0 0s, 0/0 0s"},
		{name: "invalid samples before the slices are no flaw of theirs", from: 0, to: 60,
			total: []string{"-30:1 -15:-1 0:2 30:3 60:4"},
			want:  "2/0 60s"},
		{name: "samples out of order", from: 0, to: 60, total: []string{"60:4 -30:0 30:3 0:1 30:3"}, want: "3/0 60s"},
		{name: "two values at one instant: the higher one", from: 0, to: 60, total: []string{"-30:0 0:1 30:2 30:3 60:2"}, want: "4/0 60s invalid"},
		{name: "two values at one instant, the other way round", from: 0, to: 60, total: []string{"-30:0 0:1 30:3 30:2 60:2"}, want: "4/0 60s invalid"},
		{name: "two equal values at one instant", from: 0, to: 60, total: []string{"-30:0 0:1 30:3 30:3 60:4"}, want: "3/0 60s"},
		{name: "thousandths, and less", from: 0, to: 60, total: []string{"-30:0.1 0:0.1 30:0.3001 60:0.3004"}, want: "0.2/0 60s"},
	})
}

func TestIncrementsGoodPart(t *testing.T) {
	c := seconds(0, 60)
	c.Good = true
	good, total := []string{"-30:0 0:0 30:8 60:9"}, []string{"-30:0 0:0 30:8 60:12"}
	if got, want := show(c.Increments(list(t, "g", good), list(t, "t", total))), "9/3 60s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := show(c.Increments(list(t, "g", total), list(t, "t", good))), "12/0 60s excess"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSlicesStartOnBoundaries(t *testing.T) {
	got := seconds(60, 180).Increments(nil, list(t, "t", []string{"0:0 30:1"}))
	want := []sli.Slice{{Start: base.Add(time.Minute)}, {Start: base.Add(2 * time.Minute)}}
	want[0].Covered = 15 * time.Second // the tail of the sample at 30 s
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The scrape interval is learned around each slice: a change of it in the
// middle makes no gap.
func TestLearnedInterval(t *testing.T) {
	c := seconds(0, 1200)
	c.Scrape = 0
	s := sli.Series{ID: "a"}
	for at := -60; at <= 600; at += 15 {
		s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + int64(at)*1000, Value: float64(at + 60)})
	}
	for at := 660; at <= 1200; at += 60 {
		s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + int64(at)*1000, Value: float64(at + 60)})
	}
	got := c.Increments(nil, []sli.Series{s})
	gaps := 0
	for n, slice := range got {
		if slice.Total() != 60*sli.Event {
			t.Errorf("slice %d: %v events, want 60", n, slice.Total().Float())
		}
		if slice.Flaw == sli.FlawGap {
			gaps++
		}
	}
	if gaps == 0 || gaps > 5 {
		t.Errorf("%d slices with a gap, want a few until the new interval is learned", gaps)
	}
	if last := got[len(got)-1]; last.Covered != time.Minute || last.Flaw != "" {
		t.Errorf("last slice %v %q, want covered and sound", last.Covered, last.Flaw)
	}
}

func TestLongGapIsForgotten(t *testing.T) {
	day := 24 * 3600
	c := seconds(3*day, 3*day+60)
	old := fmt.Sprintf("%d:5 %d:9", day-30, 3*day+30)
	if got, want := show(c.Increments(nil, list(t, "t", []string{old}))), "0/0 30s"; got != want {
		t.Errorf("over two days: got %s, want %s", got, want)
	}
	c.MaxGap = 72 * time.Hour
	if got, want := show(c.Increments(nil, list(t, "t", []string{old}))), "4/0 30s gap"; got != want {
		t.Errorf("with MaxGap of three days: got %s, want %s", got, want)
	}
}

// A backend that was down for just MaxGap leaves samples that are further
// apart by a scrape interval, or two. Wherever the day ends, what counters grew
// by is known.
func TestGapOfJustMaxGap(t *testing.T) {
	const day = 24 * 3600
	for _, end := range []int{1, 10, 59, day/2 + 1, day - 1} {
		c := seconds(3*day+end/60*60, 3*day+end/60*60+60)
		gap := fmt.Sprintf("%d:5 %d:9", 2*day+end-60, 3*day+end)
		got := c.Increments(nil, list(t, "t", []string{gap}))[0]
		if got.Good != 4*sli.Event || got.Flaw != sli.FlawGap {
			t.Errorf("gap that ends %d s after midnight: got %s, want 4 events, gap", end, show([]sli.Slice{got}))
		}
	}
}

func TestLargestCount(t *testing.T) {
	s := sli.Series{ID: "a", Samples: []sli.Sample{
		{Milli: base.UnixMilli() - 30_000}, {Milli: base.UnixMilli(), Value: 1}, {Milli: base.UnixMilli() + 30_000, Value: math.Nextafter(9.2e15, 0)},
	}}
	got := seconds(0, 60).Increments(nil, []sli.Series{s})[0]
	if got.Good < 9_199_999_999_999_990*sli.Event || got.Flaw != "" {
		t.Errorf("got %v %q", got.Good, got.Flaw)
	}
}

// What cannot be told from the lookback alone is a gap.
func TestLearnedIntervalIsBounded(t *testing.T) {
	c := seconds(480, 540)
	c.Scrape = 0
	got := show(c.Increments(nil, list(t, "t", []string{"60:1 240:2 420:3 510:4 530:5"})))
	if want := "2/0 60s"; got != want {
		t.Errorf("scrapes of 3 min and faster: got %s, want %s", got, want)
	}
	got = show(c.Increments(nil, list(t, "t", []string{"60:1 240:2 360:3 520:4"})))
	if want := "1/0 20s gap"; got != want {
		t.Errorf("160 s: got %s, want %s", got, want)
	}
}

// With very many samples the interval is learned from some of them, the same
// ones in any order.
func TestLearnedIntervalOfMany(t *testing.T) {
	c := seconds(300, 360)
	c.Scrape = 0
	var fast, slow []sli.Series
	for i := range 200 {
		fast = append(fast, series(t, fmt.Sprint("a", i), "0:1 15:1 30:1 45:1 60:1 75:1 90:1 105:1 120:1 135:1 150:1"))
		slow = append(slow, series(t, fmt.Sprint("b", i), "10:1 40:1 70:1 100:1 130:1 281:1 331:2"))
	}
	want := c.Increments(nil, slices.Concat(fast, slow))
	if diff := cmp.Diff(want, c.Increments(nil, slices.Concat(slow, fast))); diff != "" {
		t.Error(diff)
	}
	if want[0].Flaw != sli.FlawGap {
		t.Errorf("flaw %q: the interval was not learned from the first series by ID", want[0].Flaw)
	}
}

// A target that is scraped less often than the others of its indicator has no
// gap between two scrapes, is not gone in between, and has one when it is.
func TestTracksAtTheirOwnPace(t *testing.T) {
	often := "0:0 15:0 30:0 45:0 60:0 75:0 90:0 105:0 120:0 135:0 150:0 165:0 180:0 195:0 210:0 225:0 240:0 255:0 270:0 285:0 300:0 315:0 330:0 345:0 360:0 375:0 390:0 405:0 420:0 435:0 450:0 465:0 480:0 495:0 510:0 525:0 540:0"
	for _, tt := range []struct {
		name, slow, want string
		unseen           float64
	}{
		{"each minute", "0:0 60:10 120:20 180:30 240:40 300:50 360:60 420:70 480:80 540:90", "10/0 60s, 10/0 60s, 10/0 60s, 10/0 60s", 0},
		{"one is missed", "0:0 60:10 120:20 180:30 240:40 300:50 420:70 480:80 540:90", "0/0 60s, 20/0 60s, 10/0 60s, 10/0 60s", 0},
		{"two are missed", "0:0 60:10 120:20 180:30 240:40 300:50 480:80 540:90", "0/0 60s, 0/0 60s, 30/0 60s gap, 10/0 60s", 10},
		{"began anew", "0:0 60:10 120:20 180:30 240:40 300:50 360:60 420:3 480:13 540:23", "10/0 60s, 3/0 60s, 10/0 60s, 10/0 60s", 10},
		{"gone", "0:0 60:10 120:20 180:30 240:40 300:50 360:62", "12/0 60s, 0/0 60s, 0/0 60s, 0/0 60s", 12},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := seconds(300, 540)
			c.Scrape = 0
			got := c.Increments(nil, []sli.Series{series(t, "a", often), series(t, "b", often), series(t, "c", tt.slow)})
			if show(got) != tt.want {
				t.Errorf("got %s, want %s", show(got), tt.want)
			}
			sum := sli.Counts{}
			for _, s := range got {
				sum = sum.Add(s.Counts)
			}
			if math.Abs(sum.Unseen.Float()-tt.unseen) > 0.01 {
				t.Errorf("got %v unseen, want %v", sum.Unseen.Float(), tt.unseen)
			}
		})
	}
}

func TestReadable(t *testing.T) {
	at := func(s int) time.Time { return base.Add(time.Duration(s) * time.Second) }
	if got, want := sli.Readable(slo.Source{}, at(60)), at(65); !got.Equal(want) {
		t.Errorf("Readable: got %v, want %v", got, want)
	}
	src := slo.Source{Delay: 10 * time.Second}
	for _, tt := range []struct{ now, want int }{{69, 0}, {70, 60}, {129, 60}, {130, 120}} {
		if got := sli.Newest(src, time.Minute, at(tt.now)); !got.Equal(at(tt.want)) {
			t.Errorf("Newest at %d s: got %v, want %v", tt.now, got, at(tt.want))
		}
	}
	if got, want := sli.Newest(src, 0, at(130)), at(120); !got.Equal(want) {
		t.Errorf("Newest of unset slice: got %v, want %v", got, want)
	}
}
