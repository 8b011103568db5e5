package sli

import (
	"math"

	"setpoint.dev/setpoint/slo"
)

// ShareWeight is the weight of one sample of a share: a million events, so
// that a share is kept to a thousand-millionth.
const ShareWeight = 1_000_000 * Event

// Samples counts the samples of an indicator in each slice of the cut: each
// sample of each series is one event (a share: ShareWeight of events), judged
// by the indicator. The package documentation states the rules.
//
// The series hold their samples in (From−Lookback, To]. Samples before that
// are welcome, samples after To are ignored.
func (c Cut) Samples(in slo.Indicator, all []Series) []Slice {
	tracks, invalid := cleanSamples(in, all, c.Lookback().Milliseconds())
	k := counting{Cut: c, from: c.From.UnixMilli(), to: c.To.UnixMilli(), step: c.slice().Milliseconds()}
	k.measure(tracks)
	k.mark(invalid, FlawInvalid)
	whole := weight(in.Kind)
	good, total := make([]Count, len(k.paces)), make([]Count, len(k.paces))
	for _, t := range k.prefer(tracks) {
		for i := t.after(k.from); i < len(t.points) && t.points[i].at <= k.to; i++ {
			n := k.index(t.points[i].at)
			good[n] += t.points[i].value
			total[n] += whole
		}
	}
	k.Good = true
	return k.slices(good, total)
}

// weight is how many events one sample is.
func weight(kind slo.IndicatorKind) Count {
	if kind == slo.Share {
		return ShareWeight
	}
	return Event
}

// judge is how much of the weight of a sample is good; ok is false for what
// cannot be judged.
func judge(in slo.Indicator, v float64) (good Count, ok bool) {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return 0, false
	case in.Kind == slo.Share:
		return judgeShare(v, in.Failure)
	case in.Kind == slo.Boolean:
		return Count(v) * Event, v == 0 || v == 1
	case in.Op.Holds(v, in.Value.Float()):
		return Event, true
	}
	return 0, true
}

// judgeShare rounds first: a share may come out as 1.0000000000000002.
func judgeShare(v float64, failure bool) (good Count, ok bool) {
	parts := math.RoundToEven(v * float64(ShareWeight))
	switch {
	case parts < 0 || parts > float64(ShareWeight):
		return 0, false
	case failure:
		return ShareWeight - Count(parts), true
	}
	return Count(parts), true
}

// cleanSamples makes tracks of series whose samples are judged: the value of
// a point is how much of it is good.
func cleanSamples(in slo.Indicator, all []Series, near int64) (tracks []track, invalid []int64) {
	return cleanBy(all, near, func(s Sample) (Count, bool) { return judge(in, s.Value) })
}

// cleanBy makes tracks of series, each point with the value that read makes of
// a sample. Of samples at the same instant the least value counts. It lists
// the instants at which something was left out that cannot be read, or that
// contradict each other. NaN is listed only where it follows NaN within near
// (ms), as by clean.
func cleanBy(all []Series, near int64, read func(Sample) (Count, bool)) (tracks []track, invalid []int64) {
	for _, s := range all {
		t, last := track{id: s.ID}, Sample{Milli: math.MinInt64}
		for _, sample := range inOrder(s.Samples) {
			value, ok := read(sample)
			switch n := len(t.points) - 1; {
			case !ok && math.IsNaN(sample.Value):
				if math.IsNaN(last.Value) && sample.Milli-last.Milli <= near {
					invalid = append(invalid, sample.Milli)
				}
			case !ok:
				invalid = append(invalid, sample.Milli)
			case n >= 0 && t.points[n].at == sample.Milli:
				if t.points[n].value != value {
					t.points[n].value = min(t.points[n].value, value)
					invalid = append(invalid, sample.Milli)
				}
			default:
				t.points = append(t.points, point{sample.Milli, value})
			}
			last = sample
		}
		tracks = append(tracks, t)
	}
	return tracks, invalid
}
