package slo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Adjustment is what a person says about the counts of a stretch of time:
// that they are not to be held against the promise, or what they really were.
// It may be given at any time about any time. Taken away or revoked it leaves
// no trace in any figure.
type Adjustment struct {
	Name        string    `json:"name"`
	Title       string    `json:"title,omitempty"`
	Description string    `json:"description,omitempty"`
	AppliesTo   Scope     `json:"appliesTo"`
	Stretch               // that it is about
	Effect      Effect    `json:"effect"`
	Counts      Corrected `json:"counts,omitzero"` // of Correct
	Author      string    `json:"author"`
	Reason      string    `json:"reason"`
	Category    string    `json:"category"`
	Revoked     bool      `json:"revoked,omitempty"`
	Order       string    `json:"order,omitempty"` // the ID of the order that gave it; empty = a document did
	Position    Position  `json:"-"`
}

// effects are what adjustments may do.
func effects() []string {
	return []string{string(Exclude), string(CountAsGood), string(Correct), string(Annotate)}
}

// Wrong lists what is wrong with an adjustment of one objective that is not
// read from a document.
func (s *Set) Wrong(a Adjustment) (wrong []string) {
	i := slices.IndexFunc(s.Objectives, func(o Objective) bool { return a.AppliesTo.Has(o) && o.Of == "" })
	if i < 0 || len(a.AppliesTo.Objectives) != 1 {
		return []string{fmt.Sprintf("objective %q is not declared", strings.Join(a.AppliesTo.Objectives, ", "))}
	}
	if !slices.Contains(effects(), string(a.Effect)) {
		wrong = append(wrong, fmt.Sprintf("effect %q is not %s", short(string(a.Effect)), oneOf(effects())))
	}
	if !slices.Contains(Categories(), a.Category) {
		wrong = append(wrong, fmt.Sprintf("category %q is not %s", short(a.Category), oneOf(Categories())))
	}
	switch {
	case a.From.IsZero() || a.To.IsZero() || !a.From.Before(a.To):
		wrong = append(wrong, "from is not before to")
	case a.To.Sub(a.From) > maxWindow:
		wrong = append(wrong, "from and to are more than two years apart")
	case a.Effect == Correct:
		wrong = append(wrong, s.Objectives[i].wrongCounts(a)...)
	}
	if a.Effect != Correct && a.Counts != (Corrected{}) {
		wrong = append(wrong, "counts belong to the effect correct only")
	}
	return wrong
}

// wrongCounts lists what is wrong with counts that a person gives.
func (o Objective) wrongCounts(a Adjustment) (wrong []string) {
	if o.Composite != nil {
		return []string{o.Name + " is a composite, which counts no events of its own"}
	}
	for _, n := range []int64{a.Counts.Good, a.Counts.Bad} {
		if n < 0 || n > mostCorrected {
			wrong = append(wrong, fmt.Sprintf("counts are not from 0 to %d", int64(mostCorrected)))
		}
	}
	for _, t := range []time.Time{a.From, a.To} {
		if t.UnixNano()%int64(o.Slice) != 0 {
			wrong = append(wrong, fmt.Sprintf("%s is not between two slices of %s", t.UTC().Format(time.RFC3339), Span(o.Slice)))
		}
	}
	return wrong
}

// Corrected is how many events of a stretch were good and bad. They are taken
// as spread evenly over its slices.
type Corrected struct {
	Good int64 `json:"good"`
	Bad  int64 `json:"bad"`
}

// Touches reports whether the adjustment is in force for o in a part of
// [from, to).
func (a Adjustment) Touches(o Objective, from, to time.Time) bool {
	return !a.Revoked && a.AppliesTo.Has(o) && a.From.Before(to) && a.To.After(from)
}
