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

// whole is a slice of a composite in counts.
const whole = sli.Count(1e12)

func component(name, target string, weight string, rule slo.NoData) (slo.Component, slo.Objective) {
	return slo.Component{Objective: name, Weight: dec(weight), NoData: rule},
		slo.Objective{Name: name, Target: dec(target), Slice: time.Minute}
}

func dec(s string) slo.Decimal {
	d, err := slo.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

func composite(how slo.Aggregate, target string, components ...slo.Component) slo.Objective {
	return slo.Objective{
		Name: "all", Target: dec(target), Window: slo.Window{Length: time.Hour}, Slice: time.Minute,
		Method: slo.RatioTimeslices, TimeSlice: slo.TimeSlice{Length: time.Minute},
		Composite: &slo.Composite{Aggregate: how, Components: components},
	}
}

// The formulas of the aggregates, in the example of the documentation: 1 % of
// the first component is bad, with a weight of 3, and 25 % of the second.
func TestComposeAggregates(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		how     slo.Aggregate
		target  string
		weights [2]string
		want    [2]sli.Count // the doing of each
	}{
		{slo.Average, "0.995", [2]string{"3", "1"}, [2]sli.Count{0.0075e12, 0.0625e12}},
		{slo.Average, "0.995", [2]string{"0.000003", "0.000001"}, [2]sli.Count{0.0075e12, 0.0625e12}},
		{slo.SumOfBad, "0.995", [2]string{"3", "0.5"}, [2]sli.Count{0.03e12, 0.125e12}},
		{slo.SumOfBad, "0.995", [2]string{"100", "12"}, [2]sli.Count{0.25e12, 0.75e12}}, // 1 and 3, a whole slice at most
		{slo.SumOfBurn, "0.999091", [2]string{"1", "1"}, [2]sli.Count{0.00909e12, 0.022725e12}},
		{slo.AnyDown, "0.995", [2]string{"1", "1"}, [2]sli.Count{0, 0.25e12}},
		{slo.AllDown, "0.995", [2]string{"1", "1"}, [2]sli.Count{0.01e12, 0}},
	} {
		first, a := component("first", "0.999", c.weights[0], slo.NoDataHold)
		second, b := component("second", "0.99", c.weights[1], slo.NoDataHold)
		got, shares := budget.Compose(composite(c.how, c.target, first, second), slo.Exemption{}, []budget.Part{
			{Objective: a, Since: at, Slices: []sli.Slice{stretch(at, 396, 4, 60)}},
			{Objective: b, Since: at, Slices: []sli.Slice{stretch(at, 15, 5, 60)}},
		}, at, at.Add(time.Minute))
		bad := c.want[0] + c.want[1]
		want := sli.Slice{Start: at, Counts: sli.Counts{Good: whole - bad, Bad: bad, Covered: time.Minute}}
		if diff := cmp.Diff([]sli.Slice{want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.how, diff)
		}
		for i := range shares {
			if shares[i][0].Bad != c.want[i] || shares[i][0].Total() != whole {
				t.Errorf("%s: component %d did %v of the bad, want %d of %d", c.how, i, shares[i][0].Counts, c.want[i], whole)
			}
		}
	}
}

func stretch(at time.Time, good, bad, covered int) sli.Slice {
	return sli.Slice{Start: at, Counts: sli.Counts{Good: sli.Count(good) * sli.Event, Bad: sli.Count(bad) * sli.Event, Covered: time.Duration(covered) * time.Second}}
}

// A component without data follows its rule, from its birth on; one without
// events is left out.
func TestComposeWithoutData(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	born, unborn, never := at.Add(-time.Hour), at.Add(time.Minute), time.Time{}
	for _, c := range []struct {
		what   string
		rule   slo.NoData
		since  time.Time
		slices []sli.Slice // of the second; a tenth of the first is bad
		want   sli.Count
		seen   bool
	}{
		{"hold", slo.NoDataHold, born, nil, 0, false},
		{"ignore", slo.NoDataIgnore, born, nil, whole / 10, true},
		{"good", slo.NoDataGood, born, nil, whole / 20, true},
		{"bad", slo.NoDataBad, born, nil, whole * 11 / 20, true},
		{"bad, hardly observed", slo.NoDataBad, born, []sli.Slice{stretch(at, 100, 0, 29)}, whole * 11 / 20, true},
		{"half observed", slo.NoDataBad, born, []sli.Slice{stretch(at, 100, 0, 30)}, whole / 20, true},
		{"no events", slo.NoDataBad, born, []sli.Slice{stretch(at, 0, 0, 60)}, whole / 10, true},
		{"bad, not born", slo.NoDataBad, unborn, nil, whole / 10, true},
		{"hold, not born", slo.NoDataHold, unborn, nil, whole / 10, true},
		{"bad, never seen", slo.NoDataBad, never, nil, whole / 10, true},
		{"hold, never seen", slo.NoDataHold, never, nil, 0, false},
	} {
		first, a := component("first", "0.999", "1", slo.NoDataHold)
		second, b := component("second", "0.99", "1", c.rule)
		got, _ := budget.Compose(composite(slo.Average, "0.99", first, second), slo.Exemption{}, []budget.Part{
			{Objective: a, Since: born, Slices: []sli.Slice{stretch(at, 90, 10, 60)}}, {Objective: b, Since: c.since, Slices: c.slices},
		}, at, at.Add(time.Minute))
		if got[0].Bad != c.want || (got[0].Covered > 0) != c.seen {
			t.Errorf("%s: got %+v, want %d bad, observed %v", c.what, got[0].Counts, c.want, c.seen)
		}
	}
	only, a := component("only", "0.999", "1", slo.NoDataGood)
	if got, _ := budget.Compose(composite(slo.Average, "0.99", only), slo.Exemption{}, []budget.Part{{Objective: a, Since: born}}, at, at.Add(time.Minute)); got[0].Covered > 0 || got[0].Total() > 0 {
		t.Errorf("a slice in which nothing was observed counts: %+v", got[0])
	}
}

