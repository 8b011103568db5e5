// Package v1 takes the place of the files openapi*.go of Prometheus' API in the Prometheus 3 of the tests: the API is
// there, its description in OpenAPI is not, since the library for that costs as much to compile as the rest.
package v1

import (
	"log/slog"
	"net/http"
)

// OpenAPIOptions is what Prometheus hands over.
type OpenAPIOptions struct {
	IncludePaths         []string
	ExternalURL, Version string
	MaxSearchLimit       int
}

// An OpenAPIBuilder describes nothing.
type OpenAPIBuilder struct{}

// NewOpenAPIBuilder returns one.
func NewOpenAPIBuilder(OpenAPIOptions, *slog.Logger) *OpenAPIBuilder { return &OpenAPIBuilder{} }

// ServeOpenAPI answers that there is no description.
func (*OpenAPIBuilder) ServeOpenAPI(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "built without a description of the API", http.StatusNotFound)
}

// WrapHandler returns the handler as it is.
func (*OpenAPIBuilder) WrapHandler(next http.HandlerFunc) http.HandlerFunc { return next }
