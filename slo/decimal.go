package slo

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// A Decimal is an exact decimal number: units × 10^−scale. Targets, budgets
// and thresholds are decimals, so that 99.9 % leaves exactly 1/1000 of
// budget. The zero value is 0.
type Decimal struct {
	units int64
	scale uint8
}

// maxScale keeps 10^scale inside an int64, maxNumber bounds what is read.
const (
	maxScale  = 18
	maxNumber = 64
)

var errDecimal = errors.New("not a decimal number of at most 18 digits")

// ParseDecimal reads a number such as "99.9", "0.0005" or "1e-3".
func ParseDecimal(s string) (Decimal, error) {
	if len(s) > maxNumber {
		return Decimal{}, errDecimal
	}
	mantissa, exponent, err := splitExponent(strings.ReplaceAll(s, "_", ""))
	if err != nil {
		return Decimal{}, fmt.Errorf("parse %q: %w", s, err)
	}
	d, err := parsePlain(mantissa)
	if err != nil {
		return Decimal{}, fmt.Errorf("parse %q: %w", s, err)
	}
	if d, err = d.shift(exponent); err != nil {
		return Decimal{}, fmt.Errorf("parse %q: %w", s, err)
	}
	return d, nil
}

// NewDecimal is units × 10^−scale, for constants in code and tests. It
// panics for a scale above 18.
func NewDecimal(units int64, scale uint8) Decimal {
	if scale > maxScale {
		panic("slo: decimal scale above 18")
	}
	return Decimal{units, scale}.trim()
}

// Percent is d/100.
func (d Decimal) Percent() (Decimal, error) { return d.shift(-2) }

// Complement is 1 − d, for a share d from 0 to 1.
func (d Decimal) Complement() Decimal {
	return Decimal{pow10(d.scale) - d.units, d.scale}.trim()
}

// Fraction is d as numerator and denominator; the denominator is a power of
// ten.
func (d Decimal) Fraction() (num, den int64) { return d.units, pow10(d.scale) }

// Float is the float64 nearest to d.
func (d Decimal) Float() float64 {
	f, _ := d.rat().Float64()
	return f
}

// Sign is −1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.units < 0:
		return -1
	case d.units > 0:
		return 1
	}
	return 0
}

// Cmp compares two decimals: −1 when d < e, 0 when equal, 1 when d > e.
func (d Decimal) Cmp(e Decimal) int {
	return d.rat().Cmp(e.rat())
}

// Half is d/2, rounded towards zero where d/2 has more than 18 digits.
func (d Decimal) Half() Decimal {
	const most = 2e17 // 5 × most still has 18 digits
	if d.units%2 == 0 || d.scale == maxScale || d.units >= most || d.units <= -most {
		return Decimal{d.units / 2, d.scale}.trim()
	}
	return Decimal{d.units * 5, d.scale + 1}.trim()
}

// String renders d without an exponent: "0.999".
func (d Decimal) String() string {
	u, sign := d.units, ""
	if u < 0 {
		u, sign = -u, "-"
	}
	digits := fmt.Sprintf("%0*d", int(d.scale)+1, u)
	point := len(digits) - int(d.scale)
	if d.scale == 0 {
		return sign + digits
	}
	return sign + digits[:point] + "." + digits[point:]
}

// MarshalJSON writes d as a JSON number with all its digits.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads a JSON number without rounding it.
func (d *Decimal) UnmarshalJSON(b []byte) (err error) {
	*d, err = ParseDecimal(string(b))
	return err
}

func (d Decimal) rat() *big.Rat { return big.NewRat(d.units, pow10(d.scale)) }

func splitExponent(s string) (mantissa string, exponent int, err error) {
	mantissa, e, found := strings.Cut(strings.ToLower(s), "e")
	if !found {
		return mantissa, 0, nil
	}
	exponent, err = strconv.Atoi(e)
	if err != nil || exponent < -2*maxScale || exponent > 2*maxScale {
		return "", 0, errDecimal
	}
	return mantissa, exponent, nil
}

func parsePlain(s string) (Decimal, error) {
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	whole, fraction, _ := strings.Cut(digits, ".")
	all := strings.TrimLeft(whole+fraction, "0")
	if whole+fraction == "" || len(all) > maxScale || len(fraction) > maxScale || len(digits)+1 < len(s) {
		return Decimal{}, errDecimal
	}
	var units int64
	for _, r := range all {
		if r < '0' || r > '9' {
			return Decimal{}, errDecimal
		}
		units = units*10 + int64(r-'0')
	}
	if strings.HasPrefix(s, "-") {
		units = -units
	}
	return Decimal{units, uint8(len(fraction))}.trim(), nil
}

// shift multiplies by 10^by.
func (d Decimal) shift(by int) (Decimal, error) {
	scale := int(d.scale) - by
	for ; scale < 0; scale++ {
		if d.units >= 1e17 || d.units <= -1e17 {
			return Decimal{}, errDecimal
		}
		d.units *= 10
	}
	if scale > maxScale {
		return Decimal{}, errDecimal
	}
	return Decimal{d.units, uint8(scale)}.trim(), nil
}

// trim drops trailing zeros, so that equal numbers are equal values.
func (d Decimal) trim() Decimal {
	for d.scale > 0 && d.units%10 == 0 {
		d.units, d.scale = d.units/10, d.scale-1
	}
	return d
}

func pow10(n uint8) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
