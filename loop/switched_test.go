package loop_test

import (
	"context"
	"fmt"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
)

var errDown = fmt.Errorf("%w: connection refused", loop.ErrUnreachable)

// switched is a memory ledger that can be switched off.
type switched struct {
	*ledger.Memory
	down bool
}

func (s *switched) Lead(ctx context.Context) (loop.Term, error) {
	if s.down {
		return loop.Term{}, errDown
	}
	return s.Memory.Lead(ctx)
}

func (s *switched) Conditions(ctx context.Context, q loop.ConditionsQuery) (loop.Conditions, error) {
	if s.down {
		return loop.Conditions{}, errDown
	}
	return s.Memory.Conditions(ctx, q)
}

func (s *switched) Begin(ctx context.Context, d loop.Decision) error {
	if s.down {
		return errDown
	}
	return s.Memory.Begin(ctx, d)
}

func (s *switched) Finish(ctx context.Context, o loop.Outcome) error {
	if s.down {
		return errDown
	}
	return s.Memory.Finish(ctx, o)
}

func (s *switched) Give(ctx context.Context, o loop.Order) error {
	if s.down {
		return errDown
	}
	return s.Memory.Give(ctx, o)
}

func (s *switched) Orders(ctx context.Context, now time.Time) ([]loop.Order, error) {
	if s.down {
		return nil, errDown
	}
	return s.Memory.Orders(ctx, now)
}

func (s *switched) Keep(ctx context.Context, all ...loop.Counted) error {
	if s.down {
		return errDown
	}
	return s.Memory.Keep(ctx, all...)
}

func (s *switched) Revise(ctx context.Context, versions []loop.Version) error {
	if s.down {
		return errDown
	}
	return s.Memory.Revise(ctx, versions)
}
