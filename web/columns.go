package web

import (
	"net/http"
	"slices"
)

// The columns of the overview that may be seen or not, beside the name.
const (
	colState  = "state"
	colLeft   = "left"
	colBurn   = "burn"
	colEvents = "events"
	colOwner  = "owner"
	colData   = "data"
)

// A column is one of the overview.
type column struct {
	name, word string
	usual      bool // it is seen unless the address says which are
}

func columns() []column {
	return []column{
		{colState, "State", true}, {colLeft, "Budget left", true}, {colBurn, "Burn rate by window", true}, {colEvents, "Events", false}, {colOwner, "Team and labels", false}, {colData, "Newest data", false},
	}
}

// askColumns reads which columns are seen; nil = the usual ones, so that the
// address of a list says no more than it has to.
func askColumns(asked []string) ([]string, error) {
	var out, usual, all []string
	for _, c := range columns() {
		if all = append(all, c.name); slices.Contains(asked, c.name) {
			out = append(out, c.name)
		}
		if c.usual {
			usual = append(usual, c.name)
		}
	}
	if len(asked) > len(all) || slices.ContainsFunc(asked, func(name string) bool { return !slices.Contains(all, name) }) {
		return nil, refuse(http.StatusBadRequest, "bad-list", "col is "+list(all), "")
	}
	if slices.Equal(out, usual) {
		return nil, nil
	}
	return out, nil
}

// columns fills in which are seen, and which there are to choose from.
func (v *listView) columns() {
	v.Sees, v.Wide, v.Plain = map[string]bool{}, 1, listQuery{Cols: v.Query.Cols}.with("", "")
	for _, c := range columns() {
		seen := c.usual
		if v.Query.Cols != nil {
			seen = slices.Contains(v.Query.Cols, c.name)
		}
		v.Sees[c.name] = seen
		v.Wide += int(bit(seen))
		v.Columns = append(v.Columns, choice{Value: c.name, Word: c.word, Chosen: seen})
	}
}
