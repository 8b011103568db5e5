package pipelinetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// site stands for the domain that DD_SITE names: datadog-ci asks api.SITE.
const site = "setpoint.test"

// certificate is one of a host, by itself, and the file that says it is good.
func certificate(t *testing.T, host string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	is := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, is, is, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// datadog runs datadog-ci against a gate with so much budget left, where every
// host is this machine.
func datadog(t *testing.T, remaining float64, service string) (code int, said string) {
	t.Helper()
	program, err := filepath.Abs("../../.cache/parts/datadog-ci/node_modules/@datadog/datadog-ci/dist/bundle.js")
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		t.Fatalf("datadog-ci is not here: scripts/parts datadog-ci: %v", err)
	}
	s := httptest.NewUnstartedServer(gate(remaining))
	pair, ca := certificate(t, "api."+site)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.StartTLS()
	defer s.Close()
	here := filepath.Join(t.TempDir(), "here.cjs")
	lookup := `require("dns").lookup = (host, o, then) => (typeof o === "function" ? o : then)(null, o.all ? [{address: "127.0.0.1", family: 4}] : "127.0.0.1", 4)`
	if err := os.WriteFile(here, []byte(lookup), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "node", "--require", here, program,
		"deployment", "gate", "--service", service, "--env", "production", "--version", "v2", "--apm-primary-tag", "region:eu-west", "--timeout", "2", "--fail-on-error")
	c.Env = append(os.Environ(), "DD_BETA_COMMANDS_ENABLED=1", "DD_API_KEY=a token", "DD_APP_KEY=none", "DD_SITE="+site+":"+port, "NODE_EXTRA_CA_CERTS="+ca, "NO_PROXY=*", "no_proxy=*")
	text, err := c.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(text)
}

// TestDatadog has datadog-ci ask, as docs/pipelines says: it passes, fails, and
// goes on asking while the gate holds, until its time is up; it shows what is
// wrong with a question.
func TestDatadog(t *testing.T) {
	for _, c := range []struct {
		remaining float64
		service   string
		code      int
		says      []string
	}{
		{1, "checkout", 0, []string{"Gate evaluation passed", "Rule: budget-left: fast", "Evaluation mode: Active"}},
		{-1, "checkout", 1, []string{"Gate evaluation failed", "fast has no budget left (−100 %)", "/gate?service=checkout"}},
		{1, "nobody", 1, []string{"Gate evaluation in progress (0/1 rules completed)", "Timeout reached"}},
		{1, "${SERVICE}", 1, []string{"400", "service is a placeholder that was not filled in"}},
	} {
		t.Run(fmt.Sprint(c.service, c.remaining), func(t *testing.T) {
			t.Parallel()
			code, said := datadog(t, c.remaining, c.service)
			if code != c.code {
				t.Errorf("exit %d, want %d: %s", code, c.code, said)
			}
			for _, says := range c.says {
				if !strings.Contains(said, says) {
					t.Errorf("it does not say %q: %s", says, said)
				}
			}
		})
	}
}
