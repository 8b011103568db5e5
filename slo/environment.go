package slo

import (
	"fmt"
	"strings"
)

// hasReference reports whether s holds a reference to the environment.
func hasReference(s string) bool {
	at := strings.Index(s, "${")
	return at >= 0 && strings.Contains(s[at:], "}")
}

// expand replaces each ${NAME} of s by what env says. The errors name the
// variable, never its value.
func expand(s string, env func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "${")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed || !isVariable(name) {
			return "", fmt.Errorf("${ is not followed by the name of an environment variable and }")
		}
		text, set := env(name)
		if !set || text == "" {
			return "", fmt.Errorf("the environment variable %s is not set", name)
		}
		b.WriteString(text)
		s = rest
	}
}

// Variables are the names of the environment variables in the address, when
// it was read without an environment.
func (s Source) Variables() (names []string) {
	_, _ = expand(s.URL, func(name string) (string, bool) { // what is wrong with it was told when it was read
		names = append(names, name)
		return name, true
	})
	return names
}

func isVariable(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 128
}
