package main

import (
	"errors"
	"time"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// lease gives a gate its part of a quota.
func (h *house) lease(a slo.Actuator, epoch int64, ask client.LeaseAsk, now time.Time) (client.Lease, error) {
	l, err := h.leases.Grant(a, epoch, actuators.LeaseAsk{Gate: ask.Gate, Has: ask.Has, Left: time.Duration(ask.Left * float64(time.Second)), Wants: ask.Wants}, now)
	if errors.Is(err, actuators.ErrGates) {
		err = errors.Join(web.ErrGates, err)
	}
	return client.Lease{Capacity: l.Capacity, Seconds: l.Length.Seconds(), Learning: l.Learning}, err
}
