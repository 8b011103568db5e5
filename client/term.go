package client

import "cmp"

// Older reports whether an answer comes from a leader that was replaced by
// that of another answer: the timeline counts first, since both sides of a
// split ledger may give out the same epoch.
func (s Setting) Older(than Setting) bool {
	return older(s.Timeline, s.Epoch, than.Timeline, than.Epoch)
}

// Older reports whether a lease comes from a leader that was replaced by that
// of another lease.
func (l Lease) Older(than Lease) bool {
	return older(l.Timeline, l.Epoch, than.Timeline, than.Epoch)
}

func older(timeline, epoch, thanTimeline, thanEpoch int64) bool {
	return cmp.Or(cmp.Compare(timeline, thanTimeline), cmp.Compare(epoch, thanEpoch)) < 0
}
