package loop

import (
	"slices"
	"time"
)

// An AlertScore is how often an alert would have fired. An alert that never
// did has none.
type AlertScore struct {
	Alert    string        `json:"alert"` // its key
	Name     string        `json:"name"`
	Severity string        `json:"severity"`
	Times    int           `json:"times"`
	Told     int           `json:"told"`   // times that somebody would have been told
	Firing   time.Duration `json:"firing"` // in all
	Longest  time.Duration `json:"longest"`
	FirstAt  time.Time     `json:"firstAt,omitzero"`
	First    string        `json:"first,omitempty"` // why, the first time
}

// alarmed adds the alerts of a report.
func (s *Scorer) alarmed(r Report) {
	for _, a := range r.Alerts {
		if a.Phase != AlertFiring {
			continue
		}
		i := slices.IndexFunc(s.trial.Alerts, func(x AlertScore) bool { return x.Alert == a.Key })
		if i < 0 {
			i = len(s.trial.Alerts)
			s.trial.Alerts = append(s.trial.Alerts, AlertScore{Alert: a.Key, Name: a.Name, Severity: a.Severity, FirstAt: a.Fired, First: a.Why})
		}
		x := &s.trial.Alerts[i]
		x.Firing += s.every
		x.Longest = max(x.Longest, r.At.Add(s.every).Sub(a.Fired))
		if before, there := s.fired[a.Key]; !there || !before.at.Equal(a.Fired) {
			x.Times++
			s.fired[a.Key] = stretch{a.Fired, false}
		}
		if f := s.fired[a.Key]; a.Told && !f.told {
			x.Told++
			s.fired[a.Key] = stretch{a.Fired, true}
		}
	}
}

// A stretch is one time that an alert fires.
type stretch struct {
	at   time.Time
	told bool
}
