package slo

import (
	"bytes"
	"errors"

	"go.yaml.in/yaml/v4"
)

// Convert reads definitions as Load does, without an environment, and returns
// them as YAML documents of OpenSLO v1 and of our own kinds. Documents that
// are written in those already are returned as they are, without aliases,
// anchors and merges. Loading the result gives the same set; only places
// differ. With problems that are errors it returns nil.
func Convert(files []File, importers ...Importer) ([]byte, Problems) {
	l := newLoader(nil)
	l.importers, l.writer = append(older(), importers...), &writer{}
	l.read(files)
	problems := l.problems()
	if problems.Err() != nil {
		return nil, problems
	}
	return l.writer.out.Bytes(), problems
}

// A writer writes documents as they are read, so that no more than one file's
// trees are in memory.
type writer struct{ out bytes.Buffer }

// write writes a document, unless its file was refused.
func (w *writer) write(doc value) {
	n := doc.file.plain(doc.node)
	if doc.file.listed[SeverityError] > 0 {
		return
	}
	if w.out.Len() > 0 {
		w.out.WriteString("---\n")
	}
	enc := yaml.NewEncoder(&w.out) // one for each document: it keeps what it is given until it is closed
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(n), enc.Close()); err != nil {
		doc.refuse("cannot be written: "+err.Error(), "", "")
	}
}

// plain is a copy of a flat tree that can be written: without anchors, and
// bounded as every reading is.
func (f *source) plain(n *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style &^ yaml.FlowStyle}
	for _, child := range n.Content {
		if f.tired(n, 1) {
			return out
		}
		out.Content = append(out.Content, f.plain(child))
	}
	return out
}

// imported is a document in our own words: what an importer makes of it, or
// the document itself. Lists of documents are taken apart.
func (l *loader) imported(doc value) (docs []value) {
	const visits = 10 // that a document costs at least
	if doc.file.tired(doc.node, visits) {
		return nil
	}
	if parts := l.parts(doc); parts != nil {
		for _, part := range parts {
			docs = append(docs, l.imported(part)...)
		}
		return docs
	}
	if isNoDefinition(doc) {
		doc.warn("passed over: no definition, it says neither apiVersion nor kind", "", "")
		return nil
	}
	in := l.importer(doc)
	switch {
	case in != nil && misspeltKind(doc):
		return nil
	case in == nil:
		return []value{doc}
	case l.survey(doc, in):
		return nil
	}
	return converted(in, doc)
}

func (l *loader) importer(doc value) Importer {
	for _, in := range l.importers {
		if in.Reads(Node{doc}) {
			return in
		}
	}
	return nil
}
