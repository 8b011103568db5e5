package slo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one thing that is wrong, or doubtful, in a definition.
type Problem struct {
	Position
	Path       string   `json:"path,omitempty"` // of the key, as spec.objectives[0].target; empty for a whole document
	Message    string   `json:"message"`        // what is wrong
	Expected   string   `json:"expected,omitempty"`
	Suggestion string   `json:"suggestion,omitempty"` // the nearest valid key, name or value
	Severity   Severity `json:"severity"`
	Width      int      `json:"width,omitempty"` // characters from Col on that are meant; 0 = not known

	secret bool // the place holds a secret, so that the line must not be shown
}

// A Severity says whether a problem stops its files from being used.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // the definitions are refused, whole
	SeverityWarning Severity = "warning" // the definitions are used; somebody should look
)

// String is the problem in one line, with its place:
//
//	shop.yaml:12:7: spec.objectives[0].target: 1 leaves no budget; expected a share above 0 and below 1
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Col)
	if p.Severity == SeverityWarning {
		s += "warning: "
	}
	return s + p.Text()
}

// Text is the problem without its place in the file.
func (p Problem) Text() string {
	var b strings.Builder
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Expected != "" {
		b.WriteString("; expected " + p.Expected)
	}
	if p.Suggestion != "" {
		fmt.Fprintf(&b, "; did you mean %s?", p.Suggestion)
	}
	return b.String()
}

// Problems are the problems of one load, sorted by file, line and column.
type Problems []Problem

// Error is one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err is the errors among ps as an error, or nil when there are only
// warnings.
func (ps Problems) Err() error {
	if errs := ps.Errors(); len(errs) > 0 {
		return errs
	}
	return nil
}

// Errors are the problems that stop the definitions from being used.
func (ps Problems) Errors() Problems { return ps.only(SeverityError) }

// Warnings are the problems that do not.
func (ps Problems) Warnings() Problems { return ps.only(SeverityWarning) }

func (ps Problems) only(s Severity) Problems {
	var out Problems
	for _, p := range ps {
		if p.Severity == s {
			out = append(out, p)
		}
	}
	return out
}

// sort orders ps by place.
func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}
