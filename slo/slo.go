package slo

import "time"

// A Set is everything that the files of one configuration declare, resolved:
// every reference in it names something that is in it.
type Set struct {
	Services   []Service       `json:"services"`
	Sources    []Source        `json:"sources"`
	Objectives []Objective     `json:"objectives"`
	Groupings  []Grouping      `json:"groupings,omitempty"` // objectives of Objectives that are kept for each value of a label too
	Actuators  []Actuator      `json:"actuators"`
	Loops      []ControlLoop   `json:"loops"`
	Policies   []ReleasePolicy `json:"policies"`
	Calendars  []Calendar      `json:"calendars,omitempty"`

	Adjustments []Adjustment `json:"adjustments,omitempty"`
	SLAs        []SLA        `json:"slas,omitempty"`
	Reports     []Report     `json:"reports,omitempty"`

	AlertPolicies       []AlertPolicy        `json:"alertPolicies,omitempty"` // those of documents of their own; objectives have what they use
	AlertConditions     []AlertCondition     `json:"alertConditions,omitempty"`
	NotificationTargets []NotificationTarget `json:"notificationTargets,omitempty"`
}

// A Position is where a definition stands. Lines and columns count from 1,
// columns in characters.
type Position struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"col"`
}

// A Service is what people promise about (OpenSLO v1, kind Service).
type Service struct {
	Name        string            `json:"name"`
	Title       string            `json:"title,omitempty"`
	Description string            `json:"description,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"` // a list of values is joined by ","
	Position    Position          `json:"-"`
}

// A Source is a metrics backend (OpenSLO v1, kind DataSource). Its type is
// Prometheus, which stands for every Prometheus-compatible query API.
type Source struct {
	Name        string        `json:"name"`
	Title       string        `json:"title,omitempty"`
	Description string        `json:"description,omitempty"`
	URL         string        `json:"-"`                   // base address; "${NAME}" was replaced by the environment when the file was read; may hold a password
	Timeout     time.Duration `json:"timeout,omitempty"`   // deadline of one query, in ns; 0 = 10 s
	Delay       time.Duration `json:"delay,omitempty"`     // how long after its end a slice is first read, so that the last scrape has arrived, in ns; 0 = 5 s
	Retention   time.Duration `json:"retention,omitempty"` // how long it keeps its data, where that is declared, in ns; 0 = not known
	Settle      time.Duration `json:"settle,omitempty"`    // how long after its first reading a slice is read again, in case that samples arrive late, in ns; 0 = 2 min, below 0 = never
	Scrape      time.Duration `json:"scrape,omitempty"`    // scrape interval, where it is declared, in ns; 0 = learned from the samples
	Replicas    []string      `json:"replicas,omitempty"`  // labels by which the series of several scrapers of the same targets differ; none: those that are known for it
	Page        string        `json:"page,omitempty"`      // where people look into it; see PageOf; without secrets
	Position    Position      `json:"-"`
}

// String renders s without its address, which may hold a password.
func (s Source) String() string { return "data source " + s.Name }

// GoString is String, so that no way of printing shows the secret.
func (s Source) GoString() string { return "slo.Source(" + s.Name + ")" }

// An Objective is one promise: at least Target of the events that Indicator
// counts are good, over Window.
type Objective struct {
	Name        string            `json:"name"`
	Service     string            `json:"service"`
	Title       string            `json:"title,omitempty"`
	Description string            `json:"description,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"` // a list of values is joined by ","
	Target      Decimal           `json:"target"`           // share of good events, 0 < Target ≤ 1; 1 leaves no budget
	Window      Window            `json:"window"`           // over which the budget is kept
	Slice       time.Duration     `json:"slice"`            // length of the slices that are counted, in ns; 1 min unless declared
	Method      Method            `json:"method,omitempty"` // what the budget is a share of
	TimeSlice   TimeSlice         `json:"timeSlice,omitzero"`
	Indicator   Indicator         `json:"indicator"`
	MinEvents   int64             `json:"minEvents,omitempty"` // fewer events in a window are too few to judge by; 0 = one is enough
	NoData      NoData            `json:"noData,omitempty"`    // what time that was not observed counts as
	Composite   *Composite        `json:"composite,omitempty"` // what it is made of, in place of an indicator; nil = it is measured itself
	Of          string            `json:"of,omitempty"`        // the objective that it is one group of
	Group       map[string]string `json:"group,omitempty"`     // the values of the labels that it is the group of
	Alerts      []AlertPolicy     `json:"alerts,omitempty"`    // when somebody is to be told about it
	Silent      bool              `json:"-"`                   // it was said that nobody is to be told; nothing is decided by it
	Position    Position          `json:"-"`
}

// A Method says what a budget is a share of: OpenSLO's budgetingMethod. The
// zero value is Occurrences.
type Method string

// The budgeting methods.
const (
	Occurrences     Method = ""                // good events among all events
	Timeslices      Method = "Timeslices"      // good time slices among all time slices
	RatioTimeslices Method = "RatioTimeslices" // the average of all time slices' shares of good events
)

// A TimeSlice is the stretch of time that Timeslices and RatioTimeslices
// judge at once; it is made of slices.
type TimeSlice struct {
	Length time.Duration `json:"length"`          // ns
	Target Decimal       `json:"target,omitzero"` // share of good events from which on it is good, 0 < Target ≤ 1; of Timeslices only

	MinOutage time.Duration `json:"minOutage,omitempty"` // shortest run of bad ones that counts as bad, ns; 0 = each counts; of Timeslices only
}

// Step is what the budget is kept in: the length of a time slice, or that of
// a slice.
func (o Objective) Step() time.Duration { return max(o.Slice, o.TimeSlice.Length) }

// Budget is the share of events that may be bad: 1 − Target, exactly.
func (o Objective) Budget() Decimal { return o.Target.Complement() }
