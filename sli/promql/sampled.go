package promql

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// readJudged reads an indicator whose samples are judged: raw ones, where its
// query is a selector, or those of an expression that is evaluated at each
// step of a grid.
func (l *library) readJudged(i slo.Indicator) (*indicator, error) {
	if i.Kind == slo.Deadline {
		return readRuns(i)
	}
	q := &indicator{kind: i.Kind, judged: &i, native: i.Kind == slo.Native}
	text, err := slo.Samples(i.Query)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read indicator %s: %w", i.Name, err)
	case text == "":
		q.query = i.Query
		return q, nil
	}
	s, err := l.selector(text)
	q.part = []*selector{s}
	return q, err
}

// evaluateAll evaluates the expressions of members at the steps of their grid,
// which is the pace of the cut. Each is a question of its own.
func (s *source) evaluateAll(ctx context.Context, c sli.Cut, members []*member) []*counting {
	all := make([]*counting, len(members))
	var group errgroup.Group
	group.SetLimit(cap(s.slots))
	for i, m := range members {
		all[i] = &counting{member: m}
		group.Go(func() error {
			all[i].part, all[i].size = s.samples(ctx, c, measurement{query: m.query}, window{from: c.From.Add(-c.Lookback()), to: c.To})
			all[i].err = all[i].size.err
			return nil
		})
	}
	_ = group.Wait() // the errors are with the members
	return all
}
