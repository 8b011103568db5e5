package budget

import (
	"hash/fnv"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
)

// maxTime is how far from the Unix epoch times may be: 146 years. It leaves
// room to add and subtract.
const maxTime = time.Duration(1 << 62)

// index is the number of the slice that starts at t.
func (b *Book) index(t time.Time) (int64, error) {
	i := b.floor(t)
	if !b.time(i).Equal(t) {
		return 0, errMisaligned
	}
	return i, nil
}

// number is the number of a slice that was checked.
func (b *Book) number(s sli.Slice) int64 { return s.Start.UnixNano() / int64(b.slice) }

// floor is the number of the slice that contains t.
func (b *Book) floor(t time.Time) int64 { return floor(t, b.slice) }

func floor(t time.Time, slice time.Duration) int64 {
	ns := int64(min(max(t.Sub(time.Unix(0, 0)), -maxTime), maxTime))
	i := ns / int64(slice)
	if i*int64(slice) > ns {
		i--
	}
	return i
}

// time is the start of slice i.
func (b *Book) time(i int64) time.Time { return time.Unix(0, i*int64(b.slice)).UTC() }

// period is the period that the newest slice is in, of a book that ends at
// end: at the boundary it is the one that is complete, not the one that has
// nothing yet.
func (b *Book) period(end int64) (from, to time.Time) { return b.promise.Period(b.time(end - 1)) }

// periodStart is the first slice of that period.
func (b *Book) periodStart(end int64) int64 {
	from, _ := b.period(end)
	start := b.floor(from)
	if !b.time(start).Equal(from) {
		start++
	}
	return start
}

// start is where w starts. A calendar window is never late: nothing leaves it
// one by one.
func (b *Book) start(w *window) int64 {
	if w.slices == 0 {
		return w.tail
	}
	return b.end - w.slices
}

// oldest is the oldest slice that anything of the book still speaks of. At
// the beginning of a period that is more than the period.
func (b *Book) oldest() int64 {
	from := b.end - b.longest
	if b.promise.Calendar() {
		from = min(from, b.windows[b.own].tail)
	}
	return from
}

// span is the length of n slices.
func (b *Book) span(n int64) time.Duration { return time.Duration(n) * b.slice }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// phase spreads the reads of many books over time: books read at different
// slices, each always at the same ones.
func phase(name string, of int64) int64 {
	h := fnv.New32a()
	h.Write([]byte(name))
	return int64(h.Sum32()) % of
}

// A tally counts slices by flaw. Flaws are numbered from 1 as they come; 0 is
// none.
type tally struct {
	names  []sli.Flaw
	counts []int64
}

// number is the number of a flaw.
func (t *tally) number(f sli.Flaw) int {
	if f == "" {
		return 0
	}
	i := slices.Index(t.names, f)
	if i < 0 {
		i = len(t.names)
		t.names, t.counts = append(t.names, f), append(t.counts, 0)
	}
	return i + 1
}

// name is the flaw with a number.
func (t *tally) name(flaw int) sli.Flaw {
	if flaw == 0 {
		return ""
	}
	return t.names[flaw-1]
}

func (t *tally) add(flaw int, n int64) {
	if flaw > 0 {
		t.counts[flaw-1] += n
	}
}

// clear forgets the counts, not the numbers.
func (t *tally) clear() { clear(t.counts) }

// list is the flaws that are there, sorted.
func (t *tally) list() []sli.Flaw {
	var list []sli.Flaw
	for i, f := range t.names {
		if t.counts[i] > 0 {
			list = append(list, f)
		}
	}
	slices.Sort(list)
	return list
}
