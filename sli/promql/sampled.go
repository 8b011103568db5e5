package promql

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A measurement is a query whose samples are judged: a selector, whose raw
// samples are read, or an expression that is evaluated at each step.
type measurement struct {
	query    string
	selector string // canonical; empty: it is an expression
	step     time.Duration
}

// readJudged reads an indicator whose samples are judged. With an expression
// the pace of the cut is that of its grid.
func readJudged(i slo.Indicator, cut *sli.Cut) (indicator, error) {
	m := measurement{query: i.Query, step: slo.Grid(cut.Slice, cut.Scrape)}
	selector, err := slo.Samples(i.Query)
	if err != nil {
		return indicator{}, fmt.Errorf("read indicator %s: %w", i.Name, err)
	}
	if m.selector = selector; selector == "" {
		cut.Scrape = m.step
	}
	return indicator{judged: i, measured: []measurement{m}}, nil
}

// judge asks for the samples of a chunk and counts them.
func (s *source) judge(ctx context.Context, q indicator, c sli.Cut) ([]sli.Slice, error) {
	span := window{from: c.From.Add(-c.Lookback()), to: c.To}
	found, err := each(ctx, q.measured, func(ctx context.Context, m measurement) ([]sli.Series, error) {
		return s.samples(ctx, m, span)
	})
	if err != nil {
		return nil, err
	}
	return c.Samples(q.judged, found[0]), nil
}

// samples asks for the samples of a measurement in a window.
func (s *source) samples(ctx context.Context, m measurement, span window) (found []sli.Series, err error) {
	ask, g := span.allOf(m.selector), grid{}
	if m.selector == "" {
		ask, g = evaluated(m.query), gridIn(span, m.step)
	}
	err = s.ask(ctx, ask, g, span.to, func(v model.Value) error {
		found, err = readMatrix(v, span)
		return err
	})
	return found, err
}
