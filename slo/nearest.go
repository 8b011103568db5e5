package slo

import (
	"fmt"
	"slices"
	"strings"
)

// nearest is the candidate that s was most likely meant to be, or "" when
// none is near: at most a third of its letters differ (an exchange of two
// neighbours counts once), and case does not count.
func nearest(s string, candidates []string) string {
	best, least := "", 0
	for _, c := range candidates {
		most := max(1, len([]rune(c))/3)
		d := distance(strings.ToLower(s), strings.ToLower(c), most)
		if d <= most && (best == "" || d < least) {
			best, least = c, d
		}
	}
	return best
}

// NearestService is the service of an objective or a release policy that a
// name was most likely meant to be; "" when none is near.
func (s *Set) NearestService(name string) string {
	services := make([]string, 0, len(s.Objectives)+len(s.Policies))
	for _, o := range s.Objectives {
		services = append(services, o.Service)
	}
	for _, p := range s.Policies {
		services = append(services, p.Service)
	}
	slices.Sort(services)
	return nearest(name, slices.Compact(services))
}

// distance is the number of insertions, deletions, replacements and exchanges
// of neighbours that make t of s (optimal string alignment). It gives up with
// most+1 when the lengths alone differ by more.
func distance(s, t string, most int) int {
	a, b := []rune(s), []rune(t)
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			row[j] = step(a, b, i, j, before, last, row)
		}
		before, last = last, row
	}
	return last[len(b)]
}

func step(a, b []rune, i, j int, before, last, row []int) int {
	change := 1
	if a[i-1] == b[j-1] {
		change = 0
	}
	d := min(last[j]+1, row[j-1]+1, last[j-1]+change)
	if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
		d = min(d, before[j-2]+1)
	}
	return d
}

// nearName is s as a name: in lower case, with - for what names are not made
// of; "" where nothing is left, or too much.
func nearName(s string) string {
	fixed := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, strings.ToLower(s)), "-.")
	if len(fixed) > maxName {
		return ""
	}
	return fixed
}

func nearDuration(s string) string {
	fixed := strings.ToLower(strings.ReplaceAll(s, " ", ""))
	for _, words := range [][2]string{{"minutes", "m"}, {"minute", "m"}, {"mins", "m"}, {"min", "m"}, {"seconds", "s"}, {"second", "s"}, {"secs", "s"}, {"sec", "s"}, {"hours", "h"}, {"hour", "h"}, {"days", "d"}, {"day", "d"}, {"weeks", "w"}, {"week", "w"}} {
		fixed = strings.ReplaceAll(fixed, words[0], words[1])
	}
	if _, err := ParseDuration(fixed); err != nil {
		return ""
	}
	return fixed
}

func nearShorthand(s string) string {
	if d, err := ParseDuration(nearDuration(s)); err == nil && d > 0 {
		for _, unit := range []string{"d", "h", "m"} {
			if d%unitOf(unit) == 0 {
				return fmt.Sprintf("%d%s", d/unitOf(unit), unit)
			}
		}
	}
	return ""
}

// nearNumber is the number in s; a percentage is a share, unless percent is
// asked for.
func nearNumber(s string, percent bool) string {
	digits, found := strings.CutSuffix(strings.ReplaceAll(strings.TrimSpace(s), ",", "."), "%")
	d, err := ParseDecimal(strings.TrimSpace(digits))
	if err == nil && found && !percent {
		d, err = d.Percent()
	}
	if err != nil {
		return ""
	}
	return d.String()
}
