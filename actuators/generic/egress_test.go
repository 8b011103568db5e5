package generic_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"setpoint.dev/setpoint/actuators/generic"
	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/slo"
)

// What a definition names is not visited where the policy does not let it:
// neither to read nor to write.
func TestPlacesRefused(t *testing.T) {
	visits := 0
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits++ }))
	defer s.Close()
	for address, reach := range map[string]egress.Policy{
		"http://169.254.169.254/latest": {}, "http://[fd00:ec2::254]": {}, "http://0.0.0.0:80": {},
		s.URL: {Only: []string{"hooks.example"}},
	} {
		p := slo.Place{URL: slo.Secret(address), ReadURL: slo.Secret(address), Path: "/api/v1/configmaps/a", Field: "data.a", Secret: key}
		for _, kind := range []slo.ActuatorKind{slo.AtWebhook, slo.AtKubernetes} {
			x, err := generic.New(declared(kind, p), reach)
			must(t, err)
			reads(t, x, 0, egress.ErrRefused)
			applies(t, x, move(40, 1, time.Minute), egress.ErrRefused)
		}
	}
	if visits != 0 {
		t.Errorf("%d visits", visits)
	}
}

// The address that a hook is told at is judged by itself, where that to read
// from may be visited.
func TestWriteRefused(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	x, err := generic.New(declared(slo.AtWebhook, slo.Place{URL: "http://169.254.169.254", ReadURL: slo.Secret(s.URL), Secret: key}), egress.Policy{})
	must(t, err)
	defer generic.CloseIdle(x)
	reads(t, x, 100, nil)
	if err := x.Apply(t.Context(), move(40, 1, time.Minute)); !errors.Is(err, egress.ErrRefused) {
		t.Errorf("Apply = %v, want a refusal", err)
	}
}

// What may be visited leads nowhere else: a redirect is an answer that is none.
func TestNoRedirects(t *testing.T) {
	visits := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits++ }))
	defer inside.Close()
	s := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	p := slo.Place{URL: slo.Secret(s.URL), ReadURL: slo.Secret(s.URL), Path: "/api/v1/configmaps/a", Field: "data.a", Secret: key}
	for _, kind := range []slo.ActuatorKind{slo.AtWebhook, slo.AtKubernetes} {
		x, err := generic.New(declared(kind, p), egress.Policy{})
		must(t, err)
		if _, err := x.Read(t.Context()); err == nil {
			t.Errorf("%s was read where a redirect led", kind)
		}
		if err := x.Apply(t.Context(), move(40, 1, time.Minute)); err == nil {
			t.Errorf("%s was set where a redirect led", kind)
		}
		generic.CloseIdle(x)
	}
	if visits != 0 {
		t.Errorf("%d visits", visits)
	}
}
