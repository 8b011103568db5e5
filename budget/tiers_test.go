package budget_test

import (
	"fmt"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func TestTiers(t *testing.T) {
	for _, c := range []struct {
		target    string
		window    time.Duration
		want      string
		reachable [4]bool
	}{
		{"0.999", 30 * day, "14.4x 1h0m0s/5m0s, 6x 6h0m0s/30m0s, 3x 24h0m0s/2h0m0s, 1x 72h0m0s/6h0m0s", [4]bool{true, true, true, true}},
		{"0.9", 28 * day, "14.4x 56m0s/4m40s, 6x 5h36m0s/28m0s, 3x 22h24m0s/1h52m0s, 1x 67h12m0s/5h36m0s", [4]bool{false, true, true, true}},
		{"0.5", 7 * day, "14.4x 14m0s/1m10s, 6x 1h24m0s/7m0s, 3x 5h36m0s/28m0s, 1x 16h48m0s/1h24m0s", [4]bool{false, false, false, true}},
		{"0.930555555555555555", 30 * day, "14.4x 1h0m0s/5m0s, 6x 6h0m0s/30m0s, 3x 24h0m0s/2h0m0s, 1x 72h0m0s/6h0m0s", [4]bool{false, true, true, true}},
		{"0.930555555555555556", 365 * day, "14.4x 12h10m0s/1h0m50s, 6x 73h0m0s/6h5m0s, 3x 292h0m0s/24h20m0s, 1x 876h0m0s/73h0m0s", [4]bool{true, true, true, true}},
	} {
		got, words := [4]bool{}, ""
		for i, tier := range budget.Tiers(decimal(t, c.target), c.window) {
			if i > 0 {
				words += ", "
			}
			words += fmt.Sprintf("%sx %s/%s", tier.Burn, tier.Long, tier.Short)
			got[i] = tier.Reachable
			if share := tier.Burn.Float() * float64(tier.Long) / float64(c.window); share-tier.Share.Float() > 1e-12 || tier.Share.Float()-share > 1e-12 {
				t.Errorf("%s over %s uses %v of the budget, want %s", tier.Burn, tier.Long, share, tier.Share)
			}
		}
		if words != c.want || got != c.reachable {
			t.Errorf("%s over %s:\n got %s %v\nwant %s %v", c.target, c.window, words, got, c.want, c.reachable)
		}
	}
}

// ratios are constant shares of bad events.
func ratios() []string {
	return []string{"0.002", "0.005", "0.01", "0.015", "0.02", "0.05", "0.1", "0.2", "0.5", "1"}
}

// The closed form for 99.9 % over 30 days, to the millisecond; "" = never.
func TestDetectionTable(t *testing.T) {
	table := map[string][4]string{
		"0.002": {"", "", "", "36h"},
		"0.005": {"", "", "51840s", "51840s"},
		"0.01":  {"", "12960s", "25920s", "25920s"},
		"0.02":  {"2592s", "6480s", "12960s", "12960s"},
		"0.05":  {"1036.8s", "2592s", "5184s", "5184s"},
		"1":     {"51.84s", "129.6s", "259.2s", "259.2s"},
	}
	target := slo.NewDecimal(999, 3)
	for ratio, row := range table {
		for i, tier := range budget.Tiers(target, 30*day) {
			want, _ := time.ParseDuration(row[i])
			got, ok := budget.Detection(target, tier.Burn, tier.Long, decimal(t, ratio))
			if got != want || ok != (row[i] != "") {
				t.Errorf("%s at %sx over %s: %s %v, want %q", ratio, tier.Burn, tier.Long, got, ok, row[i])
			}
		}
	}
}

func TestDetectionAndResetAtTheEdges(t *testing.T) {
	target, burn := slo.NewDecimal(99, 2), slo.NewDecimal(10, 0)
	for _, c := range []struct {
		ratio          string
		detect, settle time.Duration
		ok             bool
	}{
		{"0", 0, 0, false},
		{"-1", 0, 0, false},
		{"0.099999", 0, 0, false},
		{"0.1", hour, 0, true},
		{"0.3", 20 * time.Minute, 40 * time.Minute, true},
		{"0.7", 8*time.Minute + 34285714286, 51*time.Minute + 25714285715, true}, // both rounded up to 1 ns
	} {
		detect, ok := budget.Detection(target, burn, hour, decimal(t, c.ratio))
		settle, ok2 := budget.Reset(target, burn, hour, decimal(t, c.ratio))
		if detect != c.detect || settle != c.settle || ok != c.ok || ok2 != c.ok {
			t.Errorf("%s: detected after %s %v, reset after %s %v; want %s, %s, %v", c.ratio, detect, ok, settle, ok2, c.detect, c.settle, c.ok)
		}
	}
}

// An incident of constant ratio, after 30 days without errors, on a book of
// one-minute slices: each tier fires at the closed form's time plus less than
// a slice, and ends at its reset time plus at most a slice.
func TestBookDetectsAndResetsOnTime(t *testing.T) {
	target := slo.NewDecimal(999, 3)
	for _, ratio := range ratios() {
		for _, tier := range budget.Tiers(target, 30*day) {
			t.Run(fmt.Sprintf("%s/%sx", ratio, tier.Burn), func(t *testing.T) {
				i := newIncident(t, tier, target, decimal(t, ratio))
				fires, ok := budget.Detection(target, tier.Burn, tier.Long, decimal(t, ratio))
				got, fired := i.last(tier.Long+2*time.Minute, true)
				if fired != ok || ok && (got < fires || got >= fires+time.Minute) {
					t.Fatalf("fired after %s (%v), want %s (%v) and less than a slice", got, fired, fires, ok)
				}
				if !ok {
					return
				}
				i.pass(tier.Short)
				i.bad = 0
				ends, _ := budget.Reset(target, tier.Burn, tier.Short, decimal(t, ratio))
				if got, _ := i.last(tier.Long, false); got < ends || got > ends+time.Minute {
					t.Errorf("ended after %s, want %s and at most a slice", got, ends)
				}
			})
		}
	}
}

// An incident plays slices of 100,000 events on a book with one tier.
type incident struct {
	t      *testing.T
	tier   budget.Tier
	target slo.Decimal
	book   *budget.Book
	all    map[time.Time]sli.Slice
	now    time.Time
	bad    sli.Count
}

func newIncident(t *testing.T, tier budget.Tier, target, ratio slo.Decimal) *incident {
	num, den := ratio.Fraction()
	c := budget.Config{At: noon, Since: noon.Add(-30 * day), Windows: []time.Duration{tier.Long, tier.Short}}
	c.Objective = slo.Objective{Name: "checkout", Target: target, Slice: time.Minute, Window: slo.Window{Length: 30 * day}}
	i := &incident{t: t, tier: tier, target: target, book: budget.NewBook(c), all: map[time.Time]sli.Slice{}, now: noon}
	for _, r := range i.book.Stretches() {
		n := r.To.Sub(r.From)
		sum := budget.Sum{From: r.From, To: r.To, Counts: sli.Counts{Good: sli.Count(n/time.Minute) * 100_000 * event, Covered: n}}
		i.must(i.book.PutSum(sum))
	}
	for start := i.book.Reach(); start.Before(noon); start = start.Add(time.Minute) {
		i.must(i.book.Put(i.slice(start)))
	}
	i.bad = sli.Count(100_000*num/den) * event
	return i
}

// last plays until the tier fires, or does not, for at most most, and says
// how long that took.
func (i *incident) last(most time.Duration, fires bool) (time.Duration, bool) {
	for n := time.Duration(0); n <= most; n += time.Minute {
		s := i.book.State()
		long, _ := s.Window(i.tier.Long)
		short, _ := s.Window(i.tier.Short)
		if budget.AtLeast(long, i.target, i.tier.Burn) && budget.AtLeast(short, i.target, i.tier.Burn) == fires && long.Known {
			return n, true
		}
		i.pass(time.Minute)
	}
	return most, false
}

func (i *incident) pass(length time.Duration) {
	for end := i.now.Add(length); i.now.Before(end); i.now = i.now.Add(time.Minute) {
		i.must(i.book.Advance(i.now.Add(time.Minute)))
		i.must(i.book.Put(i.slice(i.now)))
		i.must(answer(i.book, i.slice))
	}
}

// slice is what was counted from start on; it stays what it was first.
func (i *incident) slice(start time.Time) sli.Slice {
	s, ok := i.all[start]
	if !ok {
		s = sli.Slice{Start: start, Counts: sli.Counts{Good: 100_000*event - i.bad, Bad: i.bad, Covered: time.Minute}}
		if start.Before(noon) {
			s.Counts = sli.Counts{Good: 100_000 * event, Covered: time.Minute}
		}
		i.all[start] = s
	}
	return s
}

func (i *incident) must(err error) {
	i.t.Helper()
	if err != nil {
		i.t.Fatal(err)
	}
}
