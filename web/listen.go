package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// ErrOpen is the refusal to listen where others could reach a server that
// does not ask who they are.
var ErrOpen = errors.New("everybody who can reach it may give orders, so it listens on this machine only: 127.0.0.1, [::1], localhost; with --auth, which asks for tokens, it listens anywhere")

// CheckListen refuses every address that other machines could reach, unless
// callers have to say who they are.
func CheckListen(addr string, asks bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen on %q: an address is like 127.0.0.1:8321: %w", addr, err)
	}
	if host == "localhost" || asks {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return fmt.Errorf("listen on %q: %w", addr, ErrOpen)
	}
	return nil
}

// Listen opens a checked address, with a bound on how many connections are
// open at once. Port 0 takes any free one.
func Listen(ctx context.Context, addr string, asks bool) (net.Listener, error) {
	if err := CheckListen(addr, asks); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", addr, err)
	}
	return boundConns(l, mostConns), nil
}

// Address is where a browser finds a listener.
func Address(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return l.Addr().String()
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return "http://" + host + ":" + port
}

// Serve answers on l until ctx ends, with limits against slow and endless
// callers. Then it lets requests under way finish for up to 3 s; those that
// wait for a change are ended at once.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      maxWait + 15*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(l) }()
	select {
	case err := <-stopped:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	err := server.Shutdown(last)
	if err != nil {
		err = errors.Join(fmt.Errorf("stop serving %s: %w", l.Addr(), err), server.Close())
	}
	<-stopped
	return err
}
