package slo_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"setpoint.dev/setpoint/slo"
)

// TestSecretsAreHidden prints, logs and encodes a secret in every way, alone and
// inside of what is printed.
func TestSecretsAreHidden(t *testing.T) {
	type holder struct {
		Key slo.Secret
		All map[string]*slo.Secret
	}
	s := slo.Secret("hunter2")
	h := holder{s, map[string]*slo.Secret{"a": &s}}
	var said strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&said, verb+verb+verb, s, h, []slo.Secret{s})
	}
	log := slog.New(slog.NewJSONHandler(&said, nil))
	log.Info("a", "key", s, "all", h)
	slog.New(slog.NewTextHandler(&said, nil)).Info("a", "key", s, "all", h)
	for _, encode := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal, func(v any) ([]byte, error) { return xml.Marshal(v.(holder).Key) }} {
		text, err := encode(h)
		if err != nil {
			t.Error(err)
		}
		said.Write(text)
	}
	for _, secret := range []string{"hunter2", "68756e74657232", "68756E74657232", "aHVudGVyMg"} {
		if strings.Contains(said.String(), secret) {
			t.Errorf("%q is in %s", secret, said.String())
		}
	}
}
