package promql

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// unlike is an error when an indicator found series of another type than it
// counts, and where a native histogram is missing but may be there as a
// classic one.
func (s *source) unlike(ctx context.Context, c sli.Cut, k *counting) error {
	if !k.native {
		for _, some := range [...][]sli.Series{k.part, k.total} {
			for _, one := range some {
				if len(one.Histograms) > 0 {
					return s.wrongType(c, k, one.ID+" is a native histogram: setpoint.dev/histogram: native counts it")
				}
			}
		}
		return nil
	}
	for _, one := range k.part {
		if len(one.Histograms) == 0 {
			return s.wrongType(c, k, one.ID+" is no native histogram")
		}
	}
	if len(k.part) > 0 {
		return nil
	}
	return s.noNative(ctx, c, k)
}

// noNative is an error when a native histogram is nowhere to be seen and will
// not come by itself.
func (s *source) noNative(ctx context.Context, c sli.Cut, k *counting) error {
	at := time.Now().Add(-sli.Settling(s.declared)).Truncate(time.Second)
	if at.Before(c.To) {
		at = c.To
	}
	le := []string{labels.BucketLabel}
	there, err := s.groups(ctx, k.judged.Query, le, at)
	if err != nil || len(there) > 0 {
		return err
	}
	found, err := s.groups(ctx, k.judged.Buckets(), le, at)
	switch {
	case err != nil:
		return err
	case s.remembers.Load():
		return s.wrongType(c, k, "VictoriaMetrics keeps no native histograms; scrape classic buckets, and count those (setpoint.dev/histogram: classic)")
	case slices.ContainsFunc(found, func(of slo.Group) bool { return of[0] != "" }):
		return s.wrongType(c, k, "it is a classic histogram there; have the backend scrape native ones (scrape_native_histograms), or count its buckets (setpoint.dev/histogram: classic)")
	}
	return nil
}

// tellUnlike is the questions of members whose answers are of another type
// than they count.
func (s *source) tellUnlike(ctx context.Context, c sli.Cut, p *plan, got answers, members []*member) (all []Query) {
	for i, m := range members {
		k := &counting{member: m}
		if k.part, k.total, k.err = p.seriesOf(got, i); k.err != nil {
			continue
		}
		var read *sli.ReadError
		if errors.As(s.unlike(ctx, c, k), &read) {
			all = append(all, s.tell(ModeRaw, read.Query, grid{}, c, size{err: read}, []string{m.ask.Objective.Name}))
		}
	}
	return all
}

func (s *source) wrongType(c sli.Cut, k *counting, words string) error {
	span := window{from: c.From.Add(-c.Lookback()), to: c.To}
	return s.readError(span.allOf(k.indicator.part[0].text)(""), grid{}, c.To, faultf(sli.ReasonWrongType, "%s", plain(words)))
}
