package budget_test

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func contract() slo.SLA {
	return slo.SLA{
		Name: "contract", Objective: "fast", Target: slo.NewDecimal(995, 3),
		Period:  slo.Window{Length: time.Hour, Count: 1, Unit: slo.Hours, Start: midday},
		Credits: []slo.Credit{{Below: slo.NewDecimal(995, 3), Share: slo.NewDecimal(1, 1)}, {Below: slo.NewDecimal(99, 2), Share: slo.NewDecimal(25, 2)}, {Below: slo.NewDecimal(9, 1), Share: slo.NewDecimal(1, 0)}},
	}
}

// Credits at and next to their thresholds: what is reached is not below.
func TestSettle(t *testing.T) {
	for _, c := range []struct {
		good, bad sli.Count
		credit    string
		met       bool
	}{
		{0, 0, "0", true},
		{1000, 0, "0", true},
		{995, 5, "0", true},
		{994_999, 5_001, "0.1", false},
		{990, 10, "0.1", false},
		{989, 11, "0.25", false},
		{900, 100, "0.25", false},
		{899, 101, "1", false},
		{0, 1, "1", false},
	} {
		s := budget.Settle(contract(), slo.Occurrences, midday, midday, midday, sli.Counts{Good: c.good * sli.Event, Bad: c.bad * sli.Event})
		if s.Credit.String() != c.credit || s.Met != c.met {
			t.Errorf("%d good, %d bad: %s owed, met %v; want %s, %v", c.good, c.bad, s.Credit, s.Met, c.credit, c.met)
		}
	}
}

// TestSettleLikeNaive compares credits with big rationals.
func TestSettleLikeNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := sli.Counts{Good: sli.Count(rapid.Int64Range(0, 1e18).Draw(t, "good")), Bad: sli.Count(rapid.Int64Range(1, 1e16).Draw(t, "bad"))}
		want := slo.Decimal{}
		achieved := big.NewRat(int64(c.Good), int64(c.Good+c.Bad))
		for _, credit := range contract().Credits {
			if achieved.Cmp(big.NewRat(credit.Below.Fraction())) < 0 {
				want = credit.Share
			}
		}
		if got := budget.Settle(contract(), slo.Occurrences, midday, midday, midday, c).Credit; got.Cmp(want) != 0 {
			t.Errorf("%+v: %s owed, want %s", c, got, want)
		}
	})
}

// TestContractsOfAnAccount: the period so far begins anew each hour, the last
// one is summed from the store, and each is judged by the counts it asks for.
func TestContractsOfAnAccount(t *testing.T) {
	plain, raw := contract(), contract()
	raw.Name, raw.Raw = "raw", true
	o := promised()
	a := budget.NewAccount(budget.Config{Objective: o, SLAs: []slo.SLA{plain, raw}, At: midday}, exemption(windowed(slo.Exclude, "works", 10*time.Minute, 20*time.Minute)))
	var stored []sli.Slice
	sums := 0
	for i := range 150 {
		s := sliceOf(i, 99, 1)
		stored = append(stored, s)
		each(t, a, s)
		for _, r := range a.Closing() {
			sums++
			var all []sli.Slice
			for _, s := range stored {
				if !s.Start.Before(r.From) && s.Start.Before(r.To) {
					all = append(all, s)
				}
			}
			a.Close(r, all)
		}
	}
	want := []struct {
		name       string
		from, bad  int // minutes after midday, events
		over       bool
		observedOf time.Duration
	}{{"contract", 120, 30, false, 30 * time.Minute}, {"contract", 60, 60, true, time.Hour}, {"raw", 120, 30, false, 30 * time.Minute}, {"raw", 60, 60, true, time.Hour}}
	got := a.State().SLAs
	if len(got) != len(want) {
		t.Fatalf("%d settlements, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		s := got[i]
		if s.SLA != w.name || !s.From.Equal(midday.Add(time.Duration(w.from)*time.Minute)) || s.Bad != sli.Count(w.bad)*sli.Event || s.At.Equal(s.To) != w.over || s.Covered != w.observedOf {
			t.Errorf("settlement %d is %+v, want %+v", i, s, w)
		}
	}
	if sums > 8 { // each of the two SLAs: what was before, the first hour, the second, and each again after an hour
		t.Errorf("%d sums from the store in 150 minutes", sums)
	}
}

// TestExcludedIsNotOwed: the first hour with ten minutes of works in it.
func TestExcludedIsNotOwed(t *testing.T) {
	raw := contract()
	raw.Raw = true
	a := budget.NewAccount(budget.Config{Objective: promised(), SLAs: []slo.SLA{contract(), raw}, At: midday}, exemption(windowed(slo.Exclude, "works", 10*time.Minute, 20*time.Minute)))
	for i := range 60 {
		bad := sli.Count(0)
		if i >= 10 && i < 20 {
			bad = 50
		}
		each(t, a, sliceOf(i, 100-bad, bad))
	}
	got := a.State().SLAs
	if len(got) != 2 || got[0].Bad != 0 || got[0].Credit.Sign() != 0 || got[1].Bad != 500*sli.Event || got[1].Credit.String() != "0.25" {
		t.Errorf("settled %+v", got)
	}
}
