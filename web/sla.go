package web

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
)

// slaOf is the SLA that a settlement is of.
func slaOf(set *slo.Set, name string) (slo.SLA, bool) {
	i := slices.IndexFunc(set.SLAs, func(s slo.SLA) bool { return s.Name == name })
	if i < 0 {
		return slo.SLA{}, false
	}
	return set.SLAs[i], true
}

func wireSLAs(set *slo.Set, st budget.State) (out []client.SLA) {
	for _, s := range st.SLAs {
		sla, ok := slaOf(set, s.SLA)
		if !ok {
			continue
		}
		out = append(out, client.SLA{
			Name: s.SLA, Title: sla.Title, Target: json.Number(sla.Target.String()), From: s.From, To: s.To, At: s.At, Over: !s.At.Before(s.To),
			Good: st.Events(s.Good), Bad: st.Events(s.Bad), Covered: s.Covered.Seconds(), Achieved: s.Achieved, Met: s.Met, Credit: json.Number(s.Credit.String()),
		})
	}
	return out
}

// An slaRow is one period of an SLA on the page.
type slaRow struct {
	Name, Period, Achieved, Target, Credit, Observed string
	Met, Over                                        bool
}

func slaRows(set *slo.Set, st budget.State) (out []slaRow) {
	for _, s := range st.SLAs {
		sla, ok := slaOf(set, s.SLA)
		if !ok {
			continue
		}
		row := slaRow{Name: s.SLA, Period: moment(s.From) + " to " + moment(s.To), Achieved: level(s), Target: exactly(sla.Target), Met: s.Met, Over: !s.At.Before(s.To)}
		if s.Credit.Sign() > 0 {
			row.Credit = exactly(s.Credit)
		}
		row.Observed = percent(s.Covered.Seconds() / max(s.At.Sub(s.From).Seconds(), 1))
		out = append(out, row)
	}
	return out
}

// level is what was achieved, in percent with four digits, rounded down so
// that it never seems met when it is not.
func level(s budget.Settlement) string {
	if s.Total() == 0 {
		return "no events"
	}
	return strconv.FormatFloat(math.Floor(s.Achieved*1e6+1e-9)/1e4, 'f', 4, 64) + " %"
}

// slas says how each SLA stands in the period so far, and in the last one.
func (g gauges) slas(s budget.State) {
	for _, p := range s.SLAs {
		period := "current"
		if p.At.Equal(p.To) && !p.To.Equal(s.At) {
			period = "last"
		}
		by := []string{"sla", p.SLA, "objective", s.Objective, "period", period}
		if p.Total() > 0 {
			g.put(p.Achieved, "setpoint_sla_achieved_ratio", by...)
		}
		g.put(p.Credit.Float(), "setpoint_sla_credit_ratio", by...)
		g.put(float64(p.From.Unix()), "setpoint_sla_period_start_timestamp_seconds", by...)
	}
}
