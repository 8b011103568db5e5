package web

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"setpoint.dev/setpoint/client"
)

// gatekeeperRequest is the ProviderRequest of OPA Gatekeeper's external data.
type gatekeeperRequest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Request    struct {
		Keys []string `json:"keys"`
	} `json:"request"`
}

// gatekeeperResponse is the ProviderResponse.
type gatekeeperResponse struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Response   gatekeeperAnswers `json:"response"`
}

type gatekeeperAnswers struct {
	Idempotent  bool             `json:"idempotent"`
	Items       []gatekeeperItem `json:"items"`
	SystemError string           `json:"systemError,omitempty"`
}

// gatekeeperItem has an error, or the value of a key.
type gatekeeperItem struct {
	Key   string         `json:"key"`
	Value *client.Answer `json:"value,omitempty"`
	Error string         `json:"error,omitempty"`
}

// mostKeys bounds what one request may ask.
const mostKeys = 100

// gatekeeper answers an external data provider of OPA Gatekeeper. Each key is a
// question, as the query of an address has it: service=checkout&environment=prod,
// and its value is the whole answer. A key that cannot be read has an error.
// Gatekeeper reads the body whatever the status is, and a body without items
// and error would violate nothing: so what is no request is told as a system
// error, with status 200.
func (s *Server) gatekeeper(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	var asks gatekeeperRequest
	out := gatekeeperAnswers{Items: []gatekeeperItem{}}
	err := readJSON(r, &asks)
	switch keys := len(asks.Request.Keys); {
	case err != nil:
		out.SystemError = problemOf(err).Error()
	case asks.Kind != "ProviderRequest" || keys == 0 || keys > mostKeys:
		out.SystemError = "the body is no ProviderRequest with 1 to 100 keys"
	}
	for _, key := range asks.Request.Keys {
		if out.SystemError == "" {
			out.Items = append(out.Items, s.gatekeeperItem(r, key, now))
		}
	}
	s.writeJSON(w, r, http.StatusOK, gatekeeperResponse{"externaldata.gatekeeper.sh/v1beta1", "ProviderResponse", out})
}

func (s *Server) gatekeeperItem(r *http.Request, key string, now time.Time) gatekeeperItem {
	query, err := readQuery(&http.Request{URL: &url.URL{RawQuery: key}})
	if err != nil {
		return gatekeeperItem{Key: key, Error: problemOf(err).Error()}
	}
	q, err := askingBy(query.Get).question()
	if p := (&client.Problem{}); errors.As(err, &p) {
		return gatekeeperItem{Key: key, Error: p.Error()}
	}
	a := s.wireAnswer(s.decide(r.Context(), "gatekeeper", q, now))
	return gatekeeperItem{Key: key, Value: &a}
}
