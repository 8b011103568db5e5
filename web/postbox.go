package web

import (
	"slices"
	"time"

	"setpoint.dev/setpoint/loop"
)

// knows reports whether a scheduled message is known to be on record.
func (b *postbox) knows(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.begun[id]
}

func (b *postbox) know(ids []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.begun == nil {
		b.begun = map[string]bool{}
	}
	for _, id := range ids {
		b.begun[id] = true
	}
}

// waits reports whether a message was tried of late.
func (b *postbox) waits(id string, now time.Time) bool { return now.Before(b.last(id).next) }

// last is how sending a message went so far.
func (b *postbox) last(id string) try {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tries[id]
}

func (b *postbox) failed(id string, t try) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tries == nil {
		b.tries = map[string]try{}
	}
	b.tries[id] = t
}

// end is how a message ended, where that is still to be recorded.
func (b *postbox) end(id string) (loop.Sending, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.ended[id]
	return m, ok
}

func (b *postbox) owe(m loop.Sending) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended == nil {
		b.ended = map[string]loop.Sending{}
	}
	b.ended[m.ID] = m
}

// forget keeps only what is still on its way.
func (b *postbox) forget(open []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id := range b.tries {
		if !slices.Contains(open, id) {
			delete(b.tries, id)
		}
	}
	for id := range b.ended {
		if !slices.Contains(open, id) {
			delete(b.ended, id)
		}
	}
}
