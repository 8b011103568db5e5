package actuators

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// QueryTimeout sets how long statements of one role may run in one database while the role holds too
// many workers: the floor of its Reaper and, if RoleDefault is declared, the role's statement_timeout.
type QueryTimeout struct {
	a      slo.Actuator
	target *target
	reaper *Reaper
}

func newQueryTimeout(a slo.Actuator, d Deps) (*QueryTimeout, *Reaper, error) {
	if err := sound(a); err != nil {
		return nil, nil, err
	}
	t, err := openTarget(a.Query, d.Egress)
	if err != nil {
		return nil, nil, err
	}
	r := newReaper(a, d, t)
	return &QueryTimeout{a: a, target: t, reaper: r}, r, nil
}

// sound refuses definitions that would cancel at random: the reader of definitions says the same with
// a file and a line, this is for those who build one in Go.
func sound(a slo.Actuator) error {
	q := a.Query
	var errs []error
	check := func(ok bool, words string) {
		if !ok {
			errs = append(errs, errors.New(words))
		}
	}
	check(a.Tight > 0 && a.Tight < a.Rest, "tight must be above 0 and below rest")
	check(a.Rest <= maxSetting, "rest must be below 24 days")
	check(q.DatabaseURL != "", "databaseURL is empty")
	check(q.Role != "", "role is empty")
	check(q.Workers > 0, "workers must be above 0")
	check(q.Low > 0 && q.Low <= q.High && q.High <= 1, "watermarks must be 0 < low <= high <= 1")
	return errors.Join(errs...)
}

// Read returns the setting in force for new sessions of the role in the database, in seconds, and
// confirms it to the Reaper. Without RoleDefault it is the setting of the move kept there. Unset reads
// as rest, and so does a timeout of 0, "no limit": nothing protects less than rest. It returns
// an error when the role does not exist or the target cannot be asked.
func (q *QueryTimeout) Read(ctx context.Context) (float64, error) {
	s, err := q.target.state(ctx)
	if err != nil {
		return 0, fmt.Errorf("read setting of %s: %w", q.a.Name, err)
	}
	setting, err := q.setting(s)
	if err != nil {
		return 0, fmt.Errorf("read setting of %s: %w", q.a.Name, err)
	}
	q.reaper.confirm(setting, s.move)
	return setting, nil
}

// Apply sets the role's timeout at the target, in one transaction that first compares fences, and
// confirms it to the Reaper. A setting is rounded to whole milliseconds, as Postgres keeps them,
// and never to 0, which would be no limit. It returns loop.ErrDeposed when a newer move has
// been applied, and an error for a setting outside the range; nothing is changed then.
func (q *QueryTimeout) Apply(ctx context.Context, m loop.Move) error {
	if err := outside(q.a, m.Setting); err != nil {
		return fmt.Errorf("apply to %s: %w", q.a.Name, err)
	}
	ms := milliseconds(m.Setting)
	s := stamp{Actuator: q.a.Name, Fence: m.Fence(), Decision: m.Decision, At: m.At.UTC(), Milliseconds: ms}
	move, err := q.target.set(ctx, s, q.standing(ms))
	if err != nil {
		return fmt.Errorf("apply to %s: %w", q.a.Name, err)
	}
	q.reaper.confirm(seconds(ms), &move)
	return nil
}

// setting returns the setting that the state of the target amounts to.
func (q *QueryTimeout) setting(s state) (float64, error) {
	var kept *int64
	if s.move != nil {
		move, err := readStamp(*s.move)
		if err != nil {
			return 0, err
		}
		kept = &move.Milliseconds
	}
	ms := kept
	if q.a.Query.RoleDefault {
		ms = q.meant(s.timeout, kept)
	}
	if ms == nil || *ms == 0 {
		return q.a.Rest, nil
	}
	return seconds(*ms), nil
}

// standing is the timeout in milliseconds that the role gets with a setting; 0
// where it gets none.
func (q *QueryTimeout) standing(ms int64) int64 {
	if !q.a.Query.RoleDefault {
		return 0
	}
	return int64(math.Round(float64(ms) * max(q.a.Query.RoleTimes, 1)))
}

// meant is the setting that a timeout of the role stands for: the one that was
// kept beside it or, where somebody else has set it, so much shorter.
func (q *QueryTimeout) meant(timeout, kept *int64) *int64 {
	switch {
	case timeout == nil:
		return nil
	case kept != nil && q.standing(*kept) == *timeout:
		return kept
	}
	ms := int64(math.Round(float64(*timeout) / max(q.a.Query.RoleTimes, 1)))
	return &ms
}

// maxSetting is the longest statement_timeout that Postgres takes, in seconds.
const maxSetting = math.MaxInt32 / 1000

// milliseconds converts a setting in seconds into a statement_timeout. It is exact for
// whole milliseconds, and rounds others to the nearest one that is not 0.
func milliseconds(seconds float64) int64 {
	return max(1, int64(math.Round(seconds*1000)))
}

// seconds converts a statement_timeout into a setting: the float64 nearest to its decimal fraction, so that
// 1800 ms compares equal to a setting written as 1.8.
func seconds(ms int64) float64 { return float64(ms) / 1000 }

// duration converts a setting in seconds into a duration of whole milliseconds.
func duration(setting float64) time.Duration {
	return time.Duration(milliseconds(setting)) * time.Millisecond
}
