package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

const (
	maxWhy      = 1000      // longest reason, in bytes
	approvalFor = time.Hour // how long an approval lasts unless it says
	maxFor      = 90 * 24 * time.Hour
	maxOverride = 7 * 24 * time.Hour

	// orderPatience bounds the recording of an order.
	orderPatience = 5 * time.Second
)

// A draft is an order as a person or program wrote it, not yet checked.
type draft struct {
	client.Order
	For     string `json:"for,omitempty"` // instead of until: a length of time
	Confirm bool   `json:"-"`             // of forms: the effect was confirmed
}

// draftFromJSON reads an order. A field that it does not know is refused: a
// misspelt "until" must not become an order without an end.
func draftFromJSON(r *http.Request) (d draft, err error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return d, refuse(http.StatusUnsupportedMediaType, "not-json", "an order is JSON", "send Content-Type: application/json")
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, unreadable(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return d, refuse(http.StatusBadRequest, "bad-json", "there is something after the order", "")
	}
	d.Confirm = true
	return d, nil
}

func unreadable(err error) error {
	if p := problemOf(err); p.Status == http.StatusRequestEntityTooLarge {
		return p
	}
	return refuse(http.StatusBadRequest, "bad-json", "the order is not JSON as expected: "+strings.TrimPrefix(err.Error(), "json: "),
		`an order is like {"kind":"stop","target":"*","by":"ann","why":"…"}`)
}

// draftFromForm reads an order from a form of the page.
func draftFromForm(r *http.Request) (d draft, err error) {
	kind, err := param(r, "kind")
	if err != nil {
		return d, err
	}
	if err := r.ParseForm(); err != nil {
		return d, unreadable(err)
	}
	f := r.PostForm
	d.Kind, d.ID, d.Target = client.Kind(kind), f.Get("id"), f.Get("target")
	d.Release, d.Ticket = strings.TrimSpace(f.Get("release")), strings.TrimSpace(f.Get("ticket"))
	d.By, d.Why, d.For = strings.TrimSpace(f.Get("by")), strings.TrimSpace(f.Get("why")), f.Get("for")
	d.Revert, d.Confirm = f.Get("revert") == "yes", f.Get("confirm") == "yes"
	if text := strings.TrimSpace(f.Get("setting")); text != "" {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			x = math.NaN() // refused with everything else that is wrong
		}
		d.Setting = &x
	}
	return d, d.times(f, here(r).Location())
}

// order checks a draft against the definitions and makes the order of it.
// All that is wrong is told at once.
func (d draft) order(set *slo.Set, now time.Time) (loop.Order, error) {
	o := loop.Order{
		ID: d.ID, At: now.UTC().Truncate(time.Microsecond), Kind: loop.OrderKind(d.Kind), Target: d.Target, By: d.By, Why: d.Why,
		Until: d.Until, Setting: d.Setting, Revert: d.Revert, Release: d.Release, Ticket: d.Ticket,
	}
	if o.ID == "" {
		o.ID = rand.Text()
	}
	if o.Target == "" && (o.Kind == loop.OrderStop || o.Kind == loop.OrderResume) {
		o.Target = "*"
	}
	wrong := slices.Concat(d.person(), d.override(), d.target(&o, set), d.adjust(&o, set), d.note(&o), d.setting(&o, set), d.end(&o, now))
	if len(wrong) > 0 {
		return loop.Order{}, refuse(http.StatusUnprocessableEntity, "bad-order", "the order was not taken: "+strings.Join(wrong, "; "), "")
	}
	return o, nil
}

