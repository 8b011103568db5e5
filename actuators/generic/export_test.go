package generic

// CloseIdle ends the connections that an actuator keeps.
func CloseIdle(x *Actuator) {
	switch p := x.place.(type) {
	case *hook:
		p.client.CloseIdleConnections()
	case *object:
		p.client.CloseIdleConnections()
	}
}
