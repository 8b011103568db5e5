package slo

import (
	"cmp"
	"fmt"
	"slices"
)

// The bounds of a quota.
const (
	minWatermark = 0.01
	maxWatermark = 10
	maxCapacity  = 1e6
	maxGates     = 1000
	maxTenants   = 1000
)

func (l *loader) readQuota(a *Actuator, spec value) {
	rest, tight := spec.get("rest"), spec.get("tight")
	for _, key := range []string{"rest", "tight"} {
		if spec.lacks(key) {
			spec.get(key).refuse("missing", "a watermark such as 1.2", "")
		}
	}
	var okRest, okTight bool
	a.Rest, okRest = setting(rest, *a)
	a.Tight, okTight = setting(tight, *a)
	if okRest && okTight && a.Tight >= a.Rest {
		tight.refuse("the tight watermark is not below the one at rest", "less than "+a.Show(a.Rest), "")
	}
	block := spec.get(string(TenantQuota))
	if spec.lacks(string(TenantQuota)) {
		block.refuse("missing", "a mapping with capacity", "")
	}
	a.Quota = readShares(block, a.Rest)
}

func readShares(v value, rest float64) Quota {
	q := Quota{Capacity: amount(v.get("capacity"), 0), Gates: 1, Header: cmp.Or(v.get("header").text(), "X-Tenant")}
	if at := v.get("capacity"); at.good() && q.Capacity == 0 {
		at.refuse("nothing could be shared", "above 0", "")
	}
	if at := v.get("gates"); at.good() {
		if q.Gates = int(at.whole(0)); q.Gates < 1 || q.Gates > maxGates {
			at.refuse(at.text()+" is out of range", fmt.Sprintf("1 to %d", maxGates), "")
			q.Gates = 1
		}
	}
	if at := v.get("header"); at.good() && !isToken(at.text()) {
		at.refuse(fmt.Sprintf("%q is no name of a header", short(at.text())), "letters, digits and -", "")
	}
	sum := 0.0
	for _, item := range v.get("tenants").items() {
		t := readTenant(item, rest*q.Capacity)
		if slices.ContainsFunc(q.Tenants, func(o Tenant) bool { return o.Name == t.Name }) && t.Name != "" {
			item.get("name").refuse("a second tenant of the name "+t.Name, "each tenant once", "")
		}
		q.Tenants = append(q.Tenants, t)
		sum += t.Guarantee
	}
	q.Others = readTenant(v.get("others"), rest*q.Capacity)
	checkGuarantees(v.get("tenants"), q, sum)
	return q
}

// checkGuarantees refuses promises that cannot all be kept, and warns of those
// that leave no room for error.
func checkGuarantees(v value, q Quota, sum float64) {
	switch {
	case !v.good():
	case len(q.Tenants) > maxTenants:
		v.refuse(fmt.Sprintf("%d tenants", len(q.Tenants)), fmt.Sprintf("at most %d", maxTenants), "")
	case sum > q.Capacity:
		v.refuse(fmt.Sprintf("%g calls at once are guaranteed, of a capacity of %g", sum, q.Capacity), "no more than the capacity", "")
	case sum > 0.8*q.Capacity:
		v.warn(fmt.Sprintf("%g of a capacity of %g are guaranteed: nothing is left when it turns out smaller", sum, q.Capacity), "at most four fifths", "")
	}
}

func readTenant(v value, most float64) Tenant {
	t := Tenant{Name: v.get("name").text(), Guarantee: amount(v.get("guarantee"), 0), Ceiling: amount(v.get("ceiling"), most), Weight: amount(v.get("weight"), 1)}
	if at := v.get("ceiling"); t.Ceiling < t.Guarantee || t.Ceiling == 0 && at.given() {
		if !at.given() {
			at = v.get("guarantee")
		}
		at.refuse(fmt.Sprintf("the ceiling %g is below the guarantee %g, or nothing", t.Ceiling, t.Guarantee), "at least the guarantee, above 0", "")
	}
	if at := v.get("weight"); at.good() && t.Weight == 0 {
		at.refuse("without weight it would never borrow", "above 0, or a ceiling that is the guarantee", "")
	}
	return t
}

// amount is a number from 0 on, or instead when there is none.
func amount(v value, instead float64) float64 {
	d, ok := v.decimal()
	switch {
	case !ok:
		return instead
	case d.Sign() < 0 || d.Float() > maxCapacity:
		v.refuse(v.text()+" is out of range", fmt.Sprintf("0 to %g", maxCapacity), "")
		return instead
	}
	return d.Float()
}

// fraction reads a watermark, in thousandths.
func fraction(v value) (float64, bool) {
	d, ok := v.decimal()
	_, den := d.Fraction()
	x := d.Float()
	if !ok || x < minWatermark || x > maxWatermark || 1000%den != 0 {
		v.refuse(fmt.Sprintf("%q is no watermark", short(v.text())), fmt.Sprintf("a number from %g to %d with at most three places, such as 1.2", minWatermark, maxWatermark), "")
		return 0, false
	}
	return x, true
}

// isToken reports whether s may name a header.
func isToken(s string) bool {
	return s != "" && !slices.ContainsFunc([]byte(s), func(c byte) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-'
	})
}
