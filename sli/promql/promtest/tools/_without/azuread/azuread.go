// Package azuread takes the place of the login at Azure in the Prometheus 3 of the tests, which asks no cloud.
package azuread

import (
	"errors"
	"net/http"
)

// An AzureADConfig is refused wherever it is written.
type AzureADConfig struct{}

// Validate refuses.
func (*AzureADConfig) Validate() error { return errors.New("built without Azure") }

// UnmarshalYAML refuses.
func (c *AzureADConfig) UnmarshalYAML(func(any) error) error { return c.Validate() }

// NewAzureADRoundTripper refuses.
func NewAzureADRoundTripper(c *AzureADConfig, _ http.RoundTripper) (http.RoundTripper, error) {
	return nil, c.Validate()
}
