package promql

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

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

const atOnce = 8 // asks under way

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
// and an error is a *sli.ReadError. All are asked about side by side.
func (s *Sources) CountsAll(ctx context.Context, asks []sli.Ask) []sli.Answer {
	answers := make([]sli.Answer, len(asks))
	var all errgroup.Group
	all.SetLimit(atOnce)
	for i, a := range asks {
		all.Go(func() error {
			answers[i].Slices, answers[i].Err = s.Counts(ctx, a.Objective, a.From, a.To)
			return nil
		})
	}
	_ = all.Wait() // the errors are in the answers
	return answers
}

// Counts returns the slices of o that start in [from, to), in order. Both times
// are slice boundaries, and the slices should be readable (sli.Readable). The
// error is a *sli.ReadError, and then no slice is returned.
func (s *Sources) Counts(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	src, ok := s.byName[o.Indicator.Source]
	if !ok {
		return nil, configError(o, errors.New("no such source is declared"))
	}
	if o.Slice <= 0 {
		o.Slice = time.Minute
	}
	from, to = from.Round(0), to.Round(0) // a monotonic reading would measure other lengths
	if err := checkTimes(from, to, o.Slice); err != nil {
		return nil, configError(o, err)
	}
	cut := sli.Cut{From: from, To: to, Slice: o.Slice, Scrape: src.declared.Scrape, MaxGap: s.cfg.MaxGap}
	q, err := readIndicator(o.Indicator, &cut)
	if err != nil {
		return nil, configError(o, err)
	}
	var all []sli.Slice
	for cut.From.Before(to) {
		cut.To = chunkEnd(cut, to, s.cfg.Chunk)
		slices, err := src.count(ctx, q, cut)
		if err != nil {
			return nil, err
		}
		all, cut.From = append(all, slices...), cut.To
	}
	return all, nil
}

// chunkEnd is where the chunk that begins at c.From ends: after the longest
// chunk, where the horizon moves, or at the end.
func chunkEnd(c sli.Cut, end time.Time, longest time.Duration) time.Time {
	n := max(1, min(int64(longest/c.Slice), int64(end.Sub(c.From)/c.Slice)))
	for n > 1 && !c.Horizon(c.From.Add(time.Duration(n-1)*c.Slice)).Equal(c.Horizon(c.From)) {
		n--
	}
	return c.From.Add(time.Duration(n) * c.Slice)
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

// An indicator is one that was read: the selectors of what is counted, or the
// queries of what is judged.
type indicator struct {
	part, total []string
	judged      slo.Indicator
	measured    []measurement
}

// readIndicator completes the cut with what the indicator says about it.
func readIndicator(i slo.Indicator, cut *sli.Cut) (indicator, error) {
	if i.Kind != slo.Counters {
		return readJudged(i, cut)
	}
	q, text := indicator{}, i.Bad
	switch {
	case i.Good != "" && i.Bad != "":
		return q, fmt.Errorf("read indicator %s: both good and bad are declared", i.Name)
	case i.Good != "":
		cut.Good, text = true, i.Good
	}
	part, err := slo.Selectors(text)
	if err != nil {
		return q, fmt.Errorf("read indicator %s: %w", i.Name, err)
	}
	total, err := slo.Selectors(i.Total)
	if err != nil {
		return q, fmt.Errorf("read total of indicator %s: %w", i.Name, err)
	}
	q.part, q.total = part, total
	return q, nil
}

func configError(o slo.Objective, err error) error {
	return &sli.ReadError{Reason: sli.ReasonConfig, Source: o.Indicator.Source, Err: fmt.Errorf("objective %s: %w", o.Name, err)}
}
