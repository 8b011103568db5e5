package loop

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
)

// alarms judges the alerts of all objectives, and keeps them when this
// instance leads. The ledger being down keeps nobody from being told: a
// message too many is better than none.
func (l *Loop) alarms(ctx context.Context, states []budget.State, orders []Order, now time.Time) []Alert {
	if l.leader && !l.recalled {
		l.recall(ctx)
	}
	l.recalled = l.recalled && l.leader
	loops, objectives := apartFrom(l.alerts)
	l.alerts = append(Alarms(l.set.Objectives, states, objectives, now), demotions(l.set, orders, loops, now)...)
	if l.leader && l.recalled {
		l.keepAlerts(ctx)
	}
	return slices.Clone(l.alerts)
}

// recall takes up the alerts that the leader before this one had: they say
// since when, and what was told.
func (l *Loop) recall(ctx context.Context) {
	kept, err := l.cfg.Records.KeptAlerts(ctx)
	if err != nil {
		l.ledgerFailed(fmt.Errorf("read alerts: %w", err))
		return
	}
	l.recalled = true
	for _, own := range l.alerts {
		if !slices.ContainsFunc(kept, func(a Alert) bool { return a.Key == own.Key }) {
			kept = append(kept, own)
		}
	}
	l.alerts = kept
}

// keepAlerts writes the alerts when one of them has changed its phase or was
// told.
func (l *Loop) keepAlerts(ctx context.Context) {
	marks := alertMarks(l.alerts)
	if marks == l.keptAlerts {
		return
	}
	if err := l.cfg.Records.KeepAlerts(ctx, l.term, l.alerts); err != nil {
		l.ledgerFailed(fmt.Errorf("keep alerts: %w", err))
		return
	}
	l.keptAlerts = marks
}

// alertMarks is what has to be remembered of alerts, without the figures that
// change with every look.
func alertMarks(alerts []Alert) string {
	type mark struct {
		Key                       string
		Phase                     AlertPhase
		Told                      bool
		Since, Fired, Over, Ended time.Time
	}
	var marks []mark
	for _, a := range alerts {
		marks = append(marks, mark{a.Key, a.Phase, a.Told, a.Since, a.Fired, a.Over, a.Ended})
	}
	text, _ := json.Marshal(marks) // of texts and times
	return string(text)
}