// Where burn rates add up, the burn rate of the composite is the weighted sum
// of those of its components, whatever their targets.
func TestComposeBurnAddsUp(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	first, a := component("first", "0.999", "1", slo.NoDataHold)
	second, b := component("second", "0.99", "0.5", slo.NoDataHold)
	o := composite(slo.SumOfBurn, "0.999048", first, second) // 1 ÷ (1000 + 50), rounded down
	got, _ := budget.Compose(o, slo.Exemption{}, []budget.Part{
		{Objective: a, Since: at, Slices: []sli.Slice{stretch(at, 998, 2, 60)}}, // burn 2
		{Objective: b, Since: at, Slices: []sli.Slice{stretch(at, 94, 6, 60)}},  // burn 6
	}, at, at.Add(time.Minute))
	if burn := float64(got[0].Bad) / float64(got[0].Total()) / 0.000952; burn < 4.999999999 || burn > 5.000000001 {
		t.Errorf("burn %v, want 2 + 0.5 × 6 = 5", burn)
	}
}

// Whatever happens, what the components do adds up to what is bad, in time
// slices too, and slices made at once are those made one by one.
func TestComposeAddsUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		at, n := time.Unix(0, 0).UTC(), 12
		how := rapid.SampledFrom([]slo.Aggregate{slo.Average, slo.SumOfBurn, slo.SumOfBad, slo.AnyDown, slo.AllDown}).Draw(r, "how")
		var components []slo.Component
		var parts []budget.Part
		for range rapid.IntRange(1, 4).Draw(r, "components") {
			rule := rapid.SampledFrom([]slo.NoData{slo.NoDataHold, slo.NoDataIgnore, slo.NoDataGood, slo.NoDataBad}).Draw(r, "rule")
			c, o := component("c", "0.9", rapid.SampledFrom([]string{"1", "0.000001", "7.3", "1000000"}).Draw(r, "weight"), rule)
			p := budget.Part{Objective: o, Since: at.Add(time.Duration(rapid.IntRange(0, n).Draw(r, "since")) * time.Minute)}
			for i := range n {
				p.Slices = append(p.Slices, stretch(at.Add(time.Duration(i)*time.Minute), rapid.IntRange(0, 9).Draw(r, "good"), rapid.IntRange(0, 9).Draw(r, "bad"), rapid.SampledFrom([]int{0, 29, 60}).Draw(r, "covered")))
			}
			components, parts = append(components, c), append(parts, p)
		}
		o := composite(how, "0.95", components...)
		if rapid.Bool().Draw(r, "time slices") {
			o.Method, o.TimeSlice = slo.Timeslices, slo.TimeSlice{Length: 3 * time.Minute, Target: dec("0.5")}
		}
		raw, shares := budget.Compose(o, slo.Exemption{}, parts, at, at.Add(time.Duration(n)*time.Minute))
		got := budget.Fold(o, raw)
		for i, s := range got {
			did := sli.Count(0)
			for _, by := range shares {
				did += by[i].Bad
				if by[i].Total() != s.Total() || by[i].Bad < 0 || by[i].Covered != s.Covered {
					r.Fatalf("share %+v of %+v", by[i], s)
				}
			}
			if did != s.Bad || s.Good < 0 || s.Bad < 0 {
				r.Fatalf("the components did %d of %+v", did, s)
			}
			one, _ := budget.Compose(o, slo.Exemption{}, parts, s.Start, s.Start.Add(o.Step()))
			if diff := cmp.Diff([]sli.Slice{s}, budget.Fold(o, one)); diff != "" {
				r.Fatalf("alone (-at once +alone):\n%s", diff)
			}
		}
	})
}

// An account remembers its newest slices as they were put.
func TestRecent(t *testing.T) {
	at := time.Unix(0, 0).UTC().Add(1000 * time.Hour)
	b := budget.NewAccount(budget.Config{Objective: slo.Objective{Name: "o", Target: dec("0.9"), Slice: time.Minute, Window: slo.Window{Length: time.Hour}}, At: at}, slo.Exemption{})
	flawed := stretch(at.Add(-2*time.Minute), 3, 4, 60)
	flawed.Flaw = sli.FlawGap
	want := []sli.Slice{stretch(at.Add(-5*time.Minute), 1, 2, 60), flawed}
	if err := b.Put(at.Add(-time.Hour), at, want); err != nil {
		t.Fatal(err)
	}
	got, ok := b.Recent(at.Add(-time.Hour), at)
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("ok %v (-put +remembered):\n%s", ok, diff)
	}
	for _, c := range [][2]time.Time{{at.Add(-61 * time.Minute), at}, {at, at.Add(time.Minute)}} {
		if _, ok := b.Recent(c[0], c[1]); ok {
			t.Errorf("the account claims to remember %v", c)
		}
	}
}
