package sli_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// pairAt is a cut of 10 minutes from 0 on of what two scrapers stored.
func pairAt() sli.Cut {
	return sli.Cut{From: time.UnixMilli(0), To: time.UnixMilli(600_000), Scrape: 30 * time.Second, MaxGap: 4 * time.Hour, Pairs: true}
}

func TestPairsCountOnce(t *testing.T) {
	tests := []struct {
		name, a, b string
		want       float64
	}{
		{"in turn", "-30:1 0:1 30:3 60:5", "-20:1 10:2 40:4 70:6", 5},
		{"one is down", "-30:1 0:1 30:3 120:9", "-20:1 10:2 40:4 70:6 100:8 130:10", 9},
		{"a value read earlier than its time says", "0:10 30:20", "1:9 31:19 61:20", 10},
		{"a reset that both see", "0:100 30:3 60:5", "-20:98 10:102 40:4 70:6", 8},
		{"a reset just after a sample shows at the next one", "0:100 30:3", "-20:99 10:1", 3},
		{"a reset in each interval", "-30:1 0:2 30:3 60:1", "-10:6 20:7 50:8", 14},
		{"clocks apart, no reset", "0:1000 30:1100", "-18:950 12:990", 100},
		{"a reset and another one", "0:100 30:7 60:9", "-10:99 20:2 50:8", 9},
		{"both at the same instant", "0:1 30:3", "0:1 30:2", 2},
		{"one ended", "0:1 30:nan", "10:1 40:2", 1},
		{"one is new and begins late", "-60:50 -30:50 0:50 30:60 60:70", "40:60 70:72", 22},
		{"both are born", "", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := counter("s", tt.a), counter("s", tt.b)
			for _, copies := range [][]sli.Series{{a, b}, {b, a}} {
				sum := sli.Counts{}
				for _, s := range pairAt().Increments(nil, copies) {
					sum = sum.Add(s.Counts)
					if s.Flaw != "" && s.Flaw != sli.FlawGap && s.Flaw != sli.FlawRestarts {
						t.Errorf("slice %s has the flaw %s", s.Start, s.Flaw)
					}
				}
				if got := sum.Good.Float(); got != tt.want {
					t.Errorf("got %v events, want %v", got, tt.want)
				}
			}
		})
	}
}

// Samples that are judged count once for each scrape, whoever made it.
func TestPairsOfSamples(t *testing.T) {
	c := pairAt()
	in := slo.Indicator{Kind: slo.Threshold, Op: slo.LessOrEqual, Value: slo.NewDecimal(5, 0)}
	a := counter("s", "-30:1 0:1 30:1 60:9 90:1 270:1 300:1 330:1 360:1 390:1 420:1 450:1 480:1 510:1 540:1 570:1 600:1")
	b := counter("s", "-20:1 10:1 40:1 70:9 100:1 130:1 160:1 190:9 220:1 250:1 280:1 310:1 340:1 370:1 400:1 430:1 460:1 490:1 520:1 550:1 580:1")
	sum := sli.Counts{}
	for i, s := range c.Samples(in, []sli.Series{a, b}) {
		sum = sum.Add(s.Counts)
		one := c
		one.From, one.To = s.Start, s.Start.Add(time.Minute)
		if got := one.Samples(in, reachable([]sli.Series{a, b}, one)); !cmp.Equal(got[0], s) {
			t.Errorf("slice %d by itself is %v, of all %v", i, got[0], s)
		}
	}
	want := sli.Counts{Good: 18 * sli.Event, Bad: 2 * sli.Event, Covered: 10 * time.Minute}
	if sum != want {
		t.Errorf("got %+v, want %+v", sum, want)
	}
}

// Runs of a job that two scrapers watch are counted once, also when one of them
// is late.
func TestPairsOfRuns(t *testing.T) {
	c := pairAt()
	in := slo.Indicator{Kind: slo.Deadline, Limit: time.Minute}
	starts := []sli.Series{counter("x{}", "-90:0 -60:0 -30:0 0:0 30:20 60:20 90:20 120:20 150:140"), counter("x{}", "-20:0 10:0 31:0 61:20 91:20 121:20 151:20 181:140")}
	done := []sli.Series{counter("y{}", "-90:0 -60:0 -30:0 0:0 30:25 60:25 90:25 120:25 150:145"), counter("y{}", "-20:0 10:0 31:0 61:25 91:25 121:25 151:25 181:145")}
	sum := sli.Counts{}
	for _, s := range c.Runs(in, starts, done) {
		sum = sum.Add(s.Counts)
	}
	if sum.Good != 2*sli.Event || sum.Bad != 0 {
		t.Errorf("got %v good and %v bad runs, want 2 and 0", sum.Good.Float(), sum.Bad.Float())
	}
}

// A copy that begins in the cut leaves nothing open while another one was seen.
func TestPairsMissNothing(t *testing.T) {
	old, fresh := counter("s", "-60:1 -30:1 30:2"), counter("s", "40:2")
	if got := pairAt().Missing(nil, []sli.Series{fresh, old}); !got.None() {
		t.Errorf("got %+v, want nothing", got)
	}
	if got := pairAt().Missing(nil, []sli.Series{fresh}); len(got.IDs) != 1 || !got.All {
		t.Errorf("without the other: got %+v, want it missing", got)
	}
}

