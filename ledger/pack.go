package ledger

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
)

// A slice on record is one byte of marks, then its start within the hour, and
// then good, bad, coverage, flaw and what was not seen as the marks announce them. Numbers are
// varints. The usual slice takes four or five bytes. Slices of an hour follow
// each other in the order in which they were kept; of two with the same start
// the later one counts.
const (
	markGood    = 1 << iota // good follows
	markBad                 // bad follows
	markWhole               // good and bad are in events, not in thousandths
	markMinute              // a whole minute was observed
	markCovered             // coverage follows, in ms
	markFlaw                // flaw follows, its length before it
	markMilli               // the start is in ms, not in minutes
	markUnseen              // what was not seen follows, and what of it may be bad
)

var errPacked = errors.New("slices on record cannot be read")

// hourOf is the number of the hour that contains t, since the Unix epoch.
func hourOf(t time.Time) int32 { return int32(floorDiv(t.Unix(), 3600)) }

func hourStart(hour int32) time.Time { return time.Unix(int64(hour)*3600, 0).UTC() }

// dayOf is the number of the day that an hour is in.
func dayOf(hour int32) int32 { return int32(floorDiv(int64(hour), 24)) }

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return (a+1)/b - 1
	}
	return a / b
}

// appendSlice appends s, packed, to to.
func appendSlice(to []byte, s sli.Slice) []byte {
	at, unit := len(to), sli.Count(1)
	to = append(to, 0)
	put := func(mark byte, value uint64) {
		to[at] |= mark
		to = binary.AppendUvarint(to, value)
	}
	start := uint64(s.Start.Sub(hourStart(hourOf(s.Start))) / time.Millisecond)
	if start%60000 == 0 {
		put(0, start/60000)
	} else {
		put(markMilli, start)
	}
	if s.Good%sli.Event == 0 && s.Bad%sli.Event == 0 {
		to[at], unit = to[at]|markWhole, sli.Event
	}
	if s.Good != 0 {
		put(markGood, uint64(s.Good/unit))
	}
	if s.Bad != 0 {
		put(markBad, uint64(s.Bad/unit))
	}
	if s.Covered == time.Minute {
		to[at] |= markMinute
	} else if ms := s.Covered / time.Millisecond; ms != 0 {
		put(markCovered, uint64(ms))
	}
	if s.Flaw != "" {
		put(markFlaw, uint64(len(s.Flaw)))
		to = append(to, s.Flaw...)
	}
	if s.Unseen != 0 {
		put(markUnseen, uint64(s.Unseen))
		to = binary.AppendUvarint(to, uint64(s.UnseenBad))
	}
	return to
}

// readSlices unpacks the slices of an hour, in order.
func readSlices(packed []byte, hour int32) ([]sli.Slice, error) {
	return unpack(make([]sli.Slice, 0, len(packed)/4), packed, hour)
}

// unpack is readSlices in the room of all.
func unpack(all []sli.Slice, packed []byte, hour int32) ([]sli.Slice, error) {
	begin := hourStart(hour)
	all = all[:0]
	for r := (reader{left: packed}); len(r.left) > 0; {
		s := r.slice(begin)
		if r.failed {
			return nil, errPacked
		}
		all = put(all, s)
	}
	return all, nil
}

// A reader takes numbers from bytes.
type reader struct {
	left   []byte
	failed bool
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.left)
	if n <= 0 {
		r.failed, r.left = true, nil
		return 0
	}
	r.left = r.left[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.left) == 0 {
		r.failed = true
		return 0
	}
	b := r.left[0]
	r.left = r.left[1:]
	return b
}

func (r *reader) text() string {
	n := r.number()
	if n > uint64(len(r.left)) {
		r.failed, r.left = true, nil
		return ""
	}
	text := string(r.left[:n])
	r.left = r.left[n:]
	return text
}

