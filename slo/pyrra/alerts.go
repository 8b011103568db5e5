package pyrra

import (
	"cmp"
	"math/big"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A tier is one of Pyrra's four alerts for 28 days.
type tier struct {
	name, severity     string
	burn               int64
	long, short, after time.Duration
}

func tiers() []tier {
	day := 24 * time.Hour
	return []tier{
		{"fastBurn", "critical", 14, time.Hour, 5 * time.Minute, 2 * time.Minute},
		{"mediumBurn", "critical", 7, 6 * time.Hour, 30 * time.Minute, 15 * time.Minute},
		{"slowBurn", "warning", 2, day, 2 * time.Hour, time.Hour},
		{"longTermBurn", "warning", 1, 4 * day, 6 * time.Hour, 3 * time.Hour},
	}
}

// alarms are the alerts of an SLO: four burn rates, whose windows follow that
// of the SLO, and one for missing data.
func alarms(meta, spec slo.Node, name slo.Node) []slo.Node {
	a := spec.Get("alerting")
	window, ok := spec.Get("window").Duration()
	off := a.Get("disabled").True()
	burns, absent := !off && a.Get("burnrates").Text() != "false", !off && a.Get("absent").Text() != "false"
	if !ok || window <= 0 || !burns && !absent {
		return nil
	}
	at := a
	if !a.Given() {
		at = spec
	}
	alarm := slo.Alarm{
		At: at, Name: at.Says(name.Text() + "-alerts"), Title: at.Says(cmp.Or(a.Get("name").Text(), "ErrorBudgetBurn")),
		Labels: meta.Get("labels").Renamed(group), Annotations: meta.Get("annotations").Renamed(group),
		NoData: absent, NoDataName: cmp.Or(a.Get("absentName").Text(), "SLOMetricAbsent"),
		NoDataWord: cmp.Or(a.Get("severities").Get("absent").Text(), "critical"),
	}
	for _, t := range tiers() {
		own := a.Get("severities").Get(t.name).Text()
		w := slo.Watch{
			At: at, Name: words(t.name), Severity: cmp.Or(own, t.severity), Burn: slo.NewDecimal(t.burn, 0), Off: !burns,
			Long: max(scaled(t.long, window), time.Minute), Short: max(scaled(t.short, window), time.Minute), After: scaled(t.after, window),
		}
		alarm.Conditions = append(alarm.Conditions, w)
	}
	alarm.NoDataAfter = absentFor(spec.Get("target").Text(), alarm.Conditions[0])
	return []slo.Node{alarm.Inline()}
}

// scaled is a duration of Pyrra's 28 days for another window, in whole
// minutes.
func scaled(d, window time.Duration) time.Duration {
	n := new(big.Int).Mul(big.NewInt(int64(d)), big.NewInt(int64(window)))
	return time.Duration(n.Quo(n, big.NewInt(int64(28*24*time.Hour))).Int64()).Round(time.Minute)
}

// absentFor is how long Pyrra waits for missing metrics: as long as a total
// outage takes to fire the fastest alert, in whole minutes.
func absentFor(target string, fastest slo.Watch) time.Duration {
	percent, err := slo.ParseDecimal(target)
	share, err2 := percent.Percent()
	if err != nil || err2 != nil {
		return fastest.After
	}
	outage := fastest.Burn.Float() * (1 - share.Float()) * fastest.Long.Seconds()
	return (time.Duration(outage)*time.Second + fastest.After).Round(time.Minute)
}

// words are the names of conditions.
func words(key string) string {
	return map[string]string{"fastBurn": "fast-burn", "mediumBurn": "medium-burn", "slowBurn": "slow-burn", "longTermBurn": "long-term-burn"}[key]
}
