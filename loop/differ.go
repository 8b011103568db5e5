package loop

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Differing names the fields in which two decisions are not the same, as they
// are named on record.
func Differing(a, b Decision) []string {
	one, other := fields(a), fields(b)
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(one)) {
		if !bytes.Equal(one[name], other[name]) {
			out = append(out, name)
		}
	}
	return out
}

func fields(d Decision) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	text, err := json.Marshal(d)
	if err != nil || json.Unmarshal(text, &out) != nil {
		return nil // unreachable: a decision is plain data, and was read from JSON
	}
	return out
}
