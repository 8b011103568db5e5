package slo

import (
	"crypto/sha256"
	"maps"
	"reflect"
	"slices"
)

// A Reader reads definitions that change over time. What it returns is what
// Load returns; a file that did not change, and that only makes promises, as
// most do, is not read anew, only compared with the others again. The zero
// Reader is ready. It is for one goroutine.
type Reader struct {
	Lenient   bool // as LoadLenient
	Part      bool // the files are some of many: names that they do not hold are warned of, and left open in the set, unless they are misspelt
	Importers []Importer

	known    map[[sha256.Size]byte]*loader // :: name and text → what the file says by itself; nil = it has to be read each time
	dialects map[string]string             // :: data source → its type, as known was read with

	next map[[sha256.Size]byte]*loader // the same, of the reading under way
}

// Load is Load, or LoadLenient.
func (r *Reader) Load(files []File, env func(string) (string, bool)) (*Set, Problems) {
	l := newLoader(env)
	l.importers, l.lenient, l.part, l.reader = append(older(), r.Importers...), r.Lenient, r.Part, r
	r.next = make(map[[sha256.Size]byte]*loader, len(files))
	set, problems := l.load(files)
	r.known, r.next = r.next, nil
	return set, problems
}

// file takes in what a file says, from memory if it did not change.
func (r *Reader) file(l *loader, f File) {
	text := sha256.Sum256(f.Data)
	key := sha256.Sum256(append(text[:], f.Name...))
	if !maps.Equal(r.dialects, l.dialects) { // what queries have to look like depends on it
		r.known, r.dialects = nil, l.dialects
	}
	alone, there := r.known[key]
	if !there {
		alone = l.alone()
		if alone.file(f); alone.plain() {
			maps.DeleteFunc(alone.declared, func(_ string, names map[string]place) bool { return len(names) == 0 })
		} else {
			alone = nil
		}
	}
	r.next[key] = alone
	if alone == nil || !l.merge(alone) {
		l.file(f)
	}
}

// alone is a loader for one file by itself.
func (l *loader) alone() *loader {
	a := &loader{env: l.env, tables: l.tables, lenient: l.lenient, importers: l.importers, declared: map[string]map[string]place{},
		onlyNames: map[string]string{}, named: map[string]*draftIndicator{}, serviceAlerts: map[string]string{},
		systems: l.systems, dialects: l.dialects, left: map[string]leftOut{}}
	for kind := range l.declared {
		a.declared[kind] = map[string]place{}
	}
	return a
}

// plain reports whether a file in order says nothing but SLOs, with their
// indicators and the names of what they refer to. Only these can be taken from
// memory: everything else is changed while definitions are put together.
func (l *loader) plain() bool {
	may := []string{"env", "tables", "lenient", "importers", "declared", "references", "indicators", "slos", "onlyNames", "files", "systems", "dialects"}
	for at, all := 0, reflect.ValueOf(l).Elem(); at < all.NumField(); at++ {
		f := all.Field(at)
		empty := f.IsZero() || f.Kind() == reflect.Map && f.Len() == 0
		if !empty && !slices.Contains(may, all.Type().Field(at).Name) {
			return false
		}
	}
	for kind, names := range l.declared {
		if len(names) > 0 && kind != "SLO" && kind != objectiveKind {
			return false
		}
	}
	for _, d := range l.slos {
		inline := func(u alertUse) bool { return u.policy.here != nil }
		if slices.ContainsFunc(d.alerts, inline) || d.inline != nil && !slices.Contains(l.indicators, d.inline) {
			return false
		}
	}
	src := l.files[0]
	return len(src.problems)+len(src.bad)+len(src.secret)+len(src.meant)+len(src.from) == 0
}

// merge takes in what a plain file says, so that it can be taken in again: it
// copies what is changed later on. It does nothing, and returns false, when the
// file declares what is declared already.
func (l *loader) merge(alone *loader) bool {
	for kind, names := range alone.declared {
		for name := range names {
			if _, twice := l.declared[kind][name]; twice {
				return false
			}
		}
	}
	for kind, names := range alone.declared {
		for name, at := range names {
			l.declared[kind][name] = at
		}
	}
	maps.Copy(l.onlyNames, alone.onlyNames)
	src := alone.files[0]
	src.problems = nil
	clear(src.listed)
	clear(src.bad)
	l.files = append(l.files, src)
	l.references = append(l.references, alone.references...)
	copies := map[*draftIndicator]*draftIndicator{}
	for _, in := range alone.indicators {
		one := *in
		copies[in] = &one
		l.indicators = append(l.indicators, &one)
	}
	for _, d := range alone.slos {
		d.objectives = slices.Clone(d.objectives)
		if d.inline != nil {
			d.inline = copies[d.inline]
		}
		l.slos = append(l.slos, d)
	}
	return true
}
