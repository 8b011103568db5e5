package slo

// A KeyOf is one key of the tables, for tests: where it stands and what its
// values look like.
type KeyOf struct {
	Kind, Path string // Path as in spec.objectives[].target
	Table      string // the table and the key in it, which may be at several paths
	Shape      string
	Words      []string
	Required   bool
	Read       bool // it has a part in what is read
}

// Keys are all keys of the tables of all kinds.
func Keys() (all []KeyOf) {
	for _, k := range kinds() {
		all = append(all, keysOf(k.name, "", k.document())...)
		for _, f := range k.annotations {
			all = append(all, KeyOf{k.name, "metadata.annotations." + f.key, k.name + " annotations " + f.key, f.is.String(), f.words, f.required, true})
		}
	}
	return all
}

func keysOf(kind, path string, o *object) (all []KeyOf) {
	for _, f := range o.fields {
		at := join(path, f.key)
		all = append(all, KeyOf{kind, at, o.name + " " + f.key, f.is.String(), f.words, f.required, f.later == "" && f.unread == ""})
		if f.is == shapeList || f.is == shapeNames {
			at += "[]"
		}
		if f.of != nil {
			all = append(all, keysOf(kind, at, f.of)...)
		}
	}
	return all
}

// Recognised is how many files the reader took from memory, or would take the
// next time, and of how many.
func (r *Reader) Recognised() (from, of int) {
	for _, alone := range r.known {
		if alone != nil {
			from++
		}
	}
	return from, len(r.known)
}
