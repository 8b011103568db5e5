package ledger

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// KeepAlerts remembers alerts; see loop.Alarming.
func (p *Postgres) KeepAlerts(ctx context.Context, term loop.Term, alerts []loop.Alert) error {
	body, err := json.Marshal(alerts)
	if err != nil {
		return wrap(err, "keep alerts")
	}
	return wrap(p.do(ctx, func(ctx context.Context) error {
		tag, err := p.pool.Exec(ctx, `insert into alerts (epoch, at, body)
			select $1, clock_timestamp(), $2 where not exists (select from leadership where (timeline, epoch) > ($3, $1))
			on conflict (one) do update set epoch = excluded.epoch, at = excluded.at, body = excluded.body
			where alerts.epoch <= excluded.epoch`, term.Epoch, body, term.Timeline)
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
func (m *Memory) KeepAlerts(_ context.Context, term loop.Term, alerts []loop.Alert) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if term.Compare(m.alertsBy) < 0 {
		return wrap(loop.ErrDeposed, "keep alerts")
	}
	body, err := json.Marshal(alerts)
	if err == nil {
		m.alertsBy, m.alerts = term, body
	}
	return wrap(err, "keep alerts")
}

// KeptAlerts returns the alerts that were kept last; see loop.Alarming.
func (m *Memory) KeptAlerts(context.Context) ([]loop.Alert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return alertsOf(m.alerts)
}
