package generic_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"setpoint.dev/setpoint/slo"
)

const key = "0123456789abcdef"

// A site is a place under test, and the hand of somebody else there.
type site struct {
	declared slo.Actuator
	set      func(setting float64) // somebody else changes it
	fail     func(status int)      // the next answer; nil = it cannot
	lie      func()                // from now on it acknowledges and does nothing; nil = it cannot
	writes   func() int
}

func sites(t *testing.T) map[string]*site {
	return map[string]*site{"file": onDisk(t), "webhook": receiver(t), "kubernetes": cluster(t)}
}

func declared(k slo.ActuatorKind, p slo.Place) slo.Actuator {
	return slo.Actuator{Name: "rate", Kind: k, Rest: 100, Tight: 10, Unit: "req/s", Place: p}
}

func onDisk(t *testing.T) *site {
	path := filepath.Join(t.TempDir(), "rate.json")
	return &site{declared: declared(slo.AtFile, slo.Place{Path: path}), set: func(x float64) {
		var all map[string]any
		text, err := os.ReadFile(path)
		must(t, err)
		must(t, json.Unmarshal(text, &all))
		all["setting"] = x
		text, _ = json.Marshal(all)
		must(t, os.WriteFile(path, text, 0o600))
	}}
}

// A hand is what both servers have: they can fail, and lie.
type hand struct {
	mu     sync.Mutex
	status int // of the next answer; 0 = as it should be
	lies   bool
	writes int
}

// take returns the status that was asked for, once.
func (h *hand) take() int {
	s := h.status
	h.status = 0
	return s
}

func (h *hand) site(d slo.Actuator, set func(float64)) *site {
	locked := func(f func()) {
		h.mu.Lock()
		defer h.mu.Unlock()
		f()
	}
	return &site{
		declared: d, set: func(x float64) { locked(func() { set(x) }) },
		fail: func(status int) { locked(func() { h.status = status }) }, lie: func() { locked(func() { h.lies = true }) },
		writes: func() (n int) { locked(func() { n = h.writes }); return n },
	}
}

// A receiver does what docs/actuators.md asks of one: it checks signatures,
// keeps the newest move, and tells the setting in force.
func receiver(t *testing.T) *site {
	h := &hand{}
	var setting *float64
	var move map[string]any
	order := func(m map[string]any) []float64 {
		timeline, _ := m["timeline"].(float64)
		epoch, _ := m["epoch"].(float64)
		sequence, _ := m["sequence"].(float64)
		return []float64{timeline, epoch, sequence}
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		switch status := h.take(); {
		case status != 0:
			w.WriteHeader(status)
		case !signed(r, body):
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method == http.MethodGet && setting == nil:
			w.WriteHeader(http.StatusNotFound)
		case r.Method == http.MethodGet:
			_ = json.NewEncoder(w).Encode(map[string]any{"setting": setting, "move": move})
		case h.lies:
		default:
			var m map[string]any
			if json.Unmarshal(body, &m) != nil || m["decision"] != r.Header.Get("Idempotency-Key") {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			if slices.Compare(order(m), order(move)) < 0 {
				w.WriteHeader(http.StatusConflict)
				return
			}
			x := m["setting"].(float64)
			setting, move = &x, m
			h.writes++
		}
	}))
	t.Cleanup(srv.Close)
	p := slo.Place{URL: slo.Secret(srv.URL + "/hunter2"), ReadURL: slo.Secret(srv.URL + "/hunter2"), Secret: key}
	return h.site(declared(slo.AtWebhook, p), func(x float64) { setting = &x })
}

func signed(r *http.Request, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), body)
	return r.Header.Get("Webhook-Signature") == "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// A cluster is a ConfigMap behind the contract of an API server: merge
// patches, and 409 for a resourceVersion that is not the newest (Kubernetes
// API concepts, "Resource versions").
func cluster(t *testing.T) *site {
	h := &hand{}
	version, rate, note := 41, "100", ""
	token := filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(token, []byte("t0ken\n"), 0o600))
	get := func(w http.ResponseWriter) {
		meta := map[string]any{"name": "limits", "resourceVersion": strconv.Itoa(version)}
		if note != "" {
			meta["annotations"] = map[string]string{"setpoint.dev/move": note}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "ConfigMap", "metadata": meta, "data": map[string]string{"rate": rate}})
	}
	status := func(w http.ResponseWriter, code int, words string) {
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "message": words})
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		code := h.take()
		switch {
		case code != 0:
			status(w, code, "no luck")
		case r.Header.Get("Authorization") != "Bearer t0ken":
			status(w, http.StatusUnauthorized, "Unauthorized")
		case r.URL.Path != "/api/v1/namespaces/shop/configmaps/limits":
			status(w, http.StatusNotFound, "not found")
		case r.Method == http.MethodGet:
			get(w)
		case r.Method != http.MethodPatch || r.Header.Get("Content-Type") != "application/merge-patch+json":
			status(w, http.StatusUnsupportedMediaType, "the body is no merge patch")
		default:
			var p struct {
				Metadata struct {
					ResourceVersion string
					Annotations     map[string]string
				}
				Data map[string]string
			}
			if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
				status(w, http.StatusBadRequest, err.Error())
				return
			}
			if p.Metadata.ResourceVersion != strconv.Itoa(version) {
				status(w, http.StatusConflict, "the object has been modified")
				return
			}
			if !h.lies {
				rate, note, version = p.Data["rate"], p.Metadata.Annotations["setpoint.dev/move"], version+1
				h.writes++
			}
			get(w)
		}
	}))
	t.Cleanup(srv.Close)
	p := slo.Place{URL: slo.Secret(srv.URL), Path: "/api/v1/namespaces/shop/configmaps/limits", Field: "data.rate", TokenFile: token}
	return h.site(declared(slo.AtKubernetes, p), func(x float64) { rate, version = strconv.FormatFloat(x, 'f', -1, 64), version+1 })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
