package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// An authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	next int64
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	a.cert, a.key, _ = a.sign("authority")
	return a
}

// sign makes a certificate of a name for 127.0.0.1, which the first signs
// itself.
func (a *authority) sign(name string) (*x509.Certificate, *ecdsa.PrivateKey, []byte) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(a.t, err)
	a.next++
	want := &x509.Certificate{
		SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: a.cert == nil, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = want, key
	}
	der, err := x509.CreateCertificate(rand.Reader, want, parent, &key.PublicKey, signer)
	must(a.t, err)
	cert, err := x509.ParseCertificate(der)
	must(a.t, err)
	return cert, key, der
}

// files writes a certificate of a name and its key.
func (a *authority) files(dir, name string) (cert, key string) {
	a.t.Helper()
	_, k, der := a.sign(name)
	text, err := x509.MarshalECPrivateKey(k)
	must(a.t, err)
	cert, key = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	must(a.t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(a.t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text}), 0o600))
	return cert, key
}

// TestEncrypted serves over TLS: with a certificate of the authority a caller
// needs no token, with one of another authority nothing is answered, and a
// certificate that is renewed is served at once.
func TestEncrypted(t *testing.T) {
	dir, ours, theirs := t.TempDir(), newAuthority(t), newAuthority(t)
	o := access{auth: true, clientCA: filepath.Join(dir, "ca.pem"), certificates: []string{"pipeline=gate"}}
	must(t, os.WriteFile(o.clientCA, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ours.cert.Raw}), 0o600))
	o.tlsCert, o.tlsKey = ours.files(dir, "server")
	must(t, o.check())
	l, err := web.Listen(t.Context(), "127.0.0.1:0", true)
	must(t, err)
	door, err := o.encrypted(l)
	must(t, err)
	granted, err := grants("", o.certificates)
	must(t, err)
	handler := web.New(web.Config{Certificates: granted, Caller: func(context.Context, slo.Secret, time.Time) (web.Caller, error) { return web.Caller{}, web.ErrNobody }}).Handler()
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- web.Serve(ctx, door, handler) }()
	trusted := x509.NewCertPool()
	trusted.AddCert(ours.cert)
	ask := func(signer *authority, name string) (code int, serial int64) {
		cfg := &tls.Config{RootCAs: trusted}
		if signer != nil {
			pair, err := tls.LoadX509KeyPair(signer.files(dir, name))
			must(t, err)
			cfg.Certificates = []tls.Certificate{pair}
		}
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true}, Timeout: 20 * time.Second}
		res, err := c.Get(o.address(l) + "/v1/gate/checkout")
		if err != nil {
			return 0, 0
		}
		defer res.Body.Close()
		return res.StatusCode, res.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	code, first := ask(ours, "pipeline")
	if code != 200 {
		t.Errorf("a pipeline with its certificate: status %d", code)
	}
	if code, _ := ask(ours, "else"); code != 401 {
		t.Errorf("another certificate: status %d", code)
	}
	if code, _ := ask(nil, ""); code != 401 {
		t.Errorf("no certificate: status %d", code)
	}
	if code, _ := ask(theirs, "pipeline"); code != 0 {
		t.Errorf("a certificate of another authority: status %d, want no answer", code)
	}
	ours.files(dir, "server")
	if _, second := ask(ours, "pipeline"); second == first {
		t.Error("the renewed certificate is not served")
	}
	stop()
	must(t, <-served)
}

// TestAccessRefuses refuses switches that do not fit together.
func TestAccessRefuses(t *testing.T) {
	for says, o := range map[string]access{
		"counts with --auth only":    {issuer: "https://id.example", client: "c"},
		"go together":                {auth: true, issuer: "https://id.example"},
		"--tls-cert and --tls-key":   {tlsCert: "a"},
		"need --tls-cert":            {auth: true, clientCA: "a"},
		`"all" is none of`:           {auth: true, issuer: "https://id.example", client: "c", groups: []string{"sre=all"}},
		"NAME=SCOPE":                 {auth: true, issuer: "https://id.example", client: "c", groups: []string{"sre"}},
		"it is no name, no *.domain": {only: []string{"https://hooks.example"}},
	} {
		if err := o.check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", o, err, says)
		}
	}
}
