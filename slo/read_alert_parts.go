package slo

import (
	"fmt"
	"strings"
	"time"
)

// defaultNoDataAfter is how long nothing can be seen before it is told.
const defaultNoDataAfter = 10 * time.Minute

// shortestKey is the fewest characters of a secret that signs.
const shortestKey = 16

func readCondition(doc value) AlertCondition {
	meta, spec := doc.get("metadata"), doc.get("spec")
	is, notes := spec.get("condition"), meta.get("annotations")
	c := AlertCondition{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Severity: spec.get("severity").text(), After: shorthand(is.get("alertAfter")), Window: shorthand(is.get("lookbackWindow")),
		Short: positive(notes.get("setpoint.dev/shortWindow")), MinBad: notes.get("setpoint.dev/minBad").whole(0),
		Off: notes.get("setpoint.dev/disabled").truth(), Position: doc.place().Position,
	}
	c.Burn, c.Share, c.Spent = burnOf(is, notes)
	if op := is.get("op"); op.text() == "lte" || op.text() == "lt" {
		op.warn("would alert while the budget is safe; it is read as gte, as in OpenSLO's own examples", "gte", "gte")
	}
	window, short := is.get("lookbackWindow"), notes.get("setpoint.dev/shortWindow")
	switch {
	case notes.get("setpoint.dev/spentPercent").given() && window.given():
		window.refuse("lookbackWindow has no part beside setpoint.dev/spentPercent: the budget has the window of the objective", "one of them", "")
	case notes.get("setpoint.dev/spentPercent").given() && short.given():
		short.refuse("there is no short window beside setpoint.dev/spentPercent", "one of them", "")
	case !notes.get("setpoint.dev/spentPercent").given() && is.lacks("lookbackWindow"):
		window.refuse("missing", shapeWindow.expected(field{}), "")
	case c.Short > c.Window && c.Window > 0:
		short.refuse(fmt.Sprintf("the short window of %s is longer than the look-back window of %s", Span(c.Short), Span(c.Window)), "at most "+Span(c.Window), "")
	}
	return c
}

// burnOf is the burn rate of a condition, or the part of the budget that it
// follows from: one of them.
func burnOf(is, notes value) (burn, share, spent Decimal) {
	threshold := is.get("threshold")
	for _, key := range []string{"setpoint.dev/budgetPercent", "setpoint.dev/spentPercent"} {
		switch note := notes.get(key); {
		case !note.given():
		case threshold.given():
			threshold.refuse("threshold and "+key+" are both there", "one of them", "")
		case key == "setpoint.dev/spentPercent" && notes.get("setpoint.dev/budgetPercent").given():
			note.refuse("budgetPercent and spentPercent are both there", "one of them", "")
		case key == "setpoint.dev/spentPercent":
			spent = percentOf(note)
		default:
			share = percentOf(note)
		}
	}
	burn, _ = threshold.decimal()
	switch {
	case threshold.good() && burn.Sign() <= 0:
		threshold.refuse(threshold.text()+" is no burn rate", "above 0", "")
	case is.lacks("threshold") && !notes.get("setpoint.dev/budgetPercent").given() && !notes.get("setpoint.dev/spentPercent").given():
		threshold.refuse("missing", shapeDecimal.expected(field{}), "")
	}
	return burn, share, spent
}

// percentOf is a percentage above 0 as a share.
func percentOf(v value) Decimal {
	d, ok := v.decimal()
	share, err := d.Percent()
	if ok && (err != nil || d.Sign() <= 0) {
		v.refuse(v.text()+" is no percentage of a budget", "above 0, as in \"2\"", "")
		return Decimal{}
	}
	return share
}

// shorthand is a duration-shorthand of at most two years, or 0.
func shorthand(v value) time.Duration {
	d, assumed, err := parseShorthand(v.text())
	if err == nil && assumed != "" {
		v.warn(fmt.Sprintf("%s has no fixed length; it is taken as %s", v.text(), assumed), "", assumed)
	}
	if err == nil && d > maxWindow {
		v.refuse(v.text()+" is longer than two years", "at most 104w", "")
		return 0
	}
	return d
}

// notificationTarget reads whom to tell, and where that is.
func (l *loader) notificationTarget(doc value) NotificationTarget {
	meta, spec := doc.get("metadata"), doc.get("spec")
	url, key := meta.get("annotations").get("setpoint.dev/url"), meta.get("annotations").get("setpoint.dev/secret")
	t := NotificationTarget{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Target: spec.get("target").text(), Position: doc.place().Position,
	}
	for _, way := range []string{Alertmanager, Webhook} {
		if strings.EqualFold(t.Target, way) {
			t.Target = way
		}
	}
	t.URL = Secret(l.address(url, httpAddress, "an http or https address, as in http://localhost:9093"))
	t.Key = l.signingKey(key)
	switch way := spec.get("target"); {
	case t.Target == Webhook && !url.given():
		way.refuse("the annotation setpoint.dev/url is missing", "where the webhook is, as in ${PAGER_URL}", "")
	case t.Target == Webhook && !key.given():
		way.refuse("the annotation setpoint.dev/secret is missing", "what the webhook is signed with, as in ${PAGER_SECRET}", "")
	case t.Target == Alertmanager && key.given():
		key.refuse("only webhooks are signed", "no such annotation", "")
	case way.good() && t.Target != Alertmanager && t.Target != Webhook:
		for _, note := range []value{url, key} {
			if note.given() {
				note.refuse("Setpoint sends nothing to "+short(t.Target), "target: alertmanager or webhook", "")
			}
		}
		way.warn(short(t.Target)+" is shown, and nothing is sent there: Setpoint sends to alertmanager and webhook", "", "")
	}
	return t
}

// signingKey reads a secret, with what the environment says in it.
func (l *loader) signingKey(v value) Secret {
	text := v.text()
	if text == "" || hasReference(text) && l.env == nil {
		return Secret(text)
	}
	full, err := text, error(nil)
	if hasReference(text) {
		full, err = expand(text, l.env)
	} else {
		v.warn("a secret in a file is read by everyone who reads the file", "${NAME}, from the environment", "")
	}
	switch {
	case err != nil:
		v.refuse(err.Error(), "the secret, or ${NAME} with NAME set", "")
	case len(full) < shortestKey:
		v.refuse("the secret is too short to sign with", fmt.Sprintf("%d characters or more", shortestKey), "")
	}
	return Secret(full)
}

// notesOf are the annotations that go with alerts: those that belong to no
// tool, which have no slash in their names.
func notesOf(notes value) map[string]string {
	out := notes.labels()
	for key := range out {
		if strings.Contains(key, "/") {
			delete(out, key)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
