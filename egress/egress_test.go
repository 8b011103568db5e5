package egress_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"setpoint.dev/setpoint/egress"
)

// TestRefused dials what nobody should be led to. Each is refused before a
// packet leaves.
func TestRefused(t *testing.T) {
	only := egress.Policy{Only: []string{"hooks.example", "*.pager.example", "10.1.0.0/16", "192.0.2.7"}}
	for _, c := range []struct {
		policy  egress.Policy
		address string
	}{
		{egress.Policy{}, "169.254.169.254:80"}, {egress.Policy{}, "[::ffff:169.254.169.254]:80"}, {egress.Policy{}, "[fe80::1]:80"}, {egress.Policy{}, "[fe80::1%lo]:80"},
		{egress.Policy{}, "0.0.0.0:80"}, {egress.Policy{}, "[::]:80"}, {egress.Policy{}, "224.0.0.1:80"}, {egress.Policy{}, "[ff02::1]:80"}, {egress.Policy{}, "[fd00:ec2::254]:80"},
		{egress.Policy{Loopback: true}, "169.254.169.254:80"}, {egress.Policy{Loopback: true}, "0.0.0.0:80"},
		{only, "127.0.0.1:80"}, {only, "[::ffff:127.0.0.1]:80"}, {only, "localhost:80"}, {only, "10.2.0.1:80"}, {only, "192.0.2.8:80"}, {only, "169.254.169.254:80"}, {only, "[::1]:80"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		conn, err := c.policy.DialContext(ctx, "tcp", c.address)
		cancel()
		if conn != nil {
			conn.Close()
		}
		if !errors.Is(err, egress.ErrRefused) {
			t.Errorf("%v: %s: %v, want a refusal", c.policy.Only, c.address, err)
		}
	}
}

// TestRebinding has a name lead elsewhere first and to this machine then: the
// address of each look is judged, and nothing of the first is remembered.
func TestRebinding(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	for _, c := range []struct {
		policy egress.Policy
		leads  string
		fine   bool
	}{
		{egress.Policy{}, "127.0.0.1", false}, {egress.Policy{}, "169.254.169.254", false}, {egress.Policy{Loopback: true}, "127.0.0.1", true},
		{egress.Policy{Only: []string{"hooks.example"}}, "127.0.0.1", true}, {egress.Policy{Only: []string{"*.example"}}, "127.0.0.1", true},
		{egress.Policy{Only: []string{"127.0.0.0/8"}}, "127.0.0.1", true}, {egress.Policy{Only: []string{"other.example", "192.0.2.0/24"}}, "127.0.0.1", false},
	} {
		var asked atomic.Int32
		c.policy.Resolver = nameServer(func() netip.Addr {
			if asked.Add(1) == 1 {
				return netip.MustParseAddr("192.0.2.1")
			}
			return netip.MustParseAddr(c.leads)
		})
		if found, err := c.policy.Resolver.LookupHost(t.Context(), "hooks.example"); err != nil || found[0] != "192.0.2.1" {
			t.Errorf("the first look finds %v, %v", found, err)
		}
		client := &http.Client{Transport: c.policy.Transport(), Timeout: 10 * time.Second}
		res, err := client.Get("http://" + net.JoinHostPort("hooks.example", port))
		if err == nil {
			res.Body.Close()
		}
		client.CloseIdleConnections()
		if (err == nil) != c.fine || err != nil && !errors.Is(err, egress.ErrRefused) {
			t.Errorf("%v, to %s: %v, want it to pass: %t", c.policy.Only, c.leads, err, c.fine)
		}
	}
}

// TestOddAddresses writes this machine's address as some resolvers read it: as
// one number, with zeros in front, in sixteens, by half. Like every name that
// leads here under the name of something else, none is dialled.
func TestOddAddresses(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	p := egress.Policy{Resolver: nameServer(func() netip.Addr { return netip.MustParseAddr("127.0.0.1") })}
	for _, host := range []string{"2130706433", "0177.0.0.1", "127.0.0.01", "0x7f.0.0.1", "0x7f000001", "127.1", "localhost.evil.example", "127.0.0.1.nip.io", "localtest.me"} {
		conn, err := p.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		if conn != nil {
			conn.Close()
		}
		var unknown *net.DNSError // Go's own resolver asks nobody for a name of digits
		if !errors.Is(err, egress.ErrRefused) && !(errors.As(err, &unknown) && unknown.IsNotFound) {
			t.Errorf("%s: %v, want a refusal", host, err)
		}
	}
	for _, host := range []string{"localhost", "LOCALHOST.", "127.0.0.1", "::ffff:127.0.0.1"} {
		conn, err := p.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		conn.Close()
	}
}

// nameServer answers each question for an address (RFC 1035, over a stream)
// with one that it asks for each time.
func nameServer(leads func() netip.Addr) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			var length [2]byte
			for {
				if _, err := io.ReadFull(theirs, length[:]); err != nil {
					return
				}
				question := make([]byte, binary.BigEndian.Uint16(length[:]))
				if _, err := io.ReadFull(theirs, question); err != nil {
					return
				}
				reply := replyTo(question, leads)
				if _, err := theirs.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
					return
				}
			}
		}()
		return ours, nil
	}}
}

// replyTo answers a question of type A; to others it knows no answer.
func replyTo(question []byte, leads func() netip.Addr) []byte {
	end := 12 // of the name, after the header
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5
	isA := question[end-3] == 1
	reply := slices.Concat(question[:2], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:end])
	if isA {
		reply[7] = 1
		reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		reply = append(reply, leads().AsSlice()...)
	}
	return reply
}

// TestNoProxy does not hand its connections to a proxy, behind which nothing
// can be judged.
func TestNoProxy(t *testing.T) {
	if (egress.Policy{}).Transport().Proxy != nil {
		t.Error("a proxy of the environment would be used")
	}
}

// TestCheck refuses lists that cannot be meant.
func TestCheck(t *testing.T) {
	for item, fine := range map[string]bool{
		"hooks.example": true, "*.pager.example": true, "10.0.0.0/8": true, "2001:db8::1": true, "::1": true,
		"": false, "*": false, "*.": false, "https://hooks.example": false, "hooks.example:443": false, "10.0.0.0/99": false, "a b": false, "a.*.b": false,
	} {
		if err := (egress.Policy{Only: []string{item}}).Check(); (err == nil) != fine {
			t.Errorf("%q: %v", item, err)
		}
	}
}
