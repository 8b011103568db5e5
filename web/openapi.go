package web

import (
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"setpoint.dev/setpoint/client"
)

// object is a JSON object of the OpenAPI document.
type object = map[string]any

// openAPI serves the description of what programs may ask (OpenAPI 3.0.3),
// made of the table of endpoints and of the types that they take and give.
func (s *Server) openAPI(w http.ResponseWriter, r *http.Request) {
	s.writeJSON(w, r, http.StatusOK, s.document())
}

func (s *Server) document() object {
	all := object{}
	paths := object{}
	for _, e := range s.endpoints() {
		at, ok := paths[e.path].(object)
		if !ok {
			at = object{}
			paths[e.path] = at
		}
		at[strings.ToLower(e.method)] = e.operation(all)
	}
	version := s.cfg.Version
	if version == "" {
		version = "dev"
	}
	return object{
		"openapi": "3.0.3",
		"info": object{
			"title": "Setpoint", "version": version, "license": object{"name": "Apache-2.0"},
			"description": "Error budgets that act: the gate for delivery tools, budgets, settings, decisions and orders.",
		},
		"paths": paths,
		"components": object{"schemas": all, "securitySchemes": object{
			"bearer": object{"type": "http", "scheme": "bearer"}, "basic": object{"type": "http", "scheme": "basic"},
		}},
	}
}

// operation describes an endpoint.
func (e endpoint) operation(all object) object {
	o := object{"operationId": e.id(), "summary": e.does, "parameters": e.parameters(), "responses": e.responses(all), "security": []object{}}
	if e.scope != "" {
		o["security"] = []object{{"bearer": []string{}}, {"basic": []string{}}}
		o["description"] = "Needs the scope " + string(e.scope) + ", where the server asks for tokens."
	}
	if e.takes != nil {
		content := inJSON(schemas{all, true}.of(reflect.TypeOf(e.takes)))
		if takesForm(e.takes) {
			content["application/x-www-form-urlencoded"] = content["application/json"]
		}
		o["requestBody"] = object{"content": content}
	}
	return o
}

// takesForm reports whether a body may be a form: those that readFields reads.
func takesForm(takes any) bool {
	switch takes.(type) {
	case asking, gateAsking, client.Deploy:
		return true
	}
	return false
}

// id names an endpoint in programs that are made of the document.
func (e endpoint) id() string {
	name := strings.ToLower(e.method)
	for _, part := range regexp.MustCompile(`[a-zA-Z0-9]+`).FindAllString(e.path, -1) {
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	return name
}

// parameters are those of the path and of the query. All of the query may be
// left out, and what it does not name is left alone.
func (e endpoint) parameters() []object {
	out := []object{}
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(e.path, -1) {
		out = append(out, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, name := range e.asks {
		schema := object{"type": "string"}
		switch name {
		case "limit", "before":
			if e.path == "/v1/decisions" || name == "limit" {
				schema = object{"type": "integer", "minimum": 1}
			}
		case "from", "to":
			schema["format"] = "date-time"
		case "judge":
			schema["enum"] = []string{"then", "today"}
		}
		out = append(out, object{"name": name, "in": "query", "schema": schema})
	}
	return out
}

// responses are the answer, where it is JSON, and the problem that every other
// status tells of.
func (e endpoint) responses(all object) object {
	content := object{"text/plain": object{"schema": object{"type": "string"}}}
	if e.gives != nil {
		content = inJSON(schemas{all, false}.of(reflect.TypeOf(e.gives)))
	}
	good := func(words string) object { return object{"description": words, "content": content} }
	out := object{"default": object{"description": "What is wrong", "content": inJSON(schemas{all, false}.of(reflect.TypeFor[client.Problem]()))}}
	switch {
	case e.method == http.MethodPost && e.path == "/v1/orders":
		out["201"], out["202"] = good("On record"), good("In force, and still to be recorded")
	case e.method == http.MethodPost && e.path == "/v1/deploys":
		out["201"] = good("On record")
	case slices.Contains(e.asks, "strict"):
		out["200"], out["403"], out["409"] = good("The verdict; with strict=1 it is allow"), good("With strict=1: deny"), good("With strict=1: hold")
	case strings.Contains(e.path, "/flagger/"):
		out["200"], out["403"] = good("Go on"), good("Do not")
	default:
		out["200"] = good("The answer")
	}
	if slices.Contains(e.asks, "wait") && !slices.Contains(e.asks, "strict") {
		out["304"] = object{"description": "Nothing has changed"}
	}
	return out
}

func inJSON(schema object) object { return object{"application/json": object{"schema": schema}} }
