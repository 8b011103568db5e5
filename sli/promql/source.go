package promql

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A source is one backend.
type source struct {
	declared slo.Source
	cfg      Config
	base     *url.URL
	client   api.Client
	idle     func()
	slots    chan struct{} // one for each question under way

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
	transport := newTransport(cfg)
	client, err := api.NewClient(api.Config{
		Address: wholeAnswers(*base, cfg).String(),
		Client:  &http.Client{Transport: bounding{transport, cfg.MaxBytes}, CheckRedirect: checkRedirect},
	})
	if err != nil {
		return nil, fmt.Errorf("prepare source %q: %w", declared.Name, err)
	}
	return &source{
		declared: declared, cfg: cfg, base: base, client: client,
		idle: transport.CloseIdleConnections, slots: make(chan struct{}, cfg.Concurrency),
	}, nil
}

func (s *source) close() { s.idle() }

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

// count asks for the slices of one chunk. A chunk that is too much for the
// backend, or for us, is halved.
func (s *source) count(ctx context.Context, q indicator, c sli.Cut) ([]sli.Slice, error) {
	slices, err := s.countWhole(ctx, q, c)
	n := c.To.Sub(c.From) / c.Slice
	if n < 2 || !tooMuch(err) {
		return slices, err
	}
	first, second := c, c
	first.To = c.From.Add(n / 2 * c.Slice)
	second.From = first.To
	slices, err = s.count(ctx, q, first)
	if err != nil {
		return nil, err
	}
	rest, err := s.count(ctx, q, second)
	if err != nil {
		return nil, err
	}
	return append(slices, rest...), nil
}

func tooMuch(err error) bool {
	var read *sli.ReadError
	return errors.As(err, &read) && (read.Reason == sli.ReasonTooLarge || read.Reason == sli.ReasonRejected)
}

func (s *source) countWhole(ctx context.Context, q indicator, c sli.Cut) ([]sli.Slice, error) {
	if q.judged.Kind != slo.Counters {
		return s.judge(ctx, q, c)
	}
	got, err := s.fetch(ctx, q, c)
	if err != nil {
		return nil, err
	}
	if missing := c.Missing(got.of(q.part), got.of(q.total)); !missing.None() {
		if err := s.anchor(ctx, got, c, missing); err != nil {
			return nil, err
		}
	}
	return c.Increments(got.of(q.part), got.of(q.total)), nil
}

// A question is the text of a query whose selectors carry one more matcher.
type question func(matcher string) string

// ask asks one question and gives the value of the answer to read. A backend
// that turns out to remember which series there are is asked again at once.
func (s *source) ask(ctx context.Context, q question, g grid, at time.Time, read func(model.Value) error) error {
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

// query waits for a slot and asks.
func (s *source) query(ctx context.Context, text string, g grid, at time.Time, read func(model.Value) error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return s.readError(text, g, at, ctx.Err())
	}
	ctx, cancel := context.WithTimeout(ctx, s.declared.Timeout)
	defer cancel()
	x := exchange{Client: s.client, until: at, allowPartial: s.cfg.AllowPartial, remembers: &s.remembers}
	value, warnings, err := g.evaluate(ctx, x, text, at, v1.WithTimeout(s.declared.Timeout))
	if err == nil && len(warnings) > 0 && !s.cfg.AllowPartial {
		err = faultf(sli.ReasonPartial, "the backend warns: %s", plain(warnings[0]))
	}
	if err == nil {
		err = read(value)
	}
	if err != nil {
		return s.readError(text, g, at, err)
	}
	return nil
}
