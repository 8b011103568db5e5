package web

import "net"

// What follows is for tests only.
var (
	OutIn   = outIn
	About   = about
	Percent = percent
	Count   = count
	Redact  = redact
	Window  = window
)

// BoundConns is a listener that hands out so many connections at once.
func BoundConns(l net.Listener, most int) net.Listener { return boundConns(l, most) }
