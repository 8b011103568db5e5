package loop

import (
	"reflect"
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// Adjusted is what a person orders to be said of the counts of an objective
// in [From, To): the same as an Adjustment among the definitions says. What
// was measured stays as it is, and the order can be ended at any time.
type Adjusted struct {
	Objective string        `json:"objective"`
	From      time.Time     `json:"from"`
	To        time.Time     `json:"to"`
	Effect    slo.Effect    `json:"effect"`
	Counts    slo.Corrected `json:"counts,omitzero"` // of correct
	Category  string        `json:"category"`
}

// Adjustment is what an order says of counts; ok is false for any that says
// nothing of them.
func (o Order) Adjustment() (a slo.Adjustment, ok bool) {
	if o.Kind != OrderAdjust || o.Adjust == nil {
		return a, false
	}
	return slo.Adjustment{
		Name: o.Target, AppliesTo: slo.Scope{Objectives: []string{o.Adjust.Objective}}, Stretch: slo.Stretch{From: o.Adjust.From, To: o.Adjust.To},
		Effect: o.Adjust.Effect, Counts: o.Adjust.Counts, Author: o.By, Reason: o.Why, Category: o.Adjust.Category, Order: o.ID,
	}, true
}

// adjust puts what people said of counts in force, before anything is
// measured: budgets that it touches are made anew from the store.
func (l *Loop) adjust(orders []Order) {
	var all []slo.Adjustment
	for _, o := range orders {
		if a, ok := o.Adjustment(); ok {
			all = append(all, a)
		}
	}
	if reflect.DeepEqual(all, l.adjusted) {
		return
	}
	l.adjusted = all
	l.refresh()
	l.gauges = l.takeGauges(l.set)
	l.blends = l.takeBlends(l.set)
}

// withAdjusted is definitions with what people ordered to be adjusted.
func (l *Loop) withAdjusted(set *slo.Set) *slo.Set {
	if len(l.adjusted) == 0 {
		return set
	}
	with := *set
	with.Adjustments = slices.Concat(set.Adjustments, l.adjusted)
	return &with
}
