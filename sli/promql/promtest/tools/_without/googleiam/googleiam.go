// Package googleiam takes the place of the login at Google in the Prometheus 3 of the tests, which asks no cloud.
package googleiam

import (
	"errors"
	"net/http"
)

// A Config is refused wherever it is written.
type Config struct{}

// UnmarshalYAML refuses.
func (*Config) UnmarshalYAML(func(any) error) error {
	return errors.New("built without Google's cloud")
}

// NewRoundTripper refuses.
func NewRoundTripper(*Config, http.RoundTripper) (http.RoundTripper, error) {
	return nil, errors.New("built without Google's cloud")
}
