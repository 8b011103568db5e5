package promql

import (
	"io"
	"time"

	"setpoint.dev/setpoint/sli"
)

// Breaker is the breaker of a source, with time as an argument.
type Breaker struct{ breaker }

// Enter reports why a question may not be asked.
func (b *Breaker) Enter(now time.Time) *sli.ReadError { return b.enter(now) }

// Leave notes how a question to source "shop" ended.
func (b *Breaker) Leave(err *sli.ReadError, now time.Time) { b.leave("shop", err, now) }

// Decode decodes an answer of raw samples, or of last values, in (from, to].
func Decode(raw bool, from, to time.Time, body io.Reader) (all []sli.Series, err error) {
	r := &reading{kind: vector, window: window{from, to}, roster: newRoster(index{}, nil), histograms: true}
	if raw {
		r.kind = matrix
	}
	err = r.read(body, true)
	for _, h := range r.kept {
		all = append(all, h.series())
	}
	return all, err
}

// SeriesID is the ID of a series with some labels.
func SeriesID(labels map[string]string) string {
	var all []label
	for name, value := range labels {
		if value != "" {
			all = append(all, label{name, value})
		}
	}
	return seriesID(all)
}

// Decoder decodes answers of raw samples, of series that it remembers, and
// returns how many there were.
func Decoder(from, to time.Time) func(io.Reader) (int, error) {
	known := newRoster(index{}, nil)
	return func(body io.Reader) (int, error) {
		r := &reading{kind: matrix, window: window{from, to}, roster: known}
		err := r.read(body, false)
		return len(r.kept), err
	}
}

// Without is the labels of a series ID but for some.
func Without(id string, names ...string) string { return without(id, names...) }
