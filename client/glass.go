package client

import (
	"context"
	"fmt"
)

// A Glass is what an order breaks that goes past what protects others: an
// override of the gate, or a pin that is looser than the setting in force.
type Glass struct {
	Team       string  `json:"team,omitempty"`    // for which it is counted; "" = for the service
	Service    string  `json:"service,omitempty"` //
	Nth        int     `json:"nth,omitempty"`     // how often it was broken within Per, this time included; 0 = that could not be counted
	Most       int     `json:"most,omitempty"`    // how often the release policies let it; 0 = they set no limit
	PerSeconds float64 `json:"perSeconds"`
	Against    string  `json:"against,omitempty"` // what was in force: the answer of the gate, or the setting
	With       string  `json:"with,omitempty"`    // ID of the override that this one seconds; the two count once
}

// BrokenGlass returns the orders of the last 30 days that broke the glass, in
// force or not, the newest first.
func (c Client) BrokenGlass(ctx context.Context) ([]Order, error) {
	var list struct {
		Orders []Order `json:"orders"`
	}
	if err := c.get(ctx, "/v1/break-glass", &list); err != nil {
		return nil, fmt.Errorf("read broken glass: %w", err)
	}
	return list.Orders, nil
}