// person checks who orders, why, and under which ID.
func (d draft) person() (wrong []string) {
	for _, f := range []struct {
		name, text string
		most       int
	}{{"by", d.By, maxName}, {"why", d.Why, maxWhy}} {
		switch {
		case strings.TrimSpace(f.text) == "":
			wrong = append(wrong, f.name+" is missing")
		case len(f.text) > f.most:
			wrong = append(wrong, fmt.Sprintf("%s is longer than %d bytes", f.name, f.most))
		case !printable(f.text):
			wrong = append(wrong, f.name+" holds characters that do not print")
		}
	}
	if strings.Trim(d.ID, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != "" || len(d.ID) > 64 {
		wrong = append(wrong, "id is not made of up to 64 letters, digits, - and _")
	}
	if !d.Confirm {
		wrong = append(wrong, "it was not confirmed")
	}
	return wrong
}

// override checks what only some orders say.
func (d draft) override() (wrong []string) {
	for _, f := range []struct{ name, text string }{{"release", d.Release}, {"ticket", d.Ticket}} {
		switch {
		case f.text != "" && d.Kind != client.Override && !(f.name == "ticket" && d.Kind == client.Pin):
			wrong = append(wrong, f.name+" belongs to override only")
		case len(f.text) > maxName:
			wrong = append(wrong, fmt.Sprintf("%s is longer than %d bytes", f.name, maxName))
		case !printable(f.text):
			wrong = append(wrong, f.name+" holds characters that do not print")
		}
	}
	if d.Anyway && d.Kind != client.Promote {
		wrong = append(wrong, "anyway belongs to promote only")
	}
	return wrong
}

// target checks that the order is about something that is declared.
func (d draft) target(o *loop.Order, set *slo.Set) []string {
	services, actuators := serviceNames(set), actuatorNames(set)
	var valid []string
	switch o.Kind {
	case loop.OrderStop, loop.OrderResume:
		valid = slices.Concat([]string{"*"}, actuators, services)
	case loop.OrderFreeze, loop.OrderThaw, loop.OrderOverride, loop.OrderRevoke:
		valid = services
	case loop.OrderPin, loop.OrderUnpin, loop.OrderApprove, loop.OrderPromote, loop.OrderDemote:
		valid = actuators
	case loop.OrderAdjust, loop.OrderUnadjust: // a name of its own
		return adjustmentName(o.Target)
	case loop.OrderAnnotate:
		valid = slices.Concat([]string{"*"}, services, actuators)
		if _, ok := (look{set: set}).objective(o.Target); ok {
			return nil
		}
	default:
		return []string{fmt.Sprintf("kind %q is none of stop, resume, freeze, thaw, pin, unpin, approve, override, revoke, promote, demote, adjust, unadjust, annotate", o.Kind)}
	}
	if !slices.Contains(valid, o.Target) {
		return []string{fmt.Sprintf("target %q is none of %s", o.Target, strings.Join(valid, ", "))}
	}
	return nil
}

// setting checks the value of a pin or an approval.
func (d draft) setting(o *loop.Order, set *slo.Set) []string {
	wants := o.Kind == loop.OrderPin || o.Kind == loop.OrderApprove
	switch {
	case !wants && o.Setting != nil:
		return []string{"setting belongs to pin and approve only"}
	case wants && o.Setting == nil:
		return []string{"setting is missing"}
	case o.Revert && o.Kind != loop.OrderStop:
		return []string{"revert belongs to stop only"}
	case !wants:
		return nil
	}
	a, ok := look{set: set}.actuator(o.Target)
	if x := *o.Setting; ok && (math.IsNaN(x) || a.Clamp(x) != x) {
		return []string{fmt.Sprintf("setting is not a number from %s to %s", a.Show(min(a.Rest, a.Tight)), a.Show(max(a.Rest, a.Tight)))}
	}
	return nil
}

// end works out when the order lapses.
func (d draft) end(o *loop.Order, now time.Time) []string {
	if d.For != "" {
		length, err := time.ParseDuration(d.For)
		if err != nil || length <= 0 || length > maxFor || !d.Until.IsZero() {
			return []string{"for is not a length of time like 30m of up to 90 days, or until is given too"}
		}
		o.Until = o.At.Add(length)
	}
	if _, counter := counterpart(o.Kind); (counter || o.Kind == loop.OrderAdjust || o.Kind == loop.OrderAnnotate) && !o.Until.IsZero() {
		return []string{string(o.Kind) + " has no end"}
	}
	if o.Kind == loop.OrderOverride && (o.Until.IsZero() || o.Until.Sub(now) > maxOverride) {
		return []string{"an override says until when it lasts, at most a week: for or until"}
	}
	if o.Kind == loop.OrderPin && o.Until.IsZero() {
		return []string{"a pin says until when it lasts, at most 90 days, so that it cannot be forgotten: for or until"}
	}
	if o.Kind == loop.OrderApprove && o.Until.IsZero() {
		o.Until = o.At.Add(approvalFor)
	}
	if !o.Until.IsZero() && (!o.Until.After(now) || o.Until.Sub(now) > maxFor) {
		return []string{"until is not within the next 90 days"}
	}
	return nil
}

// give has an order carried out, even when who gave it is gone by then.
func (s *Server) give(ctx context.Context, d draft, now time.Time) (client.Receipt, error) {
	if s.cfg.Order == nil {
		return client.Receipt{}, errNoOrders
	}
	set, who := s.look(now).adjusting(), callerOf(ctx)
	d.Order = who.signed(d.Order)
	o, err := d.order(set, now)
	if err == nil {
		err = who.permits(o, set)
	}
	if err == nil {
		o, err = s.promotion(ctx, s.look(now), o, d.Anyway)
	}
	if err == nil && (o.Kind == loop.OrderOverride || o.Kind == loop.OrderPin) {
		s.glass.Lock() // until it is on record, so that the next one counts it
		defer s.glass.Unlock()
		o, err = s.breaking(ctx, s.look(now), o)
	}
	if err != nil {
		return client.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderPatience)
	defer cancel()
	recorded, err := s.cfg.Order(ctx, o)
	if err != nil {
		s.failed(err)
		return client.Receipt{}, orderFailure(err)
	}
	s.took(o)
	s.tally.glass(o)
	return client.Receipt{Order: wireOrder(o), Recorded: recorded, Words: receiptWords(o, recorded)}, nil
}

// orderFailure says that the order is not in force. What the table of errors
// does not know is a ledger that could not be written.
func orderFailure(err error) error {
	if p := problemOf(err); p.Status != http.StatusInternalServerError {
		return p
	}
	return refuse(http.StatusServiceUnavailable, "not-recorded", "the order could not be recorded, so it is not in force", "give it again with the same ID; a stop is in force even without the ledger")
}

func receiptWords(o loop.Order, recorded bool) string {
	words := effect(o)
	if glass := o.GlassWords(); glass != "" {
		words += " It is on record as " + glass + "."
	}
	if !recorded {
		words += " The ledger cannot be reached: it will be recorded as soon as it can."
	}
	return words
}

// effect says what an order does, as a sentence.
func effect(o loop.Order) string {
	what := o.Target
	if what == "*" {
		what = "any actuator"
	}
	switch o.Kind {
	case loop.OrderStop:
		if o.Revert {
			return "Emergency stop: no rule moves " + what + " any more, and settings walk back to rest."
		}
		return "Emergency stop: nothing moves " + what + " any more."
	case loop.OrderResume:
		return "Resumed: the rules may move " + what + " again."
	case loop.OrderFreeze:
		return "Releases of " + what + " are frozen."
	case loop.OrderThaw:
		return "The freeze of " + what + " that was ordered is over; a freeze of the loop's own stays."
	case loop.OrderPin:
		return what + " stays at the pinned setting."
	case loop.OrderUnpin:
		return what + " follows its rules again."
	case loop.OrderPromote:
		words := "The loop of " + what + " is trusted to act by itself, as far as its mode lets it."
		if o.Despite != "" {
			words += " It is on record that it lacked this: " + o.Despite + "."
		}
		return words
	case loop.OrderDemote:
		return "The loop of " + what + " asks before it moves, until somebody promotes it."
	case loop.OrderAdjust:
		return "From the next tick on the budget is judged with the adjustment " + what + "; what was measured stays beside. unadjust ends it."
	case loop.OrderAnnotate:
		return "Noted: it stands on the charts from now on."
	case loop.OrderUnadjust:
		return "From the next tick on the budget is judged without the adjustment " + what + ", as if it had never been given."
	case loop.OrderOverride:
		if o.Release != "" {
			what += " " + o.Release
		}
		until := ""
		if !o.Until.IsZero() {
			until = " until " + stamp(o.Until)
		}
		return "The gate lets " + what + " go" + until + ", whatever it would say. Where the policy asks for a second person, it waits for somebody else to give the same order."
	case loop.OrderRevoke:
		return "The overrides of " + what + " are over; the gate answers by its policy again."
	}
	return what + " may move as far as the approved setting."
}

func serviceNames(set *slo.Set) []string {
	out := look{set: set}.gated()
	for _, s := range set.Services {
		if !slices.Contains(out, s.Name) {
			out = append(out, s.Name)
		}
	}
	return out
}

func actuatorNames(set *slo.Set) []string {
	var out []string
	for _, a := range set.Actuators {
		out = append(out, a.Name)
	}
	return out
}
