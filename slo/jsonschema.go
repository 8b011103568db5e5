package slo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"unicode"
)

// Schema is the JSON Schema (draft 7, which editors know best) of all kinds.
// It is made of the tables that the reader checks documents against, and kept
// in docs/definitions.schema.json. It knows keys, shapes and choices; what
// takes more than one value to see, only the reader does.
func Schema() ([]byte, error) {
	d := definitions{}
	var conditions []any
	versions, names := []any{}, []any{}
	for _, k := range kinds() {
		ref, err := d.object(k.document())
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, schema{"if": k.is(), "then": ref})
		names = append(names, k.name)
	}
	for _, v := range []string{openSLO, ours} {
		versions = append(versions, v)
	}
	root := schema{
		"$schema": "http://json-schema.org/draft-07/schema#", "title": "Setpoint definitions",
		"description": "OpenSLO v1, and Setpoint's own kinds.",
		"type":        []any{"object", "array"}, "items": schema{"$ref": "#"},
		"required":    []any{"apiVersion", "kind"},
		"properties":  schema{"apiVersion": schema{"enum": versions}, "kind": schema{"enum": names}},
		"allOf":       conditions,
		"definitions": d,
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return out.Bytes(), nil
}

// A schema is one schema, or the schemas of some keys.
type schema = map[string]any

// definitions are the schemas of all tables, by the names of these.
type definitions map[string]schema

// is holds for documents of kind k.
func (k kind) is() schema {
	return schema{"type": "object", "required": []any{"apiVersion", "kind"}, "properties": schema{
		"apiVersion": schema{"const": k.version}, "kind": schema{"const": k.name},
	}}
}

// object is a reference to the schema of a table.
func (d definitions) object(o *object) (schema, error) {
	keys, required := schema{}, []any{}
	for _, f := range o.fields {
		if f.later != "" {
			continue // refused where it is there
		}
		is, err := d.field(f)
		if err != nil {
			return nil, err
		}
		keys[f.key] = is
		if f.required {
			required = append(required, f.key)
		}
	}
	s := schema{"type": "object", "properties": keys, "additionalProperties": o.open}
	for _, f := range o.fields {
		if f.asked { // draft 7 has it that way: then is looked at where if holds
			s["if"], s["then"] = schema{"properties": schema{"type": schema{"pattern": askedPattern()}}}, schema{"properties": schema{f.key: keys[f.key]}}
			keys[f.key] = schema{"description": f.doc}
		}
	}
	if len(required) > 0 {
		s["required"] = required
	}
	if o.doc != "" {
		s["description"] = o.doc
	}
	if before, there := d[o.name]; there && fmt.Sprint(before) != fmt.Sprint(s) {
		return nil, fmt.Errorf("write schema: two tables have the name %s", o.name)
	}
	d[o.name] = s
	return refTo(o.name), nil
}

func refTo(name string) schema { return schema{"$ref": "#/definitions/" + name} }

// field is the schema of the values of a key.
func (d definitions) field(f field) (schema, error) {
	s := f.is.schema(f)
	if f.of != nil && f.unread == "" {
		ref, err := d.object(f.of)
		if err != nil {
			return nil, err
		}
		switch {
		case f.is == shapeList:
			s["items"] = ref
			if !f.empty {
				s["minItems"] = 1
			}
		case f.listed:
			s = schema{"anyOf": []any{ref, schema{"type": "array", "items": schema{"type": "object"}}}}
		default:
			s = schema{"allOf": []any{ref}} // beside a reference nothing counts in draft 7
		}
	}
	s["description"] = f.doc
	if f.instead != "" {
		s["description"] = f.doc + " When absent: " + f.instead + "."
	}
	return s, nil
}

// The patterns of texts.
const (
	namePattern      = "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"
	durationPattern  = `^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w|y))+$`
	shorthandPattern = "^[0-9]*[1-9][0-9]*[mhdwMQY]$"
)

// askedPattern matches the types of data sources that are asked, in any case.
func askedPattern() string {
	var words []string
	for _, word := range prometheusTypes() {
		var letters strings.Builder
		for _, r := range word {
			fmt.Fprintf(&letters, "[%c%c]", unicode.ToUpper(r), unicode.ToLower(r))
		}
		words = append(words, letters.String())
	}
	return "^(" + strings.Join(words, "|") + ")$"
}

// schema is what JSON Schema can say of the shape.
func (s shape) schema(f field) schema {
	text := func(more schema) schema {
		out := schema{"type": "string"}
		maps.Copy(out, more)
		return out
	}
	if f.unread != "" {
		return schema{}
	}
	switch s {
	case shapeText:
		return text(schema{"maxLength": maxDescription})
	case shapeNote, shapeQuery, shapeCondition:
		return text(nil)
	case shapeWord, shapeSecret:
		return text(schema{"minLength": 1})
	case shapeName:
		return text(schema{"pattern": namePattern, "maxLength": maxName})
	case shapeChoice:
		return schema{"enum": f.words}
	case shapeDecimal:
		return schema{"type": "number"}
	case shapeWhole:
		return schema{"type": "integer", "minimum": 0}
	case shapeTruth:
		return schema{"type": "boolean"}
	case shapeDuration:
		return text(schema{"pattern": durationPattern})
	case shapeWindow:
		return text(schema{"pattern": shorthandPattern})
	case shapeAfter:
		return text(schema{"pattern": "^0m$|" + shorthandPattern})
	case shapeTimeSlice:
		return schema{"type": []any{"string", "integer"}, "pattern": "^[0-9]+$|" + shorthandPattern}
	case shapeSetting:
		return schema{"type": []any{"string", "number"}}
	}
	return s.collection()
}

// collection is what JSON Schema can say of mappings and lists.
func (s shape) collection() schema {
	text := schema{"type": "string"}
	switch s {
	case shapeLabels:
		return schema{"type": "object", "additionalProperties": schema{"anyOf": []any{text, schema{"type": "array", "items": text}}}}
	case shapeNotes:
		return schema{"type": "object", "additionalProperties": text}
	case shapeNames, shapeWords:
		return schema{"type": "array", "items": s.item().schema(field{})}
	case shapeMapping:
		return schema{"type": "object"}
	case shapeList:
		return schema{"type": "array"}
	}
	return schema{}
}
