package slo

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// pairs is s with each pair of JSON's escapes for one character beyond the
// 16-bit ones (\ud83d\ude00) as the one escape that YAML has for it. All else
// of JSON is YAML.
func pairs(s string) string {
	if !strings.Contains(s, `\ud`) && !strings.Contains(s, `\uD`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		switch r, ok := pairAt(s[i:]); {
		case ok:
			fmt.Fprintf(&b, `\U%08X`, r)
			i += 12
		case s[i] == '\\' && i+1 < len(s):
			b.WriteString(s[i : i+2])
			i += 2
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String()
}

func pairAt(s string) (rune, bool) {
	if len(s) < 12 || s[:2] != `\u` || s[6:8] != `\u` {
		return 0, false
	}
	high, err := strconv.ParseUint(s[2:6], 16, 16)
	low, wrong := strconv.ParseUint(s[8:12], 16, 16)
	r := utf16.DecodeRune(rune(high), rune(low))
	return r, err == nil && wrong == nil && r != '\uFFFD'
}
