package slo

import (
	"regexp"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// Replace is the text n with each match of pattern replaced by with. Places
// inside it are those of the text that was written.
func (n Node) Replace(pattern *regexp.Regexp, with string) Node {
	if n.Text() == "" {
		return n
	}
	text := n.v.node.Value
	found := pattern.FindAllStringIndex(text, -1)
	return n.derived(pattern.ReplaceAllLiteralString(text, with), func(off int) int {
		for _, m := range found { // off counts in what has been replaced so far
			if off < m[0] {
				break
			}
			if off < m[0]+len(with) {
				return m[0]
			}
			off += m[1] - m[0] - len(with)
		}
		return off
	})
}

// Part is the text of n from one byte offset to another.
func (n Node) Part(from, to int) Node {
	return n.derived(n.v.node.Value[from:to], func(off int) int { return from + off })
}

// derived is a text made of the text of n.
func (n Node) derived(text string, offset func(int) int) Node {
	out := n.Says(text)
	o := origin{path: n.v.path, text: n.v.node, offset: offset}
	if before, made := n.v.file.from[n.v.node]; made && before.text != nil {
		o.text = before.text
		o.offset = func(off int) int { return before.offset(offset(off)) }
	}
	n.v.file.from[out.v.node] = o
	return out
}

// Operands are the two sides of the operator that the PromQL expression n
// applies last; ok is false where there is none. Parentheses around it, and
// a default of nothing (or vector(0)), are left out.
func (n Node) Operands() (op string, left, right Node, ok bool) {
	expr, err := parseQuery(n.Text())
	if err != nil {
		return "", left, right, false
	}
	expr = unwrap(expr)
	for {
		e, is := expr.(*parser.BinaryExpr)
		if !is || e.Op != parser.LOR || !isZero(e.RHS) {
			break
		}
		expr = unwrap(e.LHS)
	}
	e, is := expr.(*parser.BinaryExpr)
	if !is || e.VectorMatching != nil && matchesLabels(e.VectorMatching) && !aggregated(e) && !ignoresBuckets(e.VectorMatching) {
		return "", left, right, false
	}
	return e.Op.String(), n.operand(e.LHS.PositionRange()), n.operand(e.RHS.PositionRange()), true
}

func (n Node) operand(at posrange.PositionRange) Node {
	size := len(n.v.node.Value)
	from := min(max(int(at.Start), 0), size)
	return n.Part(from, min(max(int(at.End), from), size))
}

// aggregated reports whether both sides are sums without labels, so that it
// does not matter by which labels they are matched.
func aggregated(e *parser.BinaryExpr) bool {
	single := func(side parser.Expr) bool {
		a, ok := unwrap(side).(*parser.AggregateExpr)
		return ok && a.Op == parser.SUM && len(a.Grouping) == 0 && !a.Without
	}
	return single(e.LHS) && single(e.RHS) && e.VectorMatching.Card == parser.CardOneToOne
}

// ignoresBuckets reports whether series are matched by all labels but that of
// a histogram's buckets, which its _count does not have.
func ignoresBuckets(m *parser.VectorMatching) bool {
	return !m.On && slices.Equal(m.MatchingLabels, []string{labels.BucketLabel}) && m.Card == parser.CardOneToOne &&
		len(m.Include) == 0 && m.FillValues.LHS == nil && m.FillValues.RHS == nil
}

// IsCounters reports whether n is PromQL that can be read as a sum of counters.
func (n Node) IsCounters() bool {
	_, err := Selectors(n.Text())
	return err == nil
}

// IsSample reports whether n is PromQL whose samples can be judged.
func (n Node) IsSample() bool {
	_, err := Samples(n.Text())
	return err == nil
}

// IsSeries reports whether n is a bare selector of series.
func (n Node) IsSeries() bool {
	selector, err := Samples(n.Text())
	return err == nil && selector != ""
}

// SameCounters reports whether two PromQL expressions are sums of the same
// counters.
func (n Node) SameCounters(m Node) bool {
	a, err := Selectors(n.Text())
	b, wrong := Selectors(m.Text())
	return err == nil && wrong == nil && slices.Equal(a, b)
}

// Share takes apart a PromQL expression that divides counters: counted/total,
// where counted is what the share is of, or (complement) what it is not of:
//
//	bad / total, (total - good) / total, 1 - good/total
func (n Node) Share() (counted, total Node, complement, ok bool) {
	op, left, right, ok := n.Operands()
	switch {
	case ok && op == "-" && left.Text() == "1":
		counted, total, complement, ok = right.Share()
		return counted, total, !complement, ok
	case ok && op == "/":
		if rest, is := left.Rest(right); is {
			return rest, right, true, true
		}
		return left, right, false, true
	}
	return n, n, false, false
}

// Rest is b where n is a difference a - b and a are the counters of total.
func (n Node) Rest(total Node) (b Node, ok bool) {
	op, left, right, ok := n.Operands()
	return right, ok && op == "-" && left.SameCounters(total)
}