// counter reads "SECONDS:VALUE …".
func counter(id, text string) sli.Series {
	s := sli.Series{ID: id}
	for part := range strings.FieldsSeq(text) {
		var at int64
		value, number := math.NaN(), ""
		if _, err := fmt.Sscanf(part, "%d:%s", &at, &number); err != nil {
			panic(err)
		}
		if number != "nan" {
			fmt.Sscan(number, &value)
		}
		s.Samples = append(s.Samples, sli.Sample{Milli: at * 1000, Value: value})
	}
	return s
}

// Two scrapers of one process that restarts, each with its own clock, its own
// delays and its own gaps, count what one scraper that saw as much would
// count: each event once, and nothing twice. How much is read at once makes
// no difference.
func TestPairsCountWhatOneWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		life := drawLife(t)
		a, b := life.scrape(t, "a"), life.scrape(t, "b")
		copies := []sli.Series{a, b}
		cut := pairAt()
		cut.To = time.UnixMilli(60 * 60000)
		whole := cut.Increments(nil, copies)
		sum := sli.Count(0)
		for i, s := range whole {
			sum += s.Total()
			one := cut
			one.From, one.To = s.Start, s.Start.Add(time.Minute)
			got := one.Increments(nil, reachable(copies, one))
			if gapless(a, b, one) && !cmp.Equal(got[0], s) {
				t.Fatalf("slice %d by itself is %v, of all %v\na %v\nb %v", i, got[0], s, a.Samples, b.Samples)
			}
		}
		if most := sli.Count(life.last(3_600_000)) * sli.Event; sum > most {
			t.Fatalf("counted %v, there were %v\na %v\nb %v", sum, most, a.Samples, b.Samples)
		}
		if life.restarts == 0 {
			if want := span(a, b); sum != want {
				t.Fatalf("counted %v, want %v\na %v\nb %v", sum, want, a.Samples, b.Samples)
			}
		}
	})
}

// reachable is what is read for one slice.
func reachable(copies []sli.Series, c sli.Cut) (out []sli.Series) {
	for _, one := range copies {
		one.Samples = between(one.Samples, c.From.Add(-c.Before()).UnixMilli(), c.To.UnixMilli())
		out = append(out, one)
	}
	return out
}

// gapless reports whether the lookback of a slice holds samples, so that
// nothing older has to be asked for.
func gapless(a, b sli.Series, c sli.Cut) bool {
	return len(between(append(a.Samples[:len(a.Samples):len(a.Samples)], b.Samples...), c.From.Add(-c.Lookback()).UnixMilli(), c.From.UnixMilli())) > 2
}

// span is how far a counter without resets came between the first and the
// last sample of either copy that lie in the hour, or just before it.
func span(a, b sli.Series) sli.Count {
	lowest, highest := math.Inf(1), 0.
	for _, s := range append(a.Samples[:len(a.Samples):len(a.Samples)], b.Samples...) {
		if s.Milli <= 3_600_000 {
			lowest, highest = min(lowest, s.Value), max(highest, s.Value)
		}
	}
	before := lowest
	for _, s := range append(a.Samples[:len(a.Samples):len(a.Samples)], b.Samples...) {
		if s.Milli <= 0 {
			before = max(before, s.Value)
		}
	}
	return sli.Count(highest-before) * sli.Event
}

// A life is a process's: how many events it counted by each second.
type life struct {
	values   []int64 // :: seconds since -600 → value
	events   []int64 // the same, restarts aside
	restarts int
}

func drawLife(t *rapid.T) (l life) {
	value, all := int64(0), int64(0)
	often := rapid.Bool().Draw(t, "restarts")
	rate := rapid.Int64Range(0, 9).Draw(t, "rate")
	next := rapid.IntRange(1, 900).Draw(t, "next")
	for at := range 600 + 3601 {
		value, all = value+rate, all+rate
		if next--; next == 0 {
			next = rapid.IntRange(1, 900).Draw(t, "next")
			rate = rapid.Int64Range(0, 9).Draw(t, "rate")
			if often && at > 700 {
				value, l.restarts = 0, l.restarts+1
			}
		}
		l.values, l.events = append(l.values, value), append(l.events, all)
	}
	return l
}

// scrape is what one scraper stored: up to nine seconds after the time that a
// sample bears its value was read, and now and then it stored nothing.
func (l life) scrape(t *rapid.T, name string) sli.Series {
	s := sli.Series{ID: "s"}
	skip := 0
	for at := rapid.IntRange(0, 29).Draw(t, name); at < len(l.values)-21; at += 30 {
		if skip > 0 {
			skip--
			continue
		}
		if at > 60 && rapid.IntRange(0, 15).Draw(t, "gap") == 0 {
			skip = rapid.IntRange(0, 20).Draw(t, "skip")
		}
		read := at + rapid.IntRange(0, 9).Draw(t, "slow")
		s.Samples = append(s.Samples, sli.Sample{Milli: int64(at-600) * 1000, Value: float64(l.values[read])})
	}
	return s
}

// last is how many events there were up to an instant, in ms, and a bit.
func (l life) last(milli int64) int64 { return l.events[min(len(l.events)-1, 600+int(milli/1000)+21)] }
