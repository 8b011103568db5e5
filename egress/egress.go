// Package egress decides which addresses this program may connect to when a
// definition, a name server or an answer told it the address: targets of
// alerts, metrics backends, what actuators move, delivery tools, identity providers.
//
//	URL ─► name on the list? ─► name server ─► each address: allowed? ─► connect
//
// An address is judged when it is dialled, after its name was looked up, so
// that a name that leads elsewhere the second time (DNS rebinding), or from
// the start, opens nothing. What is never dialled unless the list says so:
// link-local addresses (the metadata services of clouds are there), the
// unspecified address, multicast, and this machine under another name than
// localhost or its address. Redirects are for the callers to refuse.
//
// Proxies of the environment (HTTP_PROXY) are not used: behind one nothing
// can be judged.
//
// When a name server is down the connection fails, as it would without this.
package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrRefused is in every error that says that an address may not be dialled.
var ErrRefused = errors.New("may not be connected to")

// A Policy says what may be dialled. The zero Policy is every address but
// those that the package names.
type Policy struct {
	Only     []string // names, *.domains, addresses and CIDR blocks; empty = all. What it names may be dialled wherever it is
	Loopback bool     // names other than localhost may lead to this machine too

	Resolver *net.Resolver // looks names up; nil = that of the system
}

// Check refuses a list that holds what is none of its kinds.
func (p Policy) Check() error {
	for _, item := range p.Only {
		_, err := block(item)
		if name := strings.TrimPrefix(item, "*."); err != nil && (name == "" || strings.ContainsAny(name, "*/: \t\n@")) {
			return fmt.Errorf("read %q: it is no name, no *.domain, no address and no CIDR block such as 10.0.0.0/8", item)
		}
	}
	return nil
}

// Transport is an HTTP transport that dials by the policy.
func (p Policy) Transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy, t.DialContext = nil, p.DialContext
	return t
}

// DialContext connects if the policy lets it. It is for http.Transport.
func (p Policy) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	d := net.Dialer{Timeout: 5 * time.Second, Resolver: p.Resolver, ControlContext: func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(resolved)
		if err != nil {
			return fmt.Errorf("dial: %w", err)
		}
		return p.allows(host, at.Addr())
	}}
	return d.DialContext(ctx, network, address)
}

// allows judges an address to which a host led.
func (p Policy) allows(host string, at netip.Addr) error {
	at = at.Unmap().WithZone("")
	if p.names(host) || p.holds(at) {
		return nil
	}
	switch {
	case len(p.Only) > 0:
		return fmt.Errorf("%s (%s) %w: it is not on the list", host, at, ErrRefused)
	case at.IsLinkLocalUnicast(), at.IsMulticast(), at.IsUnspecified(), at == awsMetadata():
		return fmt.Errorf("%s (%s) %w: nothing but the network's own services is there", host, at, ErrRefused)
	case at.IsLoopback() && !p.Loopback && !local(host):
		return fmt.Errorf("%s (%s) %w: it is this machine under another name", host, at, ErrRefused)
	}
	return nil
}

// awsMetadata is the metadata service of EC2 over IPv6, which is no
// link-local address.
func awsMetadata() netip.Addr { return netip.MustParseAddr("fd00:ec2::254") }

// local reports whether a host openly means this machine.
func local(host string) bool {
	at, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && at.Unmap().IsLoopback()
}

// names reports whether the list names a host.
func (p Policy) names(host string) bool {
	return slices.ContainsFunc(p.Only, func(item string) bool {
		item = strings.ToLower(item)
		domain, wild := strings.CutPrefix(item, "*")
		return item == host || wild && strings.HasSuffix(host, domain) && len(host) > len(domain)
	})
}

// holds reports whether a block of the list holds an address.
func (p Policy) holds(at netip.Addr) bool {
	return slices.ContainsFunc(p.Only, func(item string) bool {
		b, err := block(item)
		return err == nil && b.Contains(at)
	})
}

// block reads a CIDR block or an address.
func block(text string) (netip.Prefix, error) {
	if at, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(at, at.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}
