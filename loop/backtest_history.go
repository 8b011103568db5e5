package loop

import (
	"context"
	"fmt"
	"sync"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A HistoryConfig says where a history comes from.
type HistoryConfig struct {
	Source Source
	Until  time.Time     // nothing from here on is asked for ahead of need: it may not have arrived yet
	Chunk  time.Duration // asked for at once, at least; 0 = 24 h
}

// A History is a Source over the past. It asks another Source for big chunks
// ahead of need and remembers each indicator's slices for as long as a window
// may look back on them, so that a backtest asks little. Its memory does not
// grow with the time that it is asked about.
type History struct {
	cfg HistoryConfig

	mu      sync.Mutex
	keep    time.Duration
	shelves map[counted]*shelf
	asked   int
}

// NewHistory returns a history that has asked for nothing yet.
func NewHistory(cfg HistoryConfig) *History {
	if cfg.Chunk <= 0 {
		cfg.Chunk = 24 * time.Hour
	}
	return &History{cfg: cfg, shelves: map[counted]*shelf{}}
}

// Asked is how often the source was asked up to now.
func (h *History) Asked() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

// Counts returns the slices of o in [from, to) as the source counted them.
func (h *History) Counts(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	a := h.CountsAll(ctx, []sli.Ask{{Objective: &o, From: from, To: to}})
	return a[0].Slices, a[0].Err
}

// CountsAll implements Source. What is not at hand for the asks is asked for
// together.
func (h *History) CountsAll(ctx context.Context, asks []sli.Ask) []sli.Answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	failed := h.fill(ctx, asks)
	answers := make([]sli.Answer, len(asks))
	var away []int // forgotten, never asked for, or more than is remembered
	for i, a := range asks {
		s := h.shelf(a.Objective)
		switch err := failed[s]; {
		case err != nil && a.To.After(s.end()):
			answers[i].Err = err
		case a.From.Before(s.first):
			away = append(away, i)
		default:
			answers[i].Slices = s.get(a.From, a.To)
		}
	}
	again := make([]sli.Ask, len(away))
	for n, i := range away {
		again[n] = asks[i]
	}
	for n, a := range h.ask(ctx, again) {
		answers[away[n]] = a
	}
	return answers
}

// fill fills the shelves with what the asks are after, and returns the errors
// of those that could not be filled.
func (h *History) fill(ctx context.Context, asks []sli.Ask) map[*shelf]error {
	missing, index := []sli.Ask(nil), map[*shelf]int{}
	for _, a := range asks {
		s := h.shelf(a.Objective)
		if len(s.cells) == 0 || a.From.After(s.end()) {
			s.first, s.cells = a.From, nil
		}
		if a.From.Before(s.first) || !s.end().Before(a.To) {
			continue
		}
		n, more := index[s]
		if !more {
			n = len(missing)
			missing, index[s] = append(missing, sli.Ask{Objective: a.Objective, To: h.ahead(s)}), n
		}
		missing[n].From, missing[n].To = s.end(), latest(missing[n].To, a.To)
	}
	answers := h.ask(ctx, missing)
	failed := map[*shelf]error{}
	for s, n := range index {
		if err := answers[n].Err; err != nil {
			failed[s] = err
			continue
		}
		s.put(answers[n].Slices, h.reach())
	}
	return failed
}

// ahead is how far a shelf may be filled ahead of need.
func (h *History) ahead(s *shelf) time.Time {
	span := min(h.cfg.Chunk, h.cfg.Until.Sub(s.end()))
	return s.end().Add(span / s.slice * s.slice)
}

// ask asks the source itself. An answer that leaves slices out is no answer:
// what follows would be counted in the wrong place.
func (h *History) ask(ctx context.Context, asks []sli.Ask) []sli.Answer {
	if len(asks) == 0 {
		return nil
	}
	h.asked += len(asks)
	answers := h.cfg.Source.CountsAll(ctx, asks)
	for i, a := range asks {
		if want, got := int(a.To.Sub(a.From)/a.Objective.Slice), len(answers[i].Slices); answers[i].Err == nil && got != want {
			answers[i].Err = fmt.Errorf("ask for history of %s: %d slices from %s on, want %d", a.Objective.Name, got, a.From.UTC().Format(time.RFC3339), want)
		}
	}
	return answers
}

// remember makes the history keep slices for windows of a length.
func (h *History) remember(window time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keep = max(h.keep, window)
}

// reach is how long before the newest slice of a shelf others are kept: the
// newest is up to a chunk ahead of the windows, and a window looks back its
// length and a little more.
func (h *History) reach() time.Duration {
	return h.keep + 2*h.cfg.Chunk
}

func (h *History) shelf(o *slo.Objective) *shelf {
	key := counted{o.Indicator, o.Slice}
	key.indicator.Name, key.indicator.Position = "", slo.Position{}
	if h.shelves[key] == nil {
		h.shelves[key] = &shelf{slice: o.Slice}
	}
	return h.shelves[key]
}

// counted is what makes two indicators count the same, whatever they are
// called.
type counted struct {
	indicator slo.Indicator // without its name and place
	slice     time.Duration
}

// A shelf is an unbroken stretch of slices.
type shelf struct {
	slice time.Duration
	first time.Time // start of cells[0]
	cells []shelved
}

type shelved struct {
	sli.Counts
	flaw sli.Flaw
}

func (s *shelf) end() time.Time { return s.first.Add(time.Duration(len(s.cells)) * s.slice) }

// put adds slices at the end and forgets those that are older than reach.
func (s *shelf) put(fresh []sli.Slice, reach time.Duration) {
	for _, f := range fresh {
		s.cells = append(s.cells, shelved{f.Counts, f.Flaw})
	}
	if old := len(s.cells) - int(reach/s.slice); old > 0 {
		s.cells, s.first = s.cells[old:], s.first.Add(time.Duration(old)*s.slice)
	}
}

func (s *shelf) get(from, to time.Time) []sli.Slice {
	at := int(from.Sub(s.first) / s.slice)
	out := make([]sli.Slice, int(to.Sub(from)/s.slice))
	for i := range out {
		c := s.cells[at+i]
		out[i] = sli.Slice{Start: from.Add(time.Duration(i) * s.slice), Counts: c.Counts, Flaw: c.flaw}
	}
	return out
}
