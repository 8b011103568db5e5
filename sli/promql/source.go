package promql

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A source is one backend.
type source struct {
	declared slo.Source
	cfg      Config
	base     *url.URL
	client   *http.Client
	slots    chan struct{} // one for each question under way
	library  library

	breaker breaker
	pairs   *pairs

	planning sync.Mutex
	plans    []*plan // that nobody uses just now, the newest first

	rooms sync.Pool // of *room

	remembers atomic.Bool // it has been seen to be VictoriaMetrics
}

func newSource(declared slo.Source, cfg Config) (*source, error) {
	base, err := url.Parse(declared.URL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		// The URL and url's own errors may hold a password.
		return nil, fmt.Errorf("read URL of source %q: not an address such as http://prometheus:9090", declared.Name)
	}
	if declared.Timeout <= 0 {
		declared.Timeout = 10 * time.Second
	}
	return &source{
		declared: declared, cfg: cfg, base: base,
		client: &http.Client{Transport: bounding{newTransport(cfg), cfg.MaxBytes}, CheckRedirect: checkRedirect},
		slots:  make(chan struct{}, cfg.Concurrency), pairs: newPairs(declared.Replicas),
	}, nil
}

func (s *source) close() { s.client.CloseIdleConnections() }

// wholeAnswers adds what tells Thanos and VictoriaMetrics clusters to fail
// rather than to answer in part; others ignore it.
func wholeAnswers(base url.URL, cfg Config) *url.URL {
	if cfg.AllowPartial {
		return &base
	}
	q := base.Query()
	q.Set("partial_response", "false")
	q.Set("deny_partial_response", "1")
	base.RawQuery = q.Encode()
	return &base
}

// countAll answers members, which are about several times.
func (s *source) countAll(ctx context.Context, crowds []*crowd) {
	var group errgroup.Group
	group.SetLimit(s.cfg.Concurrency)
	for _, some := range crowds {
		group.Go(func() error {
			s.count(ctx, some.members[0].cut(s), some.members)
			return nil
		})
	}
	_ = group.Wait() // the errors are in the answers
}

// cut is the slices that a member asks for. The samples of an expression are
// on its grid.
func (m *member) cut(s *source) sli.Cut {
	c := sli.Cut{From: m.ask.From, To: m.ask.To, Slice: m.slice, Scrape: s.declared.Scrape, MaxGap: s.cfg.MaxGap, Pairs: s.pairs.found.Load()}
	switch grid := s.grid(c.Slice); {
	case m.query != "":
		c.Scrape = grid
	case m.evaluated():
		c.Scrape = max(c.Scrape, grid)
	}
	return c
}

// grid is the step at which expressions are evaluated.
func (s *source) grid(slice time.Duration) time.Duration {
	return slo.Grid(slice, s.declared.Scrape)
}

// A question is the text of a query whose selectors carry one more matcher.
type question func(matcher string) string

// ask asks one question and gives the value of the answer to read. A backend
// that turns out to remember which series there are is asked again at once.
func (s *source) ask(ctx context.Context, q question, g grid, at time.Time, read func(io.Reader) error) error {
	matcher := s.fresh(at)
	err := s.query(ctx, q(matcher), g, at, read)
	if now := s.fresh(at); err == nil && now != matcher {
		return s.query(ctx, q(now), g, at, read)
	}
	return err
}

// fresh is a matcher that matches every series and differs from slice to
// slice. VictoriaMetrics remembers for about ten seconds which series a
// selector has, without those born since; a selector that it never saw it has
// to look up.
func (s *source) fresh(at time.Time) string {
	if !s.remembers.Load() {
		return ""
	}
	return fmt.Sprintf(`setpoint_slice!="%d"`, at.Unix())
}

// query waits for a slot and asks, unless the backend is left alone.
func (s *source) query(ctx context.Context, text string, g grid, at time.Time, read func(io.Reader) error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return s.readError(text, g, at, ctx.Err())
	}
	if refused := s.breaker.enter(time.Now()); refused != nil {
		refused.Query, refused.Curl = text, s.curl(text, g, at)
		return refused
	}
	ctx, cancel := context.WithTimeout(ctx, s.declared.Timeout)
	defer cancel()
	err := s.exchange(ctx, text, g, at, read)
	if err == nil {
		s.breaker.leave(s.declared.Name, nil, time.Now())
		return nil
	}
	failed := s.readError(text, g, at, err)
	s.breaker.leave(s.declared.Name, failed, time.Now())
	return failed
}
