package slo

import "time"

// A Set is everything that the files of one configuration declare, resolved:
// every reference in it names something that is in it.
type Set struct {
	Services   []Service
	Sources    []Source
	Objectives []Objective
	Actuators  []Actuator
	Loops      []ControlLoop
	Policies   []ReleasePolicy
}

// A Position is where a definition stands. Lines and columns count from 1.
type Position struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"col"`
}

// A Service is what people promise about (OpenSLO v1, kind Service).
type Service struct {
	Name        string
	Title       string
	Description string
	Labels      map[string]string
	Position    Position
}

// A Source is a metrics backend (OpenSLO v1, kind DataSource). Its type is
// Prometheus, which stands for every Prometheus-compatible query API.
type Source struct {
	Name     string
	URL      string        // base address; "${NAME}" was replaced by the environment when the file was read
	Timeout  time.Duration // deadline of one query; 0 = 10 s
	Delay    time.Duration // how long after its end a slice is first read, so that the last scrape has arrived; 0 = 5 s
	Scrape   time.Duration // scrape interval, where it is declared; 0 = learned from the samples
	Position Position
}

// An Objective is one promise: at least Target of the events that Indicator
// counts are good, over Window.
type Objective struct {
	Name        string
	Service     string
	Title       string
	Description string
	Labels      map[string]string
	Target      Decimal       // share of good events, 0 < Target < 1
	Window      Window        // over which the budget is kept
	Slice       time.Duration // length of the time slices that are counted; 1 min unless declared
	Indicator   Indicator
	Position    Position
}

// Budget is the share of events that may be bad: 1 − Target, exactly.
func (o Objective) Budget() Decimal { return o.Target.Complement() }

// A Window is the time over which a budget is kept. It rolls: it ends at the
// newest slice and is Length long.
type Window struct {
	Length time.Duration
}

// An Indicator says how to count events: Total, and one of Good and Bad, are
// PromQL expressions over raw counters.
type Indicator struct {
	Name     string
	Source   string // name of the Source that is asked
	Good     string
	Bad      string
	Total    string
	Position Position
}
