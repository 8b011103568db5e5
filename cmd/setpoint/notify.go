package main

import (
	"context"
	"time"

	"setpoint.dev/setpoint/web"
)

// sendReports sends the reports that are due, and keeps the release policies
// that came into force.
func (h *house) sendReports(ctx context.Context) error {
	return repeat(ctx, 3*time.Second, func(ctx context.Context) {
		if err := h.web.SendReports(ctx, time.Now()); err != nil && ctx.Err() == nil {
			h.log.Warn("reports", "error", err)
		}
		if err := h.web.RecordPolicies(ctx, time.Now()); err != nil && ctx.Err() == nil {
			h.log.Warn("release policies", "error", err)
		}
	})
}

// deliveries are how telling of alerts goes, for the page.
func (h *house) deliveries() (out []web.Delivery) {
	for _, d := range h.notify.Deliveries() {
		out = append(out, web.Delivery{
			Target: d.Target, Way: d.Way, Sent: d.Sent, Failed: d.Failed, Lost: d.Lost, Waiting: d.Waiting, Failing: d.Failing, Error: d.Error,
		})
	}
	return out
}

// untold logs that a target of alerts begins to fail, or is well again.
func (h *house) untold(target string, err error) {
	if err != nil {
		h.log.Error("alerts are not told; they are tried again", "target", target, "error", err)
		return
	}
	h.log.Info("alerts are told again", "target", target)
}
