package main

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// access says who may ask what of serve, and how they are known.
type access struct {
	auth   bool
	rate   float64
	only   []string // where what definitions name may be
	public string   // address that people and tools use

	tlsCert, tlsKey, clientCA string
	certificates              []string // NAME=GRANT

	issuer, client, claim string
	groups                []string // GROUP=GRANT
}

func (o *access) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.auth, "auth", false, "ask everybody for a token ('setpoint tokens'); needed to listen where other machines can reach it")
	f.Float64Var(&o.rate, "rate", 1000, "requests a second of one caller, twice as many at once; 0 = no bound")
	f.StringSliceVar(&o.only, "egress", nil, "names, *.domains, addresses and CIDR blocks where alerts, webhooks, API servers of Kubernetes and databases of actuators may be (default: all but link-local addresses and names that lead to this machine)")
	f.StringVar(&o.public, "url", "", "address that people and tools use, such as https://setpoint.example (default: that of --listen)")
	f.StringVar(&o.tlsCert, "tls-cert", "", "file of the server's certificate; it is read again when it is renewed")
	f.StringVar(&o.tlsKey, "tls-key", "", "file of its key")
	f.StringVar(&o.clientCA, "client-ca", "", "file of the authorities whose client certificates are accepted in place of tokens")
	f.StringArrayVar(&o.certificates, "certificate", nil, "NAME=SCOPE,…[@TEAM,…]: what who has a certificate of this common name may do; may be given again")
	f.StringVar(&o.issuer, "oidc-issuer", "", "identity provider (OpenID Connect) at which people log in")
	f.StringVar(&o.client, "oidc-client", "", "ID of this client there; its secret is SETPOINT_OIDC_SECRET")
	f.StringVar(&o.claim, "oidc-name", "", "claim that people are named by (default: email, where it is verified, else sub)")
	f.StringArrayVar(&o.groups, "oidc-group", nil, "GROUP=SCOPE,…[@TEAM,…]: what its members may do; may be given again")
}

// check refuses what does not fit together.
func (o access) check() error {
	if err := o.egress().Check(); err != nil {
		return exit{usage, fmt.Sprintf("--egress: %v", err)}
	}
	switch {
	case !o.auth && (o.clientCA != "" || o.issuer != "" || len(o.certificates) > 0 || len(o.groups) > 0):
		return exit{usage, "--client-ca, --certificate and --oidc-… say who may do what, which counts with --auth only"}
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return exit{usage, "--tls-cert and --tls-key go together"}
	case o.clientCA != "" && o.tlsCert == "" || len(o.certificates) > 0 && o.clientCA == "":
		return exit{usage, "client certificates need --tls-cert, --tls-key and --client-ca"}
	case (o.issuer == "") != (o.client == "") || o.issuer == "" && len(o.groups) > 0:
		return exit{usage, "--oidc-issuer, --oidc-client and --oidc-group go together"}
	}
	_, err := grants("--certificate", o.certificates)
	if err == nil {
		_, err = grants("--oidc-group", o.groups)
	}
	return err
}

// grants reads NAME=GRANT.
func grants(flag string, all []string) (map[string]web.Grant, error) {
	out := map[string]web.Grant{}
	for _, text := range all {
		i := strings.LastIndex(text, "=")
		if i < 1 {
			return nil, exit{usage, fmt.Sprintf("%s is NAME=SCOPE,…[@TEAM,…], not %q", flag, text)}
		}
		g, err := web.ParseGrant(text[i+1:])
		if err != nil {
			return nil, exit{usage, fmt.Sprintf("%s: %v", flag, err)}
		}
		out[text[:i]] = g
	}
	return out, nil
}

// egress is what may be connected to on behalf of definitions.
func (o access) egress() egress.Policy { return egress.Policy{Only: o.only} }

// address is how people and tools find the server.
func (o access) address(l net.Listener) string {
	switch {
	case o.public != "":
		return strings.TrimSuffix(o.public, "/")
	case o.tlsCert != "":
		return strings.Replace(web.Address(l), "http://", "https://", 1)
	}
	return web.Address(l)
}

