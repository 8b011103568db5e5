package ledger

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// KeepAlerts remembers alerts; see loop.Alarming.
func (p *Postgres) KeepAlerts(ctx context.Context, epoch int64, alerts []loop.Alert) error {
	body, err := json.Marshal(alerts)
	if err != nil {
		return wrap(err, "keep alerts")
	}
	return wrap(p.do(ctx, func(ctx context.Context) error {
		tag, err := p.pool.Exec(ctx, `insert into alerts (epoch, at, body) values ($1, clock_timestamp(), $2)
			on conflict (one) do update set epoch = excluded.epoch, at = excluded.at, body = excluded.body
			where alerts.epoch <= excluded.epoch`, epoch, body)
		if err == nil && tag.RowsAffected() == 0 {
			err = loop.ErrDeposed
		}
		return err
	}), "keep alerts")
}

// KeptAlerts returns the alerts that were kept last; see loop.Alarming.
func (p *Postgres) KeptAlerts(ctx context.Context) ([]loop.Alert, error) {
	var body []byte
	err := p.do(ctx, func(ctx context.Context) error {
		err := p.pool.QueryRow(ctx, `select body from alerts`).Scan(&body)
		if errors.Is(err, pgx.ErrNoRows) {
			err = nil
		}
		return err
	})
	if err != nil {
		return nil, wrap(err, "read alerts")
	}
	return alertsOf(body)
}

// alertsOf reads alerts as they are kept; nothing is none.
func alertsOf(body []byte) (alerts []loop.Alert, err error) {
	if len(body) > 0 {
		err = json.Unmarshal(body, &alerts)
	}
	return alerts, wrap(err, "read alerts")
}

// KeepAlerts remembers alerts; see loop.Alarming.
func (m *Memory) KeepAlerts(_ context.Context, epoch int64, alerts []loop.Alert) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if epoch < m.alertsBy {
		return wrap(loop.ErrDeposed, "keep alerts")
	}
	body, err := json.Marshal(alerts)
	if err == nil {
		m.alertsBy, m.alerts = epoch, body
	}
	return wrap(err, "keep alerts")
}

// KeptAlerts returns the alerts that were kept last; see loop.Alarming.
func (m *Memory) KeptAlerts(context.Context) ([]loop.Alert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return alertsOf(m.alerts)
}
