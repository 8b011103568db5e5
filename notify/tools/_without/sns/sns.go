// Package sns takes the place of the notifier of Amazon's SNS in the Alertmanager of the tests, which asks no cloud.
package sns

import (
	"context"
	"errors"
	"log/slog"

	commoncfg "github.com/prometheus/common/config"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/types"
)

// A Notifier notifies nobody.
type Notifier struct{}

// New refuses.
func New(*config.SNSConfig, *template.Template, *slog.Logger, ...commoncfg.HTTPClientOption) (*Notifier, error) {
	return nil, errors.New("built without AWS")
}

// Notify refuses.
func (*Notifier) Notify(context.Context, ...*types.Alert) (bool, error) {
	return false, errors.New("built without AWS")
}
