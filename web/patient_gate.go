package web

import (
	"context"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// awaitVerdict puts a hold off until it is none any more, or the wait is over:
// whoever waits for a freeze to end needs one request a minute, and hears of
// the end with the tick that ends it. Only the answer that is given is on
// record.
func (s *Server) awaitVerdict(ctx context.Context, q loop.GateQuestion, wait time.Duration) loop.GateAnswer {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		heard := s.bell.heard() // before looking, so that no tick falls between
		now := time.Now()
		if s.look(now).gate(q).Verdict != slo.Hold {
			return s.decide(ctx, "api", q, now)
		}
		select {
		case <-heard:
		case <-timer.C:
			return s.decide(ctx, "api", q, time.Now())
		case <-ctx.Done():
			return s.decide(ctx, "api", q, time.Now())
		}
	}
}
