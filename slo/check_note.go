package slo

import "fmt"

// checkNote checks the text of an annotation. Annotations are texts, so that
// numbers and truth values stand in them in quotes.
func checkNote(v value, f field) {
	switch f.is {
	case shapeDecimal, shapeWhole:
		d, err := ParseDecimal(v.node.Value)
		_, den := d.Fraction()
		switch {
		case err != nil:
			v.refuse(fmt.Sprintf("%q is not a number", short(v.node.Value)), `a number in quotes, as in "2"`, "")
		case f.is == shapeWhole && (den != 1 || d.Sign() < 0):
			v.refuse(short(v.node.Value)+" is not a whole number", "a whole number, not negative, in quotes", "")
		}
	case shapeTruth:
		if v.node.Value != "true" && v.node.Value != "false" {
			v.refuse(fmt.Sprintf("%q is neither true nor false", short(v.node.Value)), `"true" or "false", in quotes`, "")
		}
	default:
		checkScalar(v, f)
	}
}
