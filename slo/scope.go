package slo

import "slices"

// A Scope names objectives. Each part that is given has to hold; of a list
// one has to.
type Scope struct {
	All        bool              `json:"all,omitempty"`
	Objectives []string          `json:"objectives,omitempty"`
	Services   []string          `json:"services,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"` // each with one of its values, where those are a list
}

// Has reports whether o is one of them.
func (s Scope) Has(o Objective) bool {
	if len(s.Objectives) > 0 && !slices.Contains(s.Objectives, o.Name) && !slices.Contains(s.Objectives, o.Of) || len(s.Services) > 0 && !slices.Contains(s.Services, o.Service) {
		return false
	}
	for key, want := range s.Labels {
		if got, there := o.Labels[key]; !there || !anyWord(got, want) {
			return false
		}
	}
	return s.All || len(s.Objectives)+len(s.Services)+len(s.Labels) > 0
}
