package slo_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/slo"
)

func TestParseDecimal(t *testing.T) {
	tests := []struct{ in, want string }{
		{"0", "0"}, {"-0", "0"}, {"00.00", "0"}, {"99.9", "99.9"}, {"0.999", "0.999"}, {".5", "0.5"}, {"5.", "5"},
		{"+1", "1"}, {"-1.50", "-1.5"}, {"1e-3", "0.001"}, {"1E3", "1000"}, {"1.5e+1", "15"}, {"0.0005", "0.0005"},
		{"999999999999999999", "999999999999999999"}, {"0.000000000000000001", "0.000000000000000001"},
	}
	for _, tt := range tests {
		got, err := slo.ParseDecimal(tt.in)
		if err != nil || got.String() != tt.want {
			t.Errorf("ParseDecimal(%q) = %s, %v; want %s", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", ".", "-", "+-1", "-+1", "1.2.3", "0x10", "1e", "1e99", "1e1.5", "nan", ".inf", "1,5", "٣", "1000000000000000000", "0.0000000000000000001", "1e-19", "1e18"} {
		if got, err := slo.ParseDecimal(in); err == nil {
			t.Errorf("ParseDecimal(%q) = %s, want an error", in, got)
		}
	}
}

// rat is d as an exact fraction.
func rat(d slo.Decimal) *big.Rat {
	num, den := d.Fraction()
	return big.NewRat(num, den)
}

// decimals draws decimals of at most 18 digits.
func decimals() *rapid.Generator[slo.Decimal] {
	return rapid.Custom(func(t *rapid.T) slo.Decimal {
		const most = 999_999_999_999_999_999
		return slo.NewDecimal(rapid.Int64Range(-most, most).Draw(t, "units"), rapid.Uint8Range(0, 18).Draw(t, "scale"))
	})
}

// shares draws decimals from 0 to 1.
func shares() *rapid.Generator[slo.Decimal] {
	return rapid.Custom(func(t *rapid.T) slo.Decimal {
		scale := rapid.Uint8Range(0, 18).Draw(t, "scale")
		_, den := slo.NewDecimal(1, scale).Fraction()
		return slo.NewDecimal(rapid.Int64Range(0, den).Draw(t, "units"), scale)
	})
}

func TestDecimalIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := decimals().Draw(t, "a"), decimals().Draw(t, "b")
		if got, want := a.Cmp(b), rat(a).Cmp(rat(b)); got != want {
			t.Errorf("Cmp(%s, %s) = %d, want %d", a, b, got, want)
		}
		if (a == b) != (rat(a).Cmp(rat(b)) == 0) {
			t.Errorf("%s == %s is %v", a, b, a == b)
		}
		if got, want := a.Sign(), rat(a).Sign(); got != want {
			t.Errorf("Sign(%s) = %d, want %d", a, got, want)
		}
		if want, _ := rat(a).Float64(); a.Float() != want {
			t.Errorf("Float(%s) = %v, want %v", a, a.Float(), want)
		}
		again, err := slo.ParseDecimal(a.String())
		if err != nil || again != a {
			t.Errorf("ParseDecimal(%s) = %s, %v", a, again, err)
		}
	})
}

func TestDecimalArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := shares().Draw(t, "d")
		if sum := new(big.Rat).Add(rat(d), rat(d.Complement())); sum.Cmp(big.NewRat(1, 1)) != 0 {
			t.Errorf("%s and its complement %s add up to %s", d, d.Complement(), sum)
		}
		if d.Complement().Complement() != d {
			t.Errorf("the complement of the complement of %s is %s", d, d.Complement().Complement())
		}
		any := decimals().Draw(t, "any")
		off := new(big.Rat).Sub(new(big.Rat).Add(rat(any.Half()), rat(any.Half())), rat(any))
		if _, den := any.Fraction(); off.Sign() != 0 && (off.Abs(off).Cmp(big.NewRat(1, den)) > 0 || len(digits(any)) < 18 && den < 1e18) {
			t.Errorf("twice the half of %s is off by %s", any, off)
		}
		if _, err := slo.ParseDecimal(any.Half().String()); err != nil {
			t.Errorf("the half of %s cannot be read back: %v", any, err)
		}
		percent, err := any.Percent()
		if err == nil && new(big.Rat).Mul(rat(percent), big.NewRat(100, 1)).Cmp(rat(any)) != 0 {
			t.Errorf("%s percent is %s", any, percent)
		}
	})
}

func digits(d slo.Decimal) string {
	return strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(d.String()), "0")
}

func TestBudgetIsExact(t *testing.T) {
	for target, want := range map[string]string{"0.999": "0.001", "0.9": "0.1", "0.99999": "0.00001", "0.5": "0.5"} {
		d, err := slo.ParseDecimal(target)
		if got := (slo.Objective{Target: d}).Budget().String(); err != nil || got != want {
			t.Errorf("the budget of %s is %s (%v), want %s", target, got, err, want)
		}
	}
}

func TestNewDecimalRefusesScale(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("NewDecimal(1, 19) does not panic")
		}
	}()
	slo.NewDecimal(1, 19)
}

func FuzzDecimal(f *testing.F) {
	for _, seed := range []string{"99.9", "-0.0005", "1e-3", "1_000", "999999999999999999", "5.", ".5e18", "1e-18"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := slo.ParseDecimal(s)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(strings.ReplaceAll(s, "_", ""))
		if !ok || want.Cmp(rat(d)) != 0 {
			t.Fatalf("ParseDecimal(%q) = %s, want %s", s, d, want)
		}
		text, err := json.Marshal(d)
		var again slo.Decimal
		if err != nil || json.Unmarshal(text, &again) != nil || again != d {
			t.Fatalf("%q: %s is read back from JSON as %s (%v)", s, d, again, err)
		}
		_ = d.Half().String() + d.Complement().String()
	})
}
