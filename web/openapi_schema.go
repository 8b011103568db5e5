package web

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// schemas makes JSON Schemas of Go types: what encoding/json makes of a value
// of the type is valid. Of what callers send, any field may be left out.
type schemas struct {
	all  object // by name
	sent bool   // it is of what callers send
}

// of is the schema of a type, or a reference to it.
func (s schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.Number]():
		return object{"type": "number"}
	case reflect.TypeFor[json.RawMessage]():
		return object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Struct:
		return s.named(t)
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return s.mapping(t)
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	}
	return object{} // an interface: anything
}

// mapping is the schema of a map.
func (s schemas) mapping(t reflect.Type) object {
	if t.Elem().Kind() == reflect.Interface {
		return object{"type": "object"}
	}
	return object{"type": "object", "additionalProperties": s.of(t.Elem())}
}

// named refers to the schema of a struct, which it makes at the first time.
// One without a name is written where it is.
func (s schemas) named(t reflect.Type) object {
	name := schemaName(t)
	if name == "" {
		return s.filled(object{}, t)
	}
	if s.sent {
		name += "Sent"
	}
	if _, known := s.all[name]; !known {
		schema := object{}
		s.all[name] = schema // before its fields, one of which may be of this type
		s.filled(schema, t)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// filled is a schema with the fields of a struct.
func (s schemas) filled(schema object, t reflect.Type) object {
	properties, required := object{}, []string{}
	s.fields(t, properties, &required)
	schema["type"], schema["properties"] = "object", properties
	if len(required) > 0 && !s.sent {
		schema["required"] = required
	}
	return schema
}

// fields adds the fields of a struct as encoding/json names them. Those of
// embedded structs are its own, unless it has one of that name.
func (s schemas) fields(t reflect.Type, properties object, required *[]string) {
	var embedded []reflect.Type
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case f.Anonymous && name == "":
			embedded = append(embedded, f.Type)
		default:
			if name == "" {
				name = f.Name
			}
			if _, taken := properties[name]; taken {
				continue
			}
			properties[name] = s.of(f.Type)
			if !strings.Contains(options, "omit") {
				*required = append(*required, name)
			}
		}
	}
	for _, e := range embedded {
		s.fields(e, properties, required)
	}
}

// schemaName is the name of a type without what JSON pointers cannot hold.
func schemaName(t reflect.Type) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ReplaceAll(t.Name(), t.PkgPath(), ""))
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
