package client

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// A Setting is an actuator's setting as the server last read it.
type Setting struct {
	Actuator string    `json:"actuator"`
	Service  string    `json:"service,omitempty"`
	Loop     string    `json:"loop,omitempty"`
	Mode     string    `json:"mode,omitempty"` // of the loop: observe, ask or act
	Kind     string    `json:"kind"`
	Value    float64   `json:"value"` // in Unit; of a freeze 0 = open, 1 = frozen
	Rest     float64   `json:"rest"`  // the normal setting
	Tight    float64   `json:"tight"` // the most protective setting
	Unit     string    `json:"unit,omitempty"`
	Shown    string    `json:"shown"`              // with unit, for people
	At       time.Time `json:"at"`                 // when the server read it
	Error    string    `json:"error,omitempty"`    // why the server could not read it; Value is then the last one known
	Decision string    `json:"decision,omitempty"` // ID of the newest decision about it
	Left     bool      `json:"left,omitempty"`     // it is not declared any more, and goes when it is at rest
	Stale    bool      `json:"stale"`              // may no longer be in force: see Cause
	Cause    string    `json:"cause,omitempty"`    // why it is stale
	Epoch    int64     `json:"epoch,omitempty"`    // of the leader that answers; 0 when another instance leads
	Timeline int64     `json:"timeline,omitempty"` // of the ledger of that leader, once a standby of it was promoted
	Held     bool      `json:"held,omitempty"`     // local enforcement must do nothing by it: emergency stop, or the loop only observes

	// Whoever enforces the setting goes on with Safe when nobody confirmed
	// the setting for as long as the lease. Watch does that.
	Lease  float64 `json:"leaseSeconds,omitempty"` // 0 = there is none
	Safe   float64 `json:"safe"`                   // in Unit
	Lapsed bool    `json:"lapsed,omitempty"`       // the lease has ended: Value and Retry are the safe ones; set by Watch

	Retry     *Retry `json:"retry,omitempty"`     // of a retry contract: what Value means
	SafeRetry *Retry `json:"safeRetry,omitempty"` // and Safe
	Quota     *Quota `json:"quota,omitempty"`     // of a tenant quota: what its watermark, Value, is about
}

// A Retry is a retry contract: how a caller may repeat calls that failed.
// Package client/retry keeps it.
type Retry struct {
	Level       string  `json:"level"`       // its name in the definition
	Attempts    int     `json:"attempts"`    // of one call, the first included
	Budget      float64 `json:"budget"`      // retries for each call, over many calls
	Base        float64 `json:"baseSeconds"` // bound of the first pause; it doubles with each further one
	Cap         float64 `json:"capSeconds"`  // up to this
	Spread      float64 `json:"spreadSeconds"`
	DropExpired bool    `json:"dropExpired"` // the service drops calls whose caller has given up
}

// Setting returns the setting of one actuator.
func (c Client) Setting(ctx context.Context, actuator string) (Setting, error) {
	var s Setting
	if err := c.get(ctx, settingPath(actuator), &s); err != nil {
		return Setting{}, fmt.Errorf("read setting of %s: %w", actuator, err)
	}
	return s, nil
}

// Settings returns the settings of all actuators.
func (c Client) Settings(ctx context.Context) ([]Setting, error) {
	var list struct {
		Settings []Setting `json:"settings"`
	}
	if err := c.get(ctx, "/v1/settings", &list); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return list.Settings, nil
}

// RetryContract returns the contract between a caller and a service: the one
// that names the caller, else the one for all callers.
func (c Client) RetryContract(ctx context.Context, service, caller string) (Setting, error) {
	var s Setting
	if err := c.get(ctx, retryPath(service, caller), &s); err != nil {
		return Setting{}, fmt.Errorf("read retry contract of %s: %w", service, err)
	}
	return s, nil
}

func retryPath(service, caller string) string {
	return query("/v1/retry/"+url.PathEscape(service), url.Values{"caller": {caller}})
}

func settingPath(actuator string) string { return "/v1/settings/" + url.PathEscape(actuator) }
