package slo

import (
	"fmt"
	"time"
)

// mostOutage is the longest shortest outage, in time slices: what each of them
// counts as depends on twice as many on both sides.
const mostOutage = 120

// minOutage reads from which length on outages count; 0 = each bad time slice
// does.
func minOutage(meta value, o Objective) time.Duration {
	v := meta.get("annotations").get("setpoint.dev/minimum-outage")
	d, ok := v.duration()
	length := o.TimeSlice.Length
	switch {
	case !ok:
		return 0
	case o.Method != Timeslices:
		v.refuse("outages are time, which this budgeting method does not count", "budgetingMethod: Timeslices, with the ratio in timeSliceTarget", "")
	case length == 0:
	case d <= length || d%length != 0:
		v.refuse(Span(d)+" is not several time slices of "+Span(length), "a multiple of "+Span(length)+", more than one", "")
	case d > mostOutage*length:
		v.refuse(Span(d)+" is too long for time slices of "+Span(length), fmt.Sprintf("at most %d of them", mostOutage), "")
	case o.Window.Length > 0 && d > o.Window.Length/slicesInWindow:
		v.refuse(Span(d)+" is more than a twelfth of the window", "at most "+Span(o.Window.Length/slicesInWindow), "")
	default:
		return d
	}
	return 0
}

// wholeOutages refuses components whose short outages do not count: what their
// time slices count as may change when the next ones are known.
func wholeOutages(d *draftComposite, parts []Objective) {
	for n, part := range parts {
		if part.TimeSlice.MinOutage > 0 {
			d.components[n].at.refuse(fmt.Sprintf("%s lets outages of less than %s pass, which a composite cannot", part.Name, Span(part.TimeSlice.MinOutage)), "a component without setpoint.dev/minimum-outage", "")
		}
	}
}
