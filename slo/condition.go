package slo

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// The bounds of a condition.
const (
	maxCondition       = 2048 // bytes
	maxConditionNodes  = 200
	maxConditionMemory = 10_000 // values made while it is judged
)

// A Condition is an expression over what is known of an objective, such as
//
//	remaining < 0.1 and burn("1h") >= 2 and not (weekday("Europe/Berlin") in ["Saturday", "Sunday"])
//
// in the language of github.com/expr-lang/expr, without its functions. What it
// may look at is in Facts. It was compiled and checked when it was read.
type Condition struct {
	Text   string            `json:"text"`
	Labels map[string]string `json:"labels,omitempty"` // of the service and of the objective, whose go first
}

// Facts are what conditions look at.
type Facts struct {
	Objective   string
	Service     string
	At          time.Time
	State       string                                      // one of ConditionStates
	Remaining   float64                                     // share of the budget that is left
	Coverage    float64                                     // share of the window that was observed
	InSight     bool                                        // Remaining and Coverage are of now
	Burn        func(time.Duration) (rate float64, ok bool) // over a window
	Change      string                                      // class of the change that asks; empty where none does
	Environment string                                      // that it asks for
	Region      string                                      // likewise
}

// ConditionStates are the words for where an objective stands, as package
// budget has them.
func ConditionStates() []string {
	return []string{"ok", "burning", "exhausted", "no-traffic", "no-data", "partial"}
}

// Holds reports whether c holds. It is pure: the same facts give the same
// answer. An error says that this cannot be known, because something that it
// looks at is not in sight; that is neither yes nor no.
func (c Condition) Holds(f Facts) (bool, error) {
	p, err := compile(c.Text)
	if err != nil {
		return false, fmt.Errorf("judge %s: %w", short(c.Text), err)
	}
	machine := vm.VM{MemoryBudget: maxConditionMemory}
	answer, err := machine.Run(p, c.sight(f))
	if err != nil {
		return false, fmt.Errorf("judge %s: %w", short(c.Text), cause(err))
	}
	return answer.(bool), nil // expr.AsBool
}

// cause is what one of our functions says, without the place in the
// expression.
func cause(err error) error {
	var blind blindness
	if errors.As(err, &blind) {
		return blind
	}
	return errors.New(printable(err.Error()))
}

// A blindness says what is not in sight.
type blindness string

func (b blindness) Error() string { return string(b) }

// sight is the environment of the expression. What may not be known is a
// function, so that a condition that asks for it fails and one that does not
// (state == "no-data" or remaining < 0.2) holds.
type sight struct {
	Objective   string                        `expr:"objective"`
	Service     string                        `expr:"service"`
	Labels      map[string]string             `expr:"labels"`
	State       string                        `expr:"state"`
	Change      string                        `expr:"change"`
	Environment string                        `expr:"environment"`
	Region      string                        `expr:"region"`
	Remaining   func() (float64, error)       `expr:"remaining"`
	Coverage    func() (float64, error)       `expr:"coverage"`
	Burn        func(string) (float64, error) `expr:"burn"`
	Hour        func(string) (int, error)     `expr:"hour"`
	Weekday     func(string) (string, error)  `expr:"weekday"`
	Date        func(string) (string, error)  `expr:"date"`
}

func (c Condition) sight(f Facts) sight {
	known := func(x float64) func() (float64, error) {
		return func() (float64, error) {
			if !f.InSight {
				return 0, blindness(f.Objective + " is not in sight")
			}
			return x, nil
		}
	}
	return sight{
		Objective: f.Objective, Service: f.Service, Labels: c.Labels, State: f.State, Change: f.Change, Environment: f.Environment, Region: f.Region,
		Remaining: known(f.Remaining), Coverage: known(f.Coverage),
		Burn: func(window string) (float64, error) {
			d, err := ParseDuration(window)
			if err != nil {
				return 0, err
			}
			rate, ok := f.Burn(d)
			if !ok {
				return 0, blindness(fmt.Sprintf("the burn rate of %s over %s is not known", f.Objective, window))
			}
			return rate, nil
		},
		Hour:    inZone(f.At, func(t time.Time) int { return t.Hour() }),
		Weekday: inZone(f.At, func(t time.Time) string { return t.Weekday().String() }),
		Date:    inZone(f.At, func(t time.Time) string { return t.Format(time.DateOnly) }),
	}
}

// inZone is a function of the time on the clocks of a zone.
func inZone[T any](at time.Time, of func(time.Time) T) func(string) (T, error) {
	return func(zone string) (out T, err error) {
		where, err := time.LoadLocation(zone)
		if err != nil {
			return out, err
		}
		return of(at.In(where)), nil
	}
}

// compile reads an expression with its types.
func compile(text string) (*vm.Program, error) {
	return expr.Compile(text, expr.Env(sight{}), expr.AsBool(), expr.DisableAllBuiltins(), expr.MaxNodes(maxConditionNodes), expr.Patch(calls{}))
}

// calls makes calls of the names that may not be known.
type calls struct{}

// Visit implements ast.Visitor.
func (calls) Visit(n *ast.Node) {
	if id, ok := (*n).(*ast.IdentifierNode); ok && slices.Contains([]string{"remaining", "coverage"}, id.Value) {
		ast.Patch(n, &ast.CallNode{Callee: &ast.IdentifierNode{Value: id.Value}})
	}
}

// Windows are those of the burn rates that c looks at.
func (c Condition) Windows() (out []time.Duration) {
	if c.Text == "" {
		return nil
	}
	for _, call := range callsOf(c.Text, "burn") {
		if d, err := ParseDuration(call.text); err == nil {
			out = append(out, d)
		}
	}
	return out
}
