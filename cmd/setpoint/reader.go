package main

import (
	"context"
	"errors"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/web"
)

// reader shows the ledger to the web room in its own terms.
type reader struct{ *ledger.Postgres }

// Decisions implements web.Reader.
func (r reader) Decisions(ctx context.Context, f web.Filter) ([]web.Record, error) {
	records, err := r.Postgres.Decisions(ctx, ledger.DecisionFilter(f))
	if err != nil {
		return nil, err
	}
	out := make([]web.Record, 0, len(records))
	for _, rec := range records {
		out = append(out, web.Record(rec))
	}
	return out, nil
}

// Decision implements web.Reader.
func (r reader) Decision(ctx context.Context, id string) (web.Record, error) {
	rec, err := r.Postgres.Decision(ctx, id)
	return web.Record(rec), inWords(err)
}

// versions are those of one objective.
func (r reader) versions(ctx context.Context, objective string) ([]loop.Version, error) {
	lists, err := r.Versions(ctx, objective)
	if err != nil {
		return nil, err
	}
	return lists[0], nil
}

// past is how an actuator was set.
func (r reader) past(ctx context.Context, actuator string, from, to time.Time) (out []budget.Point, err error) {
	found, err := r.SettingHistory(ctx, actuator, from, to)
	for _, p := range found {
		out = append(out, budget.Point{At: p.At, Value: p.Value})
	}
	return out, err
}

// Definition implements web.Witness.
func (r reader) Definition(ctx context.Context, policy string) ([]byte, error) {
	text, err := r.Postgres.Definition(ctx, policy)
	return text, inWords(err)
}

// Beside implements web.Witness.
func (r reader) Beside(ctx context.Context, seq int64) (words []string, err error) {
	faults, err := r.Postgres.Beside(ctx, "decisions", seq)
	for _, f := range faults {
		words = append(words, f.String())
	}
	return words, err
}

// inWords says in the terms of the web room what the ledger refused.
func inWords(err error) error {
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return errors.Join(web.ErrNotFound, err)
	case errors.Is(err, ledger.ErrAmbiguous):
		return errors.Join(web.ErrAmbiguous, err)
	}
	return err
}
