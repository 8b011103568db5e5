package slo

import (
	"fmt"
	"io"
)

// A Secret is text that no way of printing shows.
type Secret string

// Format hides the text, whatever the verb is.
func (Secret) Format(s fmt.State, _ rune) { io.WriteString(s, "(secret)") }

// MarshalText hides the text, in JSON and elsewhere.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// Reveal is the text itself, for those who send it where it belongs.
func (s Secret) Reveal() string { return string(s) }
