package slo

import (
	"fmt"
	"strings"
	"unicode"
)

// apart warns of a name that files which are checked apart from the others do
// not hold: it is taken to stand in one of those. It reports whether it did; a
// name that is a slip away from one that the files hold is misspelt instead.
func (l *loader) apart(r reference, names []string) bool {
	if !l.part || slip(r.name, names) != "" {
		return false
	}
	r.place.file.add(r.place.problem(SeverityWarning, fmt.Sprintf("no %s %s is among the files that are checked; serve needs it", r.kind, r.name), "", ""))
	return true
}

// slip is the candidate that s was most likely meant to be, more strictly
// than nearest: one letter of a short name differs or two of a longer one, and
// not only digits, which tell names apart that belong together.
func slip(s string, candidates []string) string {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, s)
	}
	for _, c := range candidates {
		most := 1
		if len(c) > 7 {
			most = 2
		}
		if letters(s) != letters(c) && distance(strings.ToLower(s), strings.ToLower(c), most) <= most {
			return c
		}
	}
	return ""
}
