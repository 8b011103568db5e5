package slo

import (
	"fmt"
	"strings"
)

// Names tell apart what has the same name in a format that knows more of it,
// as Kubernetes does by namespaces. Here a name is all there is: where several
// have it, those of their parts that differ become part of it. A Surveyor adds
// all of them before the first one is named.
type Names struct{ same map[string]*namesakes }

// namesakes is what is known of those of one name.
type namesakes struct {
	first   []string // parts of the first one
	differs []bool   // which parts are not the same for all
}

// NewNames is Names of nothing yet.
func NewNames() Names { return Names{map[string]*namesakes{}} }

// Add notes that something has a name, and what else tells it apart in its
// format: the same parts in the same order for all; a part may be empty.
func (n Names) Add(name string, parts ...string) {
	all, known := n.same[name]
	if !known {
		n.same[name] = &namesakes{parts, make([]bool, len(parts))}
		return
	}
	for i, part := range parts {
		all.differs[i] = all.differs[i] || part != all.first[i]
	}
}

// Name is the name of something that was added, as at.Name(name) is; where
// others have it, it is name.part, and it is warned that it is.
func (n Names) Name(at Node, name string, parts ...string) Node {
	full := n.full(name, parts)
	if full == name || !at.Given() {
		return at.Name(name)
	}
	named := n.Ref(at, name, parts...)
	at.Warn(fmt.Sprintf("others have the name %s: this one is read as %s", short(name), short(named.Text())), "")
	return named
}

// Ref is Name where something else refers to it: without a warning.
func (n Names) Ref(at Node, name string, parts ...string) Node {
	full := n.full(name, parts)
	if fixed := nearName(full); fixed != "" {
		full = fixed
	}
	return at.Says(full)
}

// full is name with those of its parts that tell it from others.
func (n Names) full(name string, parts []string) string {
	all, known := n.same[name]
	if !known {
		return name
	}
	words := []string{name}
	for i, part := range parts {
		if all.differs[i] && part != "" {
			words = append(words, part)
		}
	}
	return strings.Join(words, ".")
}
