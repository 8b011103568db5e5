package client

import (
	"encoding/json"
	"time"
)

// A Report is how objectives did in a week, a month or a quarter: what a
// webhook is sent when it has ended, signed as Standard Webhooks says
// (standardwebhooks.com).
type Report struct {
	ID         string              `json:"id"`   // the same when it is sent again
	Type       string              `json:"type"` // "report"
	Report     string              `json:"report"`
	Title      string              `json:"title,omitempty"` // of the definition
	Team       string              `json:"team,omitempty"`  // empty = all
	Period     string              `json:"period"`          // week, month or quarter
	Name       string              `json:"name"`            // of the period: "Week 47 of 2026"
	From       time.Time           `json:"from"`
	To         time.Time           `json:"to"`
	Made       time.Time           `json:"made"`
	Summary    string              `json:"summary"` // one sentence
	Kept       int                 `json:"kept"`    // objectives that kept their budget, of Objectives
	Objectives []ReportedObjective `json:"objectives"`
	More       int                 `json:"more,omitempty"` // objectives that are left out
	SLAs       []ReportedSLA       `json:"slas,omitempty"` // as of Made
	By         string              `json:"by,omitempty"`   // who sent it by hand; empty = it was due
	Why        string              `json:"why,omitempty"`
	Link       string              `json:"link"` // its page
	File       *ReportFile         `json:"file,omitempty"`
}

// A ReportedObjective is how one objective did in a period.
type ReportedObjective struct {
	Objective string      `json:"objective"`
	Service   string      `json:"service"`
	Target    json.Number `json:"target"`   // exact
	Kept      string      `json:"kept"`     // kept, not-kept, no-data or no-traffic
	Good      *float64    `json:"good"`     // share of the events that were good; null = there were none
	Used      *float64    `json:"used"`     // share of the period's budget that was used up; null likewise
	Bad       float64     `json:"bad"`      // events
	Total     float64     `json:"total"`    // events
	Observed  float64     `json:"observed"` // share of the period that was observed
	Worst     string      `json:"worst,omitempty"`
	Link      string      `json:"link"`
}

// A ReportedSLA is an SLA beside an objective.
type ReportedSLA struct {
	Objective string `json:"objective"`
	SLA
}

// A ReportFile is a report as one HTML file that needs no server.
type ReportFile struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Text string `json:"text"`
}

// A ScheduledReport is a report that is sent by itself.
type ScheduledReport struct {
	Name     string    `json:"name"`
	Title    string    `json:"title,omitempty"`
	Team     string    `json:"team,omitempty"` // empty = all
	Period   string    `json:"period"`
	Targets  []string  `json:"targets"`
	NextFrom time.Time `json:"nextFrom"` // the period [NextFrom, NextTo) is sent at Next
	NextTo   time.Time `json:"nextTo"`
	Next     time.Time `json:"next"`
	Sendings []Sending `json:"sendings"` // of late, the newest first
}

// A Sending is a report on its way to one target.
type Sending struct {
	ID     string    `json:"id"` // of the message
	Report string    `json:"report"`
	Target string    `json:"target"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Due    time.Time `json:"due,omitzero"` // zero = a person sent it
	By     string    `json:"by,omitempty"`
	Why    string    `json:"why,omitempty"`
	At     time.Time `json:"at"`    // when it began, or ended
	State  string    `json:"state"` // on its way, sent or unsent
	Error  string    `json:"error,omitempty"`
	Tries  int       `json:"tries,omitempty"` // so far, that went wrong, of the instance that sends it
}

// A SendReport asks that a report be sent now, about the period that ended
// last.
type SendReport struct {
	By  string `json:"by"` // where the server asks nobody who they are
	Why string `json:"why"`
}
