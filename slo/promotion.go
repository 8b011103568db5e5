package slo

import (
	"fmt"
	"strings"
	"time"
)

// A Promotion says what a loop has to show before it acts by itself: until a
// person promotes it, it asks, whatever its mode. The zero value asks for
// nothing; what is read for a loop that acts has it only where it is waived.
type Promotion struct {
	Days   int           `json:"days,omitempty"`   // it has to have looked without acting, under the same rules
	Score  float64       `json:"score,omitempty"`  // share of what it would have done that was right
	Within time.Duration `json:"within,omitempty"` // how far apart its wish and what people did may be to be the same, ns
	Waived string        `json:"waived,omitempty"` // why it acts without having shown anything; its owner answers for that
}

// What a promotion asks for unless it says so.
const (
	promotionDays   = 14
	promotionScore  = 0.8
	PromotionWithin = 30 * time.Minute
)

// Declared reports whether the loop has to be promoted.
func (p Promotion) Declared() bool { return p.Days > 0 }

func promotionTable() *object {
	return &object{name: "promotion", fields: []field{
		{key: "days", is: shapeWhole, instead: "14", doc: "For how many days it has to have looked without acting, under the same rules; 1 to 365. A change of its rules, its actuator or its guards begins anew."},
		{key: "score", is: shapeDecimal, instead: "0.8", doc: "Share of what it would have done that has to have been right: people did the same, or what it rests on lasted."},
		{key: "within", is: shapeDuration, instead: "30m", doc: "How far apart a wish of the loop and what people did may be to count as the same; a wish that lasts as long without anybody was needed."},
		{key: "waived", is: shapeText, doc: "Why the loop may act at once, without having shown anything; instead of all others, and with an `owner`."},
	}}
}

// readPromotion reads what a loop has to show. One that acts and does not say
// has to show what most have.
func readPromotion(c *ControlLoop, spec value) {
	v := spec.get("promotion")
	switch waived := v.get("waived"); {
	case waived.given():
		c.Promotion = readWaiver(waived, v, spec)
	case v.good():
		c.Promotion = readProof(v)
	case v.given() || c.Mode != Act && c.RelaxMode != Act:
	default:
		c.Promotion = Promotion{Days: promotionDays, Score: promotionScore, Within: PromotionWithin}
		at := spec.get("mode")
		if c.Mode != Act {
			at = spec.get("relaxMode")
		}
		at.warn(fmt.Sprintf("the loop asks, until it has looked on for %d days with a score of %g and somebody promotes it", promotionDays, promotionScore), "a promotion that says so, or promotion: {waived: WHY} and an owner", "")
	}
}

// readWaiver reads why nothing has to be shown.
func readWaiver(waived, v, spec value) Promotion {
	for _, key := range []string{"days", "score", "within"} {
		if other := v.get(key); other.given() {
			other.refuse("what is waived has nothing to show", "waived alone, or no waived", "")
		}
	}
	if strings.TrimSpace(waived.text()) == "" && waived.good() {
		waived.refuse("a waiver without a reason", "why the loop may act without having shown what it would do", "")
	}
	if spec.lacks("owner") || spec.get("owner").text() == "" {
		waived.refuse("nobody answers for the waiver", "an owner of the loop", "")
	}
	return Promotion{Waived: waived.text()}
}

// readProof reads what a loop has to show.
func readProof(v value) Promotion {
	p := Promotion{Days: promotionDays, Score: promotionScore, Within: PromotionWithin}
	if days := v.get("days"); days.good() {
		if p.Days = int(count(days, promotionDays)); p.Days > 365 {
			days.refuse(fmt.Sprintf("%d days are longer than what the ledger looks back", p.Days), "1 to 365", "")
		}
	}
	if score, ok := v.get("score").decimal(); ok {
		if p.Score = score.Float(); score.Sign() <= 0 || score.Cmp(NewDecimal(1, 0)) > 0 {
			v.get("score").refuse(v.get("score").text()+" is no share", "above 0, at most 1", "")
		}
	}
	if v.get("within").good() {
		p.Within = within(v.get("within"), time.Minute, maxWindow)
	}
	return p
}