func (r *reader) slice(hour time.Time) (s sli.Slice) {
	marks, unit := r.byte(), sli.Count(1)
	if marks&markWhole != 0 {
		unit = sli.Event
	}
	start := time.Duration(r.number()) * time.Minute
	if marks&markMilli != 0 {
		start = start / time.Minute * time.Millisecond
	}
	s.Start = hour.Add(start)
	if marks&markGood != 0 {
		s.Good = sli.Count(r.number()) * unit
	}
	if marks&markBad != 0 {
		s.Bad = sli.Count(r.number()) * unit
	}
	if marks&markMinute != 0 {
		s.Covered = time.Minute
	}
	if marks&markCovered != 0 {
		s.Covered = time.Duration(r.number()) * time.Millisecond
	}
	if marks&markFlaw != 0 {
		s.Flaw = sli.Flaw(r.text())
	}
	if marks&markUnseen != 0 {
		s.Unseen, s.UnseenBad = sli.Count(r.number()), sli.Count(r.number())
	}
	return s
}

// Sums of the hours of a day are on record one after the other, in order: the
// hour of the day, good, bad, coverage in ms, where in the hour the newest
// observed slice starts, in ms and one more (0 = none was), and the flaws with
// their numbers. An hour with hourUnseen added has after them what was not
// seen, and what of it may be bad.
type hourSum struct {
	hour int32
	loop.Total
}

const hourUnseen = 1 << 7

func appendSum(to []byte, s hourSum) []byte {
	hour := byte(s.hour - 24*dayOf(s.hour))
	if s.Unseen != 0 {
		hour |= hourUnseen
	}
	to = append(to, hour)
	newest := uint64(0)
	if !s.Newest.IsZero() {
		newest = uint64(s.Newest.Sub(hourStart(s.hour))/time.Millisecond) + 1
	}
	for _, v := range []uint64{uint64(s.Good), uint64(s.Bad), uint64(s.Covered / time.Millisecond), newest, uint64(len(s.Flaws))} {
		to = binary.AppendUvarint(to, v)
	}
	to = appendFlaws(to, s.Flaws)
	if s.Unseen != 0 {
		to = binary.AppendUvarint(binary.AppendUvarint(to, uint64(s.Unseen)), uint64(s.UnseenBad))
	}
	return to
}

func appendFlaws(to []byte, flaws map[sli.Flaw]int64) []byte {
	for _, f := range slices.Sorted(maps.Keys(flaws)) {
		to = append(binary.AppendUvarint(to, uint64(len(f))), f...)
		to = binary.AppendUvarint(to, uint64(flaws[f]))
	}
	return to
}

// flaw takes one flaw and how often there is one.
func (r *reader) flaw(t *loop.Total) {
	f := sli.Flaw(r.text())
	t.Flaw(f, int64(r.number()))
}

// readSums unpacks the sums of a day's hours.
func readSums(packed []byte, day int32) ([]hourSum, error) {
	all := make([]hourSum, 0, 24)
	for r := (reader{left: packed}); len(r.left) > 0; {
		hour := r.byte()
		s := hourSum{hour: 24*day + int32(hour&^hourUnseen)}
		s.Good, s.Bad, s.Covered = sli.Count(r.number()), sli.Count(r.number()), time.Duration(r.number())*time.Millisecond
		if newest := r.number(); newest > 0 {
			s.Newest = hourStart(s.hour).Add(time.Duration(newest-1) * time.Millisecond)
		}
		for n := r.number(); n > 0 && !r.failed; n-- {
			r.flaw(&s.Total)
		}
		if hour&hourUnseen != 0 {
			s.Unseen, s.UnseenBad = sli.Count(r.number()), sli.Count(r.number())
		}
		if r.failed {
			return nil, errPacked
		}
		all = append(all, s)
	}
	return all, nil
}

// sumOf adds up the slices of an hour.
func sumOf(hour int32, all []sli.Slice) hourSum {
	sum := hourSum{hour: hour}
	for _, s := range all {
		sum.Add(s)
	}
	return sum
}
