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

func settingPath(actuator string) string { return "/v1/settings/" + url.PathEscape(actuator) }
