package rules

import (
	"fmt"
	"time"

	"setpoint.dev/setpoint/slo"
)

// What is recorded of each job at each evaluation: when it last started, when
// it last succeeded (0 = never), what became of that run (1 success, 2 failure,
// 0 not known yet), and how many runs were due since that start; and then how
// many runs were found to be good and bad since the evaluation before.
const (
	runStart = "setpoint:run:start"
	runDone  = "setpoint:run:done"
	runState = "setpoint:run:state"
	runDue   = "setpoint:run:due"
	runGood  = "setpoint:run:good"
	runBad   = "setpoint:run:bad"
)

// runs records what becomes of the runs of jobs (package sli, Runs): each
// counts once, when it is known.
func (s subject) runs() []rule {
	in := s.Indicator
	began := fmt.Sprintf("(%s) > 0", in.Started)
	out := []rule{
		s.ofJob(runStart, began),
		s.ofJob(runDone, fmt.Sprintf("((%s) and (%s)) or 0 * (%[2]s)", in.Query, began)),
		s.ofJob(runState, s.stateOfRun()),
	}
	if in.Every > 0 {
		out = append(out, s.ofJob(runDue, s.dueSince(s.job(runStart), "time()")))
	}
	sum := func(name string) string { return s.all("sum", s.job(name)) }
	return append(out, s.ofJob(runGood, s.newRuns(1)), s.ofJob(runBad, s.newRuns(2)),
		s.record(goodSamples, sum(runGood)), s.record(allSamples, sum(runGood)+" + "+sum(runBad)))
}

// ofJob records an expression that has a value for each job, with the labels
// of the job.
func (s subject) ofJob(name, expr string) rule {
	label := "slo"
	if len(s.by) > 0 {
		label = "of"
	}
	return rule{Record: name, Expr: expr, Labels: map[string]string{label: s.Name}}
}

// job is what was recorded of each job at this evaluation, before what was at
// the one before.
func (s subject) job(name string) string { return name + s.own() }
func (s subject) before(name string) string {
	return fmt.Sprintf("last_over_time(%s%s[1d] offset 1ms)", name, s.own())
}

// inTime is 1 where a run that started then succeeded in time.
func (s subject) inTime(start string) string {
	return fmt.Sprintf("(%s >= bool %s) * (%[1]s <= bool (%[2]s + %[3]s))", s.job(runDone), start, seconds(s.Indicator.Limit))
}

func (s subject) stateOfRun() string {
	latest := fmt.Sprintf("(%s + %s)", s.job(runStart), seconds(s.Indicator.Limit))
	good := s.inTime(s.job(runStart))
	return fmt.Sprintf("%s + 2 * (1 - %[1]s) * clamp_max((%s > bool %s) + (time() > bool %[3]s), 1)", good, s.job(runDone), latest)
}

// dueSince is how many runs were due since a start and should have succeeded
// by then.
func (s subject) dueSince(start, by string) string {
	return fmt.Sprintf("floor(clamp_min((%s - %s - %s) / %s, 0))", by, start, seconds(s.Indicator.Limit), seconds(s.Indicator.Every))
}

// newRuns are the runs that were found to be in a state since the evaluation
// before. The run of a job that was not there then counts where others were.
func (s subject) newRuns(state int) string {
	was := s.before(runStart)
	another := fmt.Sprintf("(%s != bool %s)", s.job(runStart), was)
	open := fmt.Sprintf("(%s == bool 0)", s.before(runState))
	is := fmt.Sprintf("(%s == bool %d)", s.job(runState), state)
	earlier := s.inTime(was) // of a run that was under way when the next one started
	if state == 2 {
		earlier = fmt.Sprintf("(1 - %s)", earlier)
	}
	known := fmt.Sprintf("%s * clamp_max(%s + %s, 1) + %[2]s * %[3]s * (%s < bool %s) * %s", is, another, open, s.job(runDone), s.job(runStart), earlier)
	if state == 2 && s.Indicator.Every > 0 {
		by := fmt.Sprintf("(time() - %s * (time() - %s))", another, s.job(runStart))
		known += fmt.Sprintf(" + %s - %s", s.dueSince(was, by), s.before(runDue))
	}
	return fmt.Sprintf("(%s) or ((%s unless %s) and %s %[3]s)", known, is, was, s.on())
}

func seconds(d time.Duration) string { return slo.NewDecimal(int64(d), 9).String() }
