package slo

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// KubernetesMetadata is the table of the metadata of a Kubernetes resource,
// with all that a cluster adds to it, so that what it hands out is read as it
// is.
func KubernetesMetadata(required bool) *Table {
	t := &Table{Name: "metadata", Keys: []Key{
		{Name: "name", Is: IsWord, Required: required},
		{Name: "namespace", Is: IsText},
		{Name: "labels", Is: IsAny},
		{Name: "annotations", Is: IsAny},
	}}
	for _, key := range []string{
		"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName",
		"generation", "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid",
	} {
		t.Keys = append(t.Keys, Key{Name: key, Is: IsAny})
	}
	return t
}

// parts are the documents of a list of documents: a YAML list, or what
// Kubernetes calls one (kind List, or one that ends in it, with items).
func (l *loader) parts(doc value) []value {
	items := doc.items()
	if resources := doc.get("items"); resources.good() && strings.HasSuffix(doc.get("kind").text(), "List") && doc.get("apiVersion").given() {
		return resources.items()
	}
	if len(items) > 0 && (l.importer(items[0]) != nil || isDocument(Node{items[0]})) {
		return items
	}
	return nil
}

// isNoDefinition reports whether a document of a folder's JSON files is
// something else, such as a dashboard: it has none of the keys that say what
// a definition is, and nothing like them.
func isNoDefinition(doc value) bool {
	if !isJSON(doc.file.name) || doc.node.Kind != yaml.MappingNode {
		return false
	}
	known := []string{"apiVersion", "kind", "version"}
	return !slices.ContainsFunc(Node{doc}.keys(), func(key string) bool {
		return slices.Contains(known, key) || nearest(key, known[:1]) != ""
	})
}
