package generic

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"

	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// annotation keeps the move on the object.
const annotation = "setpoint.dev/move"

// An object is a field of an object of Kubernetes, changed by a JSON merge
// patch (RFC 7386) over plain REST. The patch names the resourceVersion that
// was read, so that the API server refuses it with 409 when somebody else
// came first.
type object struct {
	url       string
	field     []string
	tokenFile string
	client    http.Client
}

func newObject(p slo.Place, reach egress.Policy) (*object, error) {
	over := reach.Transport()
	o := &object{url: strings.TrimRight(p.URL.Reveal(), "/") + p.Path, field: strings.Split(p.Field, "."), tokenFile: p.TokenFile, client: http.Client{Transport: over, CheckRedirect: noRedirect}}
	if p.CAFile == "" {
		return o, nil
	}
	text, err := os.ReadFile(p.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read caFile: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read caFile: %s holds no certificate", p.CAFile)
	}
	over.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return o, nil
}

// A manifest is what matters of an object.
type manifest struct {
	Metadata struct {
		ResourceVersion string            `json:"resourceVersion"`
		Annotations     map[string]string `json:"annotations"`
	} `json:"metadata"`
}

func (o *object) read(ctx context.Context) (state, error) {
	status, text, err := o.send(ctx, http.MethodGet, nil)
	if err != nil {
		return state{}, err
	}
	if status != http.StatusOK {
		return state{}, fmt.Errorf("the API server answers with status %d: %s", status, message(text))
	}
	var m manifest
	var all map[string]any
	if err := errors.Join(json.Unmarshal(text, &m), json.Unmarshal(text, &all)); err != nil {
		return state{}, fmt.Errorf("%w: %w", errStrange, err)
	}
	s := state{version: m.Metadata.ResourceVersion}
	if s.setting, s.set, err = o.value(all); err != nil {
		return state{}, err
	}
	if kept := m.Metadata.Annotations[annotation]; kept != "" {
		if err := json.Unmarshal([]byte(kept), &s.move); err != nil {
			return state{}, fmt.Errorf("%w: annotation %s: %w", errStrange, annotation, err)
		}
	}
	return s, nil
}

// value finds the field: a number, or a number as text, as ConfigMaps have it.
func (o *object) value(in any) (x float64, set bool, err error) {
	for _, key := range o.field {
		m, ok := in.(map[string]any)
		if !ok || m[key] == nil {
			return 0, false, nil
		}
		in = m[key]
	}
	switch v := in.(type) {
	case float64:
		return v, true, nil
	case string:
		x, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err == nil {
			return x, true, nil
		}
	}
	return 0, false, fmt.Errorf("%w: %s is no number", errStrange, strings.Join(o.field, "."))
}

func (o *object) write(ctx context.Context, m move, was state) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	patch := map[string]any{}
	o.put(patch, m.Setting)
	meta, _ := patch["metadata"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
		patch["metadata"] = meta
	}
	meta["resourceVersion"] = was.version
	notes, _ := meta["annotations"].(map[string]any)
	if notes == nil {
		notes = map[string]any{}
		meta["annotations"] = notes
	}
	notes[annotation] = string(text)
	body, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	status, answer, err := o.send(ctx, http.MethodPatch, body)
	switch {
	case err != nil:
		return err
	case status == http.StatusConflict:
		return fmt.Errorf("somebody else changed the object meanwhile: %w", loop.ErrForeign)
	case status != http.StatusOK:
		return fmt.Errorf("the API server answers with status %d: %s", status, message(answer))
	}
	return nil
}

// put writes the field: as text under data, annotations and labels, where
// Kubernetes takes nothing else, and as a number elsewhere.
func (o *object) put(patch map[string]any, setting float64) {
	at := patch
	for _, key := range o.field[:len(o.field)-1] {
		next := map[string]any{}
		at[key] = next
		at = next
	}
	last := o.field[len(o.field)-1]
	if o.field[0] == "data" || o.field[0] == "metadata" {
		at[last] = strconv.FormatFloat(setting, 'f', -1, 64)
		return
	}
	at[last] = setting
}

// send asks the API server. The token is read each time: the kubelet replaces
// it before it expires.
func (o *object) send(ctx context.Context, method string, body []byte) (status int, text []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, o.url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, errors.New("the address of the API server is none")
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/merge-patch+json")
		req.URL.RawQuery = "fieldManager=setpoint"
	}
	if o.tokenFile != "" {
		token, err := os.ReadFile(o.tokenFile)
		if err != nil {
			return 0, nil, fmt.Errorf("read tokenFile: %w", err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	return visit(&o.client, req)
}

// message is what a Status of Kubernetes says.
func message(text []byte) string {
	var s struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &s) != nil || s.Message == "" {
		return "no reason given"
	}
	return s.Message
}