// encrypted is a listener that speaks TLS, when there is a certificate. It is
// read for each connection: it is renewed while this runs.
func (o access) encrypted(l net.Listener) (net.Listener, error) {
	if o.tlsCert == "" {
		return l, nil
	}
	read := func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		return &c, err
	}
	if _, err := read(nil); err != nil {
		return nil, fmt.Errorf("read the server's certificate: %w", err)
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: read, NextProtos: []string{"http/1.1"}}
	if o.clientCA != "" {
		text, err := os.ReadFile(o.clientCA)
		if err != nil {
			return nil, fmt.Errorf("read authorities of clients: %w", err)
		}
		cfg.ClientCAs, cfg.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
		if !cfg.ClientCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("read authorities of clients: %s holds no certificate in PEM", o.clientCA)
		}
	}
	return tls.NewListener(l, cfg), nil
}

// provider is where people log in; nil = nowhere.
func (o access) provider() *web.Provider {
	if o.issuer == "" {
		return nil
	}
	groups, _ := grants("", o.groups) // checked before
	return &web.Provider{
		Issuer: o.issuer, ClientID: o.client, Secret: slo.Secret(os.Getenv("SETPOINT_OIDC_SECRET")), Name: o.claim, Groups: groups,
		HTTP: &http.Client{Transport: egress.Policy{Loopback: true}.Transport(), Timeout: 10 * time.Second},
	}
}

// keyring knows the tokens; nil when nobody is asked for one.
func (o access) keyring(tokens ledger.TokenBook) *ledger.Keyring {
	if !o.auth {
		return nil
	}
	return ledger.NewKeyring(tokens, ledger.KeyringConfig{})
}

// admit says in a configuration who may ask.
func (h *house) admit(cfg web.Config, o access) web.Config {
	cfg.Rate = o.rate
	if h.key != nil {
		cfg.Sign = func(text []byte) []byte { return ed25519.Sign(h.key, text) }
	}
	if h.keyring == nil {
		return cfg
	}
	cfg.Caller = h.caller
	cfg.Certificates, _ = grants("", o.certificates) // checked before
	cfg.Sessions = web.Sessions{Begin: h.beginSession, End: h.endSession, Provider: o.provider()}
	return cfg
}

// publicKey is what clients pin.
func (h *house) publicKey() string {
	if h.key == nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(h.key.Public().(ed25519.PublicKey))
}

// caller finds out who shows a token.
func (h *house) caller(ctx context.Context, key slo.Secret, now time.Time) (web.Caller, error) {
	t, err := h.keyring.Token(ctx, key.Reveal(), now)
	if errors.Is(err, ledger.ErrNoToken) {
		return web.Caller{}, errors.Join(web.ErrNobody, err)
	}
	c := web.Caller{Name: t.Name, Teams: t.Teams}
	for _, s := range t.Scopes {
		c.Scopes = append(c.Scopes, web.Scope(s))
	}
	return c, err
}

// keys keeps the keyring up to date until ctx ends.
func (h *house) keys(ctx context.Context) error {
	if h.keyring == nil {
		return nil
	}
	return h.keyring.Run(ctx, func(err error) { h.log.Warn("tokens", "error", err) })
}

const (
	sessionFor = 8 * time.Hour // how long a login lasts
	byLogin    = "login"       // who made the token of a session
)

// beginSession makes a token for somebody who has logged in.
func (h *house) beginSession(ctx context.Context, c web.Caller, now time.Time) (slo.Secret, time.Time, error) {
	t := ledger.Token{Name: c.Name, Teams: c.Teams, By: byLogin, At: now, Expires: now.Add(sessionFor)}
	for _, s := range c.Scopes {
		t.Scopes = append(t.Scopes, string(s))
	}
	t, secret := ledger.NewToken(t)
	return secret, t.Expires, h.records.AddToken(ctx, t)
}

// endSession revokes the token of a session. One that was made otherwise
// stays: others may use it.
func (h *house) endSession(ctx context.Context, key slo.Secret) error {
	now := time.Now()
	t, err := h.keyring.Token(ctx, key.Reveal(), now)
	switch {
	case errors.Is(err, ledger.ErrNoToken):
		return web.ErrNobody
	case err != nil || t.By != byLogin:
		return err
	}
	_, err = h.records.RevokeToken(ctx, t.ID, t.Name, now)
	return err
}
