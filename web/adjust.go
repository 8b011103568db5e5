package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// adjusting is the definitions with all adjustments that are ordered, those
// that no tick has seen yet too.
func (l look) adjusting() *slo.Set {
	with := *l.set
	with.Adjustments = slices.DeleteFunc(slices.Clone(with.Adjustments), func(a slo.Adjustment) bool { return a.Order != "" })
	for _, o := range l.report.Orders {
		if a, ok := o.Adjustment(); ok {
			with.Adjustments = append(with.Adjustments, a)
		}
	}
	return &with
}

// adjust checks what an adjustment says, and that its name is free; or that
// there is one of the name that can be ended.
func (d draft) adjust(o *loop.Order, set *slo.Set) []string {
	switch {
	case o.Kind == loop.OrderUnadjust:
		return d.ordered(set)
	case o.Kind != loop.OrderAdjust && d.Adjust != nil:
		return []string{"adjust belongs to adjust only"}
	case o.Kind != loop.OrderAdjust:
		return nil
	case d.Adjust == nil:
		return []string{"adjust is missing: objective, from, to, effect and category"}
	}
	if i := slices.IndexFunc(set.Adjustments, func(a slo.Adjustment) bool { return a.Name == o.Target && a.Order != o.ID }); i >= 0 {
		return []string{fmt.Sprintf("there is an adjustment %s already; unadjust ends one that was ordered", o.Target)}
	}
	o.Adjust = &loop.Adjusted{Objective: d.Adjust.Objective, From: d.Adjust.From.UTC(), To: d.Adjust.To.UTC(), Effect: slo.Effect(d.Adjust.Effect), Category: d.Adjust.Category}
	if c := d.Adjust.Counts; c != nil {
		o.Adjust.Counts = slo.Corrected{Good: c.Good, Bad: c.Bad}
	} else if o.Adjust.Effect == slo.Correct {
		return []string{"counts are missing: correct says what really happened"}
	}
	a, _ := o.Adjustment()
	return set.Wrong(a)
}

func adjustmentName(name string) []string {
	if strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyz-.") != "" || name == "" || len(name) > maxName {
		return []string{"target, the name of the adjustment, is not made of a-z, 0-9, - and ."}
	}
	return nil
}

// ordered checks that an adjustment that is to be ended was ordered.
func (d draft) ordered(set *slo.Set) []string {
	var names []string
	for _, a := range set.Adjustments {
		switch {
		case a.Name == d.Target && a.Order == "":
			return []string{a.Name + " is in the definitions: it ends there, with revoked: true"}
		case a.Name == d.Target:
			return nil
		case a.Order != "":
			names = append(names, a.Name)
		}
	}
	if len(names) == 0 {
		return []string{"no adjustment that was ordered is in force"}
	}
	return []string{fmt.Sprintf("target %q is none of the adjustments that were ordered: %s", d.Target, strings.Join(names, ", "))}
}

// subject is the service, or what else names it, that an order is about.
func subject(o loop.Order, set *slo.Set) string {
	objective := ""
	if o.Kind == loop.OrderAnnotate {
		objective = o.Target
	}
	if o.Adjust != nil {
		objective = o.Adjust.Objective
	}
	for _, a := range set.Adjustments {
		if o.Kind == loop.OrderUnadjust && a.Name == o.Target && len(a.AppliesTo.Objectives) == 1 {
			objective = a.AppliesTo.Objectives[0]
		}
	}
	for _, one := range set.Objectives {
		if one.Name == objective {
			return one.Service
		}
	}
	return o.Target
}

// times reads what a form says of a stretch of time, in the reader's zone.
func (d *draft) times(f url.Values, zone *time.Location) error {
	if d.Kind != client.Adjust && d.Kind != client.Annotate {
		return nil
	}
	from, err := askTime(f, "from", zone)
	to, wrong := askTime(f, "to", zone)
	if err = cmp.Or(err, wrong); err != nil {
		return err
	}
	if d.Kind == client.Annotate {
		d.Note = &client.Noted{From: from, To: to}
		return nil
	}
	d.Adjust = &client.Adjusted{Objective: strings.TrimSpace(f.Get("objective")), From: from, To: to, Effect: f.Get("effect"), Category: f.Get("category")}
	if f.Get("good") == "" && f.Get("bad") == "" {
		return nil
	}
	good, err := strconv.ParseInt(f.Get("good"), 10, 64)
	bad, wrong := strconv.ParseInt(f.Get("bad"), 10, 64)
	if err = cmp.Or(err, wrong); err != nil {
		return refuse(http.StatusUnprocessableEntity, "bad-order", "the order was not taken: good and bad are not both numbers of events", "")
	}
	d.Adjust.Counts = &client.Counts{Good: good, Bad: bad}
	return nil
}

// note checks the time of an annotation.
func (d draft) note(o *loop.Order) []string {
	switch {
	case o.Kind != loop.OrderAnnotate && d.Note != nil:
		return []string{"note belongs to annotate only"}
	case o.Kind != loop.OrderAnnotate:
		return nil
	case d.Note == nil:
		d.Note = &client.Noted{}
	}
	o.Note = &loop.Noted{From: cmp.Or(d.Note.From.UTC(), o.At), To: d.Note.To.UTC()}
	if n := *o.Note; !n.To.IsZero() && !n.From.Before(n.To) {
		return []string{"from is not before to"}
	} else if n.From.Sub(o.At).Abs() > mostNoted || !n.To.IsZero() && n.To.Sub(o.At).Abs() > mostNoted {
		return []string{"an annotation is about a time within 400 days"}
	}
	return nil
}

// mostNoted is how far from now the time of an annotation may lie.
const mostNoted = 400 * 24 * time.Hour

func wireNoted(n *loop.Noted) *client.Noted {
	if n == nil {
		return nil
	}
	return &client.Noted{From: n.From, To: n.To}
}

func wireAdjusted(a *loop.Adjusted) *client.Adjusted {
	if a == nil {
		return nil
	}
	out := &client.Adjusted{Objective: a.Objective, From: a.From, To: a.To, Effect: string(a.Effect), Category: a.Category}
	if a.Effect == slo.Correct {
		out.Counts = &client.Counts{Good: a.Counts.Good, Bad: a.Counts.Bad}
	}
	return out
}
