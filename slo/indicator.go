package slo

import (
	"slices"
	"time"
)

// An Indicator says how to count events. Which of the fields say it depends
// on its Kind; the others are empty.
type Indicator struct {
	Name     string        `json:"name"`
	Source   string        `json:"source"` // name of the Source that is asked
	Kind     IndicatorKind `json:"kind,omitempty"`
	Good     string        `json:"good,omitempty"`    // Counters: PromQL over raw counters; this or Bad
	Bad      string        `json:"bad,omitempty"`     // Counters
	Total    string        `json:"total,omitempty"`   // Counters
	Bucket   Decimal       `json:"bucket,omitzero"`   // Counters: Good or Bad is the bucket of a classic histogram with this bound, and Total its count
	Query    string        `json:"query,omitempty"`   // all other kinds: PromQL of what is judged
	Op       Op            `json:"op,omitempty"`      // Threshold, Native: a sample, or an observation, is good when it is Op Value
	Value    Decimal       `json:"value,omitzero"`    // Threshold, Native
	Failure  bool          `json:"failure,omitempty"` // Share: it is the share of bad events, not of good ones
	MaxAge   time.Duration `json:"maxAge,omitempty"`  // Freshness: how old the newest timestamp of Query may be, ns
	Started  string        `json:"started,omitempty"` // Deadline: PromQL of when a job last started; Query is that of when it last succeeded
	Limit    time.Duration `json:"limit,omitempty"`   // Deadline: how long after its start a run may succeed, ns
	Every    time.Duration `json:"every,omitempty"`   // Deadline: how long after a start the next one is due, ns; 0 = none is expected
	Position Position      `json:"-"`
}

// An IndicatorKind says what is counted. The zero value is Counters.
type IndicatorKind string

// The kinds of indicators.
const (
	Counters  IndicatorKind = ""                 // events, as raw counters tell them
	Threshold IndicatorKind = "threshold"        // samples of a measurement, judged by a limit
	Share     IndicatorKind = "share"            // samples of a share of good or of bad events
	Boolean   IndicatorKind = "boolean"          // samples that are 1, good, or 0, bad
	Freshness IndicatorKind = "freshness"        // time, good while the newest timestamp is not too old
	Deadline  IndicatorKind = "deadline"         // runs of jobs, good when they succeed in time
	Native    IndicatorKind = "native histogram" // observations of native histograms, judged by a limit; Op is LessOrEqual or Greater
)

// Sampled reports whether the samples of a query are judged one by one.
func (k IndicatorKind) Sampled() bool { return k == Threshold || k == Share || k == Boolean }

// Noun is the word for what is counted, in the plural.
func (k IndicatorKind) Noun() string {
	switch {
	case k.Sampled():
		return "samples"
	case k == Freshness:
		return "seconds"
	case k == Deadline:
		return "runs"
	}
	return "events"
}

// An Op compares a sample with the value of a threshold.
type Op string

// The operators, in OpenSLO's words.
const (
	LessOrEqual    Op = "lte"
	Less           Op = "lt"
	GreaterOrEqual Op = "gte"
	Greater        Op = "gt"
)

// Ops are all operators.
func Ops() []string {
	return []string{string(LessOrEqual), string(Less), string(GreaterOrEqual), string(Greater)}
}

// Holds reports whether v op limit, compared as float64s, as PromQL does. It
// is false for NaN.
func (o Op) Holds(v, limit float64) bool {
	switch o {
	case LessOrEqual:
		return v <= limit
	case Less:
		return v < limit
	case GreaterOrEqual:
		return v >= limit
	case Greater:
		return v > limit
	}
	return false
}

// Sign is the operator as people write it: "≤".
func (o Op) Sign() string {
	return map[Op]string{LessOrEqual: "≤", Less: "<", GreaterOrEqual: "≥", Greater: ">"}[o]
}

// operatorWord is the one of words that the operator s is called.
func operatorWord(s string, words []string) string {
	word := map[string]Op{"<=": LessOrEqual, "≤": LessOrEqual, "<": Less, ">=": GreaterOrEqual, "≥": GreaterOrEqual, ">": Greater}[s]
	if slices.Contains(words, string(word)) {
		return string(word)
	}
	return ""
}

// Grid is the distance of the instants at which the query of an objective is
// evaluated, where it cannot be read as raw samples: the scrape interval, or a
// quarter of a slice and at most a minute where none is declared. It is made
// a little longer where needed to divide the slice, and never longer than it.
func Grid(slice, scrape time.Duration) time.Duration {
	if scrape <= 0 {
		scrape = min(slice/4, time.Minute)
	}
	for n := max(1, slice/max(scrape, time.Millisecond)); n > 1; n-- {
		if slice%(n*time.Millisecond) == 0 {
			return slice / n
		}
	}
	return slice
}
