package slo

import (
	"fmt"
	"time"
)

// A Promotion says what a loop has to show before it acts by itself: until a
// person promotes it, it asks, whatever its mode. The zero value asks for
// nothing.
type Promotion struct {
	Days   int           `json:"days,omitempty"`   // it has to have looked without acting, under the same rules
	Score  float64       `json:"score,omitempty"`  // share of what it would have done that was right
	Within time.Duration `json:"within,omitempty"` // how far apart its wish and what people did may be to be the same, ns
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
	}}
}

// readPromotion reads what a loop has to show.
func readPromotion(v value) Promotion {
	if !v.good() {
		return Promotion{}
	}
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
