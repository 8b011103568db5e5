package promql

import (
	"cmp"
	"slices"
	"time"
)

// A Health is how a source does, since it was prepared.
type Health struct {
	Source   string
	Host     string // of its address, without what may be secret in it
	Kind     string // of backend, where it has told: "VictoriaMetrics"
	Answered time.Time
	Asked    int64     // questions
	Missed   int64     // of them, those that the backend failed
	Failing  time.Time // since when it fails; zero = it does well
	Until    time.Time // it is left alone until then; zero = it is not
	Error    error     // why it fails, a *sli.ReadError; nil = it does well
}

// Health tells how all sources do, by name. Nothing is asked for it.
func (s *Sources) Health() (all []Health) {
	for name, one := range s.byName {
		h := Health{Source: name, Host: one.base.Host}
		if one.remembers.Load() {
			h.Kind = "VictoriaMetrics"
		}
		one.breaker.tell(&h)
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b Health) int { return cmp.Compare(a.Source, b.Source) })
	return all
}

func (b *breaker) tell(h *Health) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h.Answered, h.Asked, h.Missed, h.Until = b.answered, b.asked, b.missed, b.until
	if b.last != nil {
		h.Failing, h.Error = b.since, b.last
	}
}
