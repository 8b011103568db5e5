package slo

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestExcerpt is how many characters of a line are shown.
const longestExcerpt = 160

// Render is the problem for people at a terminal: the line that it is in,
// taken from the file's text src, a caret below the place, what was expected
// and what may have been meant.
//
//	error: spec.objectives[0]: unknown key targetPrecent
//	  --> shop.yaml:12:7
//	   |
//	12 |     - targetPrecent: 99.9
//	   |       ^^^^^^^^^^^^^
//	   = did you mean targetPercent?
//
// A line that holds a secret is not shown; what looks like a password in
// another is replaced by stars.
func (p Problem) Render(src []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", p.Severity, Problem{Path: p.Path, Message: p.Message}.Text())
	margin := strings.Repeat(" ", len(fmt.Sprint(p.Line)))
	fmt.Fprintf(&b, "%s--> %s:%d:%d\n", margin, p.File, p.Line, p.Col)
	if line, ok := sourceLine(src, p.Line); ok && !p.secret {
		text, caret := excerpt(line, p.Col, p.Width)
		fmt.Fprintf(&b, "%s |\n%d | %s\n%s | %s\n", margin, p.Line, text, margin, caret)
	}
	if p.Expected != "" {
		fmt.Fprintf(&b, "%s = expected %s\n", margin, p.Expected)
	}
	if p.Suggestion != "" {
		fmt.Fprintf(&b, "%s = did you mean %s?\n", margin, p.Suggestion)
	}
	return b.String()
}

// sourceLine is line n of src, counted from 1, without its end.
func sourceLine(src []byte, n int) (string, bool) {
	lines := splitLines(string(src))
	if n < 1 || n > len(lines) {
		return "", false
	}
	return lines[n-1], true
}

// splitLines splits where YAML does: at LF, CR LF and CR.
func splitLines(s string) []string {
	s = strings.TrimPrefix(s, "\ufeff")
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n")
}

// mask replaces what may be a password in s by as many stars: the user
// information of an address, and the password of a connection string.
func mask(s string) string {
	if !strings.Contains(s, "://") && !strings.Contains(strings.ToLower(s), "password") {
		return s
	}
	for _, pattern := range []string{`://[^/@\s"']*@`, `(?i)password\s*[=:]\s*("[^"]*"|'[^']*'|[^\s"',}]+)`} {
		s = regexp.MustCompile(pattern).ReplaceAllStringFunc(s, func(found string) string {
			kept := strings.IndexAny(found, "=:")
			if strings.HasPrefix(found, "://") {
				kept = 2
			}
			return found[:kept+1] + strings.Repeat("*", utf8.RuneCountInString(found[kept+1:]))
		})
	}
	return s
}

// excerpt is the part of a line around column col and the carets for it.
// Characters that could move a terminal's cursor are replaced.
func excerpt(line string, col, width int) (text, caret string) {
	runes := []rune(mask(strings.ToValidUTF8(line, "\ufffd")))
	from := 0
	if col > longestExcerpt-20 {
		from = min(col-20, len(runes))
	}
	to := min(from+longestExcerpt, len(runes))
	for i, r := range runes[from:to] {
		if !unicode.IsPrint(r) {
			runes[from+i] = ' '
		}
	}
	at := max(col-1-from, 0)
	width = max(1, min(width, to-from-at))
	return strings.TrimRight(string(runes[from:to]), " "), strings.Repeat(" ", at) + strings.Repeat("^", width)
}

// printable is s in one line that is safe to show.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, mask(s))
}

// short is what messages show of a value: safe, and cut when it is long.
func short(s string) string {
	s = printable(s)
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:57]) + "..."
	}
	return s
}
