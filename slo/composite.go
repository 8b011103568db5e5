package slo

import "math/big"

// A Composite says which objectives an objective is made of, and how. It has
// no indicator: its slices are made of theirs (package budget, Compose).
type Composite struct {
	Aggregate  Aggregate   `json:"aggregate"`
	Components []Component `json:"components"`
}

// A Component is one of the objectives that a composite is made of.
type Component struct {
	Objective string  `json:"objective"`
	Weight    Decimal `json:"weight"`               // above 0; plays no part in AnyDown and AllDown
	NoData    NoData  `json:"whenNoData,omitempty"` // what becomes of slices in which it was not observed
}

// An Aggregate is how the slices of a composite are made of its components'.
type Aggregate string

// The aggregates. A slice of the composite is bad by a share; bᵢ is the share
// of bad in component i, wᵢ its weight, Bᵢ its budget and B that of the
// composite.
const (
	Average   Aggregate = "average" // Σ wᵢ·bᵢ ÷ Σ wᵢ
	SumOfBurn Aggregate = "burn"    // Σ wᵢ·bᵢ÷Bᵢ × B: burn rates add up; at most 1
	SumOfBad  Aggregate = "sum"     // Σ wᵢ·bᵢ, at most 1
	AnyDown   Aggregate = "anyDown" // the worst of them
	AllDown   Aggregate = "allDown" // the best of them
)

// aggregates are the words for them.
func aggregates() []string {
	return []string{string(Average), string(SumOfBurn), string(SumOfBad), string(AnyDown), string(AllDown)}
}

// A NoData says what time counts as that was not observed: of an objective,
// or of a component in a slice of its composite. The zero value is NoDataHold.
type NoData string

// The rules for missing data.
const (
	NoDataHold   NoData = ""       // as not observed: the objective is out of sight, the slice of the composite is not observed
	NoDataIgnore NoData = "ignore" // as if it had not been: the rest is judged, the component is left out
	NoDataGood   NoData = "good"   // as good
	NoDataBad    NoData = "bad"    // as bad
)

// noDataWord is the word for holding, which the zero value stands for.
const noDataWord = "hold"

func noDataRules() []string {
	return []string{noDataWord, string(NoDataIgnore), string(NoDataGood), string(NoDataBad)}
}

// String is the rule as it is written.
func (n NoData) String() string {
	if n == NoDataHold {
		return noDataWord
	}
	return string(n)
}

// Words are the aggregate for people: how bad a slice of the composite is.
func (a Aggregate) Words() string {
	switch a {
	case SumOfBurn:
		return "burn rates of the components, added up by weight"
	case SumOfBad:
		return "bad shares of the components, added up by weight"
	case AnyDown:
		return "as bad as the worst component"
	case AllDown:
		return "as bad as the best component"
	}
	return "bad shares of the components, averaged by weight"
}

// sharedBudget is 1 ÷ Σ(wᵢ ÷ Bᵢ), rounded down to three digits: the budget of
// a composite whose burn rate is the sum of those of its components, by
// weight, and in which no more than everything can be bad. It is not ok where
// that leaves no target, or more than 18 digits. All components have a budget.
func sharedBudget(components []Component, parts []Objective) (budget Decimal, ok bool) {
	all := new(big.Rat)
	for i, p := range parts {
		one := big.NewRat(components[i].Weight.Fraction())
		all.Add(all, one.Quo(one, big.NewRat(p.Budget().Fraction())))
	}
	all.Inv(all)
	if all.Cmp(big.NewRat(1, 1)) >= 0 {
		return Decimal{}, false
	}
	ten := big.NewRat(10, 1)
	for scale := uint8(0); scale <= maxScale; scale++ {
		if n := new(big.Int).Quo(all.Num(), all.Denom()); n.Cmp(big.NewInt(100)) >= 0 || scale == maxScale {
			return Decimal{n.Int64(), scale}.trim(), n.Sign() > 0
		}
		all.Mul(all, ten)
	}
	return Decimal{}, false
}
