package loop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"setpoint.dev/setpoint/slo"
)

// Rules names what a loop goes by, without who owns it and how far it is
// trusted: what was learnt of a loop holds as long as this is the same.
func Rules(c slo.ControlLoop, a slo.Actuator) string {
	c.Mode, c.RelaxMode, c.Owner, c.Promotion, c.ByHand = "", "", "", slo.Promotion{}, slo.ByHand{}
	text, err := json.Marshal(definition{c, a})
	if err != nil { // unreachable: both are plain data
		panic(fmt.Sprintf("loop: encode rules of %s: %v", c.Name, err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// RulesOf is what a loop went by whose definition is on record, as Rules has it.
func RulesOf(definition []byte) (string, error) {
	c, a, err := ParseDefinition(definition)
	if err != nil {
		return "", err
	}
	return Rules(c, a), nil
}

// unpromoted says why a loop that declares a promotion may not act by itself
// yet; "" when it may, or declares none.
func unpromoted(c slo.ControlLoop, a slo.Actuator, promotion *Order) string {
	switch {
	case !c.Promotion.Declared():
		return ""
	case promotion == nil:
		return "nobody has promoted the loop to act by itself"
	case promotion.Rules != Rules(c, a):
		return fmt.Sprintf("%s promoted the loop under other rules than those of today", promotion.By)
	}
	return ""
}

// Lacks says what a loop's shadow lacks for a promotion to act by itself; none
// when it has all that its definition asks for, or when it asks for nothing.
func (s Shadow) Lacks(p slo.Promotion) (out []string) {
	if !p.Declared() {
		return nil
	}
	if s.Owner == "" {
		out = append(out, "the loop has no owner: name one in its definition")
	}
	if need := time.Duration(p.Days) * 24 * time.Hour; s.Looked < need {
		out = append(out, fmt.Sprintf("it has looked for %s under these rules without acting, and has to for %s", slo.Span(s.Looked.Truncate(time.Minute)), days(p.Days)))
	}
	switch {
	case s.Score == nil:
		out = append(out, fmt.Sprintf("there is no score: it wished for nothing, and people did nothing; %s is asked for", percent(p.Score)))
	case *s.Score < p.Score:
		out = append(out, fmt.Sprintf("its score is %s, %s is asked for", percent(*s.Score), percent(p.Score)))
	}
	return out
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
