package main

import (
	"encoding/json"
	"maps"
	"math"
	"sync"
	"time"
)

// truth is what the customers saw: every request is booked on the second in which it was due, with
// its latency counted from that moment. Safe for concurrent use.
type truth struct {
	arm  string
	seed uint64

	mu      sync.Mutex
	seconds []second
}

// second is one second of truth. A checkout's or report's place is when it was due, not when it ended.
type second struct {
	Good          int                `json:"good"`
	Bad           int                `json:"bad"`
	Reports       map[string]int     `json:"reports,omitempty"`        // by outcome
	ReportSeconds map[string]float64 `json:"report_seconds,omitempty"` // with a worker held, by outcome
}

// badShare is the share of bad checkouts above which a whole second is called bad. A starved shop fails
// nearly all of them; the hiccup of a busy machine fails a few, and is not what the demo is about.
const badShare = 0.10

// bad says whether more than one checkout in ten was bad.
func (s second) bad() bool {
	return float64(s.Bad) > badShare*float64(s.Good+s.Bad)
}

// summary is the truth about a stretch of time from the start of the load.
type summary struct {
	Arm           string             `json:"arm"`
	Seed          uint64             `json:"seed"`
	Seconds       int                `json:"seconds"` // seconds in which something was due
	GoodCheckouts int                `json:"good_checkouts"`
	BadCheckouts  int                `json:"bad_checkouts"`
	BadPercent    float64            `json:"bad_percent"`
	BadSeconds    int                `json:"bad_seconds"`
	Reports       map[string]int     `json:"reports"`
	ReportSeconds map[string]float64 `json:"report_seconds"`
	UsefulSeconds float64            `json:"useful_report_seconds"` // of reports answered within 10 s
	WastedSeconds float64            `json:"wasted_report_seconds"` // of reports cancelled
	PerSecond     []second           `json:"per_second"`
}

func newTruth(arm string, seed uint64) *truth { return &truth{arm: arm, seed: seed} }

// checkout books one checkout that was due at a time since the start.
func (t *truth) checkout(due time.Duration, good bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.second(due)
	if good {
		s.Good++
	} else {
		s.Bad++
	}
}

// report books one report that was due at a time since the start.
func (t *truth) report(due time.Duration, answer reportAnswer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.second(due)
	if s.Reports == nil {
		s.Reports, s.ReportSeconds = map[string]int{}, map[string]float64{}
	}
	s.Reports[answer.Outcome]++
	s.ReportSeconds[answer.Outcome] += answer.RanSeconds
}

// second wants t.mu held.
func (t *truth) second(due time.Duration) *second {
	index := int(due / time.Second)
	for len(t.seconds) <= index {
		t.seconds = append(t.seconds, second{})
	}
	return &t.seconds[index]
}

// summary adds up the seconds that began within a time since the start. Requests still in flight are
// not in it yet.
func (t *truth) summary(within time.Duration) summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := min(len(t.seconds), int(math.Ceil(within.Seconds())))
	s := summary{Arm: t.arm, Seed: t.seed, Seconds: count, Reports: map[string]int{}, ReportSeconds: map[string]float64{}}
	for _, one := range t.seconds[:count] {
		s.add(one)
	}
	if all := s.GoodCheckouts + s.BadCheckouts; all > 0 {
		s.BadPercent = 100 * float64(s.BadCheckouts) / float64(all)
	}
	s.UsefulSeconds, s.WastedSeconds = s.ReportSeconds[reportFinished], s.ReportSeconds[reportCancelled]
	return s
}

func (s *summary) add(one second) {
	s.GoodCheckouts += one.Good
	s.BadCheckouts += one.Bad
	if one.bad() {
		s.BadSeconds++
	}
	for outcome, n := range one.Reports {
		s.Reports[outcome] += n
	}
	for outcome, seconds := range one.ReportSeconds {
		s.ReportSeconds[outcome] += seconds
	}
	one.Reports, one.ReportSeconds = maps.Clone(one.Reports), maps.Clone(one.ReportSeconds) // the load writes on
	s.PerSecond = append(s.PerSecond, one)
}

// json has no failing case: a summary holds numbers, names and maps of them.
func (s summary) json() []byte {
	text, _ := json.MarshalIndent(s, "", " ")
	return append(text, '\n')
}
