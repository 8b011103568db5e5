package web

import (
	"net"
	"sync"
)

// mostConns is how many connections may be open at once, so that whoever
// opens them without end costs bounded memory. More wait in the kernel.
const mostConns = 8192

// A bounded listener hands out so many connections at once.
type bounded struct {
	net.Listener
	slots chan struct{}
	ended chan struct{}
	end   sync.Once
}

func boundConns(l net.Listener, most int) *bounded {
	return &bounded{Listener: l, slots: make(chan struct{}, most), ended: make(chan struct{})}
}

// Accept waits for a slot and then for a connection.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.slots <- struct{}{}:
	case <-b.ended:
		return nil, net.ErrClosed
	}
	conn, err := b.Listener.Accept()
	if err != nil {
		<-b.slots
		return nil, err
	}
	return &slotted{Conn: conn, free: sync.OnceFunc(func() { <-b.slots })}, nil
}

// Close ends Accept.
func (b *bounded) Close() error {
	b.end.Do(func() { close(b.ended) })
	return b.Listener.Close()
}

// A slotted connection frees its slot when it is closed.
type slotted struct {
	net.Conn
	free func()
}

// Close closes the connection.
func (s *slotted) Close() error {
	defer s.free()
	return s.Conn.Close()
}
