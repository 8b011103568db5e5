package actuators_test

import (
	"errors"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/slo"
)

// A database is dialled where the policy lets it, by the name that the
// definition has, and nowhere else.
func TestDatabasesRefused(t *testing.T) {
	here, visits := deaf(t)
	_, port, _ := net.SplitHostPort(here)
	for _, c := range []struct {
		host string
		only []string
		fine bool
	}{
		{"169.254.169.254", nil, false}, {"0.0.0.0", nil, false},
		{"127.0.0.1", []string{"db.example"}, false}, {"localhost", []string{"10.0.0.0/8"}, false},
		{"127.0.0.1", nil, true}, {"localhost", []string{"localhost"}, true}, {"127.0.0.1", []string{"127.0.0.0/8"}, true},
	} {
		dsn := url.URL{Scheme: "postgres", User: url.User("ann"), Host: net.JoinHostPort(c.host, port), Path: "/shop", RawQuery: "sslmode=disable"}
		q, r, err := actuators.New(slo.Actuator{Name: "reports", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1, Query: slo.QueryTimeout{
			DatabaseURL: dsn.String(), Role: "reports", Workers: 8, High: 0.75, Low: 0.5,
		}}, actuators.Deps{Egress: egress.Policy{Only: c.only}})
		if err != nil {
			t.Fatal(err)
		}
		before := visits()
		_, err = q.Read(t.Context())
		r.Close()
		if refused := errors.Is(err, egress.ErrRefused); err == nil || refused == c.fine || (visits() > before) != c.fine {
			t.Errorf("%s, %v: %v after %d visits, want it to be dialled: %t", c.host, c.only, err, visits()-before, c.fine)
		}
	}
}

// deaf listens on this machine and ends what it accepts; visits is how often.
func deaf(t *testing.T) (address string, visits func() int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			n.Add(1)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String(), func() int { return int(n.Load()) }
}
