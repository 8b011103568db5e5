package promql

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A Config bounds what is asked of backends. Zero fields mean the default.
type Config struct {
	MaxBytes     int64         // longest answer, in bytes after decompression; 0 = 64 MiB
	Concurrency  int           // most questions to one source at a time; 0 = 4
	Chunk        time.Duration // longest time that one question asks about, without its lookback; 0 = 2 h
	MaxGap       time.Duration // counters are differenced over gaps up to this long; 0 = 24 h
	AllowPartial bool          // take answers that the backend itself calls incomplete
}

func (c Config) withDefaults() Config {
	if c.MaxBytes <= 0 {
		c.MaxBytes = 64 << 20
	}
	if c.Concurrency <= 0 {
		c.Concurrency = 4
	}
	if c.Chunk <= 0 {
		c.Chunk = 2 * time.Hour
	}
	if c.MaxGap <= 0 {
		c.MaxGap = 24 * time.Hour
	}
	return c
}

// Sources counts events by asking the declared sources. It may be used from
// many goroutines.
type Sources struct {
	byName map[string]*source
	cfg    Config
}

// New prepares to ask sources. Nothing is connected yet. An error names all
// sources whose URL cannot be used, without printing it.
func New(sources []slo.Source, cfg Config) (*Sources, error) {
	cfg = cfg.withDefaults()
	s := &Sources{byName: map[string]*source{}, cfg: cfg}
	var errs []error
	for _, declared := range sources {
		one, err := newSource(declared, cfg)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.byName[declared.Name] = one
	}
	return s, errors.Join(errs...)
}

// Close closes idle connections.
func (s *Sources) Close() {
	for _, one := range s.byName {
		one.close()
	}
}

// CountsAll answers each ask: the slices should be readable (sli.Readable),
// and an error is a *sli.ReadError. Asks about the same slices of one source
// are answered from few, fused queries.
func (s *Sources) CountsAll(ctx context.Context, asks []sli.Ask) []sli.Answer {
	members, bySource := s.members(asks)
	var all sync.WaitGroup
	for src, some := range bySource {
		all.Go(func() { src.countAll(ctx, some) })
	}
	all.Wait()
	answers := make([]sli.Answer, len(asks))
	for i := range members {
		answers[i] = members[i].answer
	}
	return answers
}

// A crowd is members that can be asked about together.
type crowd struct {
	slot
	members []*member
}

// members reads asks, and groups those that can be asked about together: mostly
// all are like the one before.
func (s *Sources) members(asks []sli.Ask) ([]member, map[*source][]*crowd) {
	members, bySource := make([]member, len(asks)), map[*source][]*crowd{}
	known := map[slot]*crowd{}
	var with *crowd
	for i, a := range asks {
		m := &members[i]
		src := s.read(m, a)
		if m.answer.Err != nil {
			continue
		}
		if at := (slot{src, m.ask.From.UnixNano(), m.ask.To.UnixNano(), m.slice, m.evaluated(), m.runs != nil}); with == nil || at != with.slot {
			if with = known[at]; with == nil {
				with = &crowd{slot: at}
				known[at], bySource[src] = with, append(bySource[src], with)
			}
		}
		with.members = append(with.members, m)
	}
	return members, bySource
}

// A slot is slices that can be asked about together.
type slot struct {
	source   *source
	from, to int64 // ns
	slice    time.Duration
	grid     bool // expressions
	runs     bool // runs of jobs
}

// read reads an ask into a member.
func (s *Sources) read(m *member, a sli.Ask) *source {
	m.ask, m.slice = a, a.Objective.Slice
	if m.slice <= 0 {
		m.slice = time.Minute
	}
	m.ask.From, m.ask.To = a.From.Round(0), a.To.Round(0) // a monotonic reading would measure other lengths
	src, ok := s.byName[a.Objective.Indicator.Source]
	var err error
	switch {
	case !ok:
		err = errors.New("no such source is declared")
	default:
		if err = checkTimes(m.ask.From, m.ask.To, m.slice); err == nil {
			m.indicator, err = src.library.read(&a.Objective.Indicator)
		}
	}
	if err != nil {
		m.answer.Err = configError(*a.Objective, err)
	}
	return src
}

// Counts answers one ask: the slices of o that start in [from, to), in order.
// The error is a *sli.ReadError, and then no slice is returned.
func (s *Sources) Counts(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	a := s.CountsAll(ctx, []sli.Ask{{Objective: &o, From: from, To: to}})
	return a[0].Slices, a[0].Err
}

func checkTimes(from, to time.Time, slice time.Duration) error {
	switch {
	case slice%time.Millisecond != 0:
		return fmt.Errorf("slices of %s: not whole milliseconds", slice)
	case time.Duration(from.UnixNano())%slice != 0:
		return fmt.Errorf("from %s: not a boundary of slices of %s", from.UTC().Format(time.RFC3339Nano), slice)
	case time.Duration(to.UnixNano())%slice != 0:
		return fmt.Errorf("to %s: not a boundary of slices of %s", to.UTC().Format(time.RFC3339Nano), slice)
	}
	return nil
}

func configError(o slo.Objective, err error) error {
	return &sli.ReadError{Reason: sli.ReasonConfig, Source: o.Indicator.Source, Err: fmt.Errorf("objective %s: %w", o.Name, err)}
}
