package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	ossignal "os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// An arrow is a place of an actuation at which its process dies, and the stage
// at which the record then has the newest move.
type arrow struct {
	at    string
	stage loop.Stage
}

// arrows are all of them: before and after each step, those of a judgement and
// of a roll back among them.
func arrows() []arrow {
	return []arrow{
		{"before begin 1", loop.StageNone}, {"after begin 1", loop.StageApplying},
		{"before apply 1", loop.StageApplying}, {"after apply 1", loop.StageApplying},
		{"before finish 1", loop.StageApplying}, {"after finish 1", loop.StageSettling},
		{"before judge 1", loop.StageVerifying}, {"after judge 1", loop.StageRollingBack},
		{"before begin 2", loop.StageRollingBack}, {"after begin 2", loop.StageApplying},
		{"before apply 2", loop.StageApplying}, {"after apply 2", loop.StageApplying},
		{"before finish 2", loop.StageApplying}, {"after finish 2", loop.StageRolledBack},
	}
}

// TestCrashMatrix kills a process at every arrow and lets another go on from
// there: nothing is actuated without its committed row, nothing twice, and
// every move ends with an outcome that says what became of it.
func TestCrashMatrix(t *testing.T) {
	for _, arrow := range arrows() {
		t.Run(arrow.at, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t)
			if err := c.run(arrow.at); err == nil || !strings.Contains(err.Error(), "signal: killed") {
				t.Fatalf("the process ended with %v, want it killed", err)
			}
			if got := c.stage(t); got != arrow.stage {
				t.Errorf("the newest move is at stage %q, want %q", got, arrow.stage)
			}
			must(t, c.run(""))
			c.check(t)
			if got := c.stage(t); got != loop.StageRolledBack {
				t.Errorf("in the end the newest move is at stage %q, want %q", got, loop.StageRolledBack)
			}
		})
	}
}

// A leader that is frozen when its move is on record and not yet carried out
// wakes up after another has taken the lead and has moved: what it then tries
// is refused at the target.
func TestFrozenBeforeApply(t *testing.T) {
	c := newCrash(t)
	old := c.command("freeze apply 1")
	must(t, old.Start())
	ended := make(chan error, 1)
	go func() { ended <- old.Wait() }()
	t.Cleanup(func() { old.Process.Kill() })
	frozen := func() bool {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", old.Process.Pid))
		return strings.Contains(string(stat), ") T ")
	}
	for deadline := time.Now().Add(60 * time.Second); !frozen(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the old leader does not reach its move")
		}
	}
	must(t, c.run(""))
	must(t, old.Process.Signal(syscall.SIGCONT))
	if err := <-ended; err != nil {
		t.Errorf("the old leader: %v", err)
	}
	if refused, err := os.ReadFile(c.File + ".refused"); err != nil || len(refused) == 0 {
		t.Errorf("the target has refused nothing of the old leader: %v", err)
	}
	c.check(t)
}

// A crash is one ledger and one target over the lives of several processes.
type crash struct {
	t    *testing.T
	DSN  string `json:"dsn"`
	File string `json:"file"` // of the target
	At   string `json:"at"`   // where the process dies; "" = nowhere
}

func newCrash(t *testing.T) *crash {
	return &crash{t: t, DSN: fresh(t), File: filepath.Join(t.TempDir(), "dial")}
}

func (c *crash) command(at string) *exec.Cmd {
	c.t.Helper()
	one := *c
	one.At = at
	told, err := json.Marshal(one)
	must(c.t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashProcess$", "-test.timeout=120s")
	cmd.Env = append(os.Environ(), "LEDGER_TEST_CRASH="+string(told))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (c *crash) run(at string) error { return c.command(at).Run() }

// stage is that of the newest move on record, when the process died.
func (c *crash) stage(t *testing.T) loop.Stage {
	t.Helper()
	newest, err := open(t, c.DSN).Decisions(t.Context(), ledger.DecisionFilter{Moves: true, Limit: 1})
	must(t, err)
	if len(newest) == 0 {
		return loop.StageNone
	}
	return loop.StageOf(newest[0].Decision, newest[0].Outcomes, c.clock().Add(-5*time.Second))
}

// check holds the record against what the target has seen.
func (c *crash) check(t *testing.T) {
	t.Helper()
	p := open(t, c.DSN)
	applied := map[string]int{}
	for _, m := range logOf(t, c.File) {
		applied[m.Decision]++
		r, err := p.Decision(t.Context(), m.Decision)
		if err != nil || r.Decision.To != m.Setting || r.Decision.Verb == loop.Hold {
			t.Errorf("the target has %+v, which is not what is on record (%v)", m, err)
		}
	}
	judged, last := 0, 0.0
	must(t, p.Each(t.Context(), func(r ledger.Record) error {
		d := r.Decision
		if d.Verb == loop.Hold {
			return nil
		}
		if len(r.Outcomes) == 0 || applied[d.ID] > 1 || r.Outcomes[0].Applied != (applied[d.ID] == 1) {
			t.Errorf("move %s from %g to %g was applied %d times, its outcomes are %+v", d.ID, d.From, d.To, applied[d.ID], r.Outcomes)
		}
		for _, o := range r.Outcomes {
			if o.Effect != nil {
				judged++
			}
		}
		if applied[d.ID] == 1 {
			last = d.To
		}
		return nil
	}))
	if judged != 1 || last != 30 || len(applied) != 2 {
		t.Errorf("%d moves were carried out to the last setting %g, and %d judged; want 2, back at 30, and 1", len(applied), last, judged)
	}
	faults, err := p.Verify(t.Context())
	if err != nil || len(faults) > 0 {
		t.Errorf("the record has faults: %v, %v", faults, err)
	}
}

func logOf(t *testing.T, file string) (out []loop.Move) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var m loop.Move
		must(t, json.Unmarshal([]byte(line), &m))
		out = append(out, m)
	}
	return out
}

// TestCrashProcess is no test but the process that is killed: it looks every
// five seconds of a story in which it burns, a move does not help, and all is
// well.
func TestCrashProcess(t *testing.T) {
	told := os.Getenv("LEDGER_TEST_CRASH")
	if told == "" {
		return
	}
	c := crash{t: t}
	must(t, json.Unmarshal([]byte(told), &c))
	p, err := ledger.Open(ledger.Config{DSN: c.DSN, Lease: 600 * time.Millisecond})
	must(t, err)
	defer p.Close()
	takeOver(t, p)
	set, problems := slo.Load([]slo.File{{Name: "crash.yaml", Data: []byte(crashDefinitions)}}, nil)
	must(t, problems.Err())
	l, err := loop.New(loop.Config{Set: set, Source: loop.SourceFunc(crashStory), Records: &dying{Postgres: p, at: c.At}, Actuators: map[string]loop.Actuator{"dial": &fileDial{file: c.File, at: c.At}}})
	must(t, err)
	for now := c.clock(); !now.After(noon().Add(4 * time.Minute)); now = now.Add(5 * time.Second) {
		must(t, os.WriteFile(c.File+".clock", []byte(now.Format(time.RFC3339)), 0o600))
		l.Tick(t.Context(), now)
	}
}

// clock is the time at which a process begins: a look after that at which the
// one before it died.
func (c *crash) clock() time.Time {
	text, err := os.ReadFile(c.File + ".clock")
	if errors.Is(err, fs.ErrNotExist) {
		return noon()
	}
	at, parseErr := time.Parse(time.RFC3339, string(text))
	must(c.t, errors.Join(err, parseErr))
	return at.Add(5 * time.Second)
}

// crashStory burns from the first minute to the second.
func crashStory(_ context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	var out []sli.Slice
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		counts := sli.Counts{Good: 300 * sli.Event, Covered: o.Slice}
		if at.Sub(noon()) >= time.Minute && at.Sub(noon()) < 2*time.Minute {
			counts.Good, counts.Bad = 150*sli.Event, 150*sli.Event
		}
		out = append(out, sli.Slice{Start: at, Counts: counts})
	}
	return out, nil
}

// dies ends the process, or freezes it, where it is told to.
func dies(at, when, what string, n int) {
	switch at {
	case fmt.Sprintf("%s %s %d", when, what, n):
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case fmt.Sprintf("freeze %s %d", what, n):
		if when == "before" { // the thread that asks for it may run on for a while, so it waits too
			woken := make(chan os.Signal, 1)
			ossignal.Notify(woken, syscall.SIGCONT)
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			<-woken
		}
	}
}

// dying is a ledger whose process dies beside it.
type dying struct {
	*ledger.Postgres
	at                      string
	begun, finished, judged int
}

func (d *dying) Begin(ctx context.Context, decision loop.Decision) error {
	if decision.Verb == loop.Hold {
		return d.Postgres.Begin(ctx, decision)
	}
	d.begun++
	dies(d.at, "before", "begin", d.begun)
	err := d.Postgres.Begin(ctx, decision)
	dies(d.at, "after", "begin", d.begun)
	return err
}

func (d *dying) Finish(ctx context.Context, o loop.Outcome) error {
	what, n := "finish", &d.finished
	if o.Effect != nil {
		what, n = "judge", &d.judged
	}
	if o.Until.IsZero() {
		*n++
		dies(d.at, "before", what, *n)
		defer dies(d.at, "after", what, *n)
	}
	return d.Postgres.Finish(ctx, o)
}

// A fileDial is a target that outlives processes: a line for each move that
// it has taken. It refuses what comes from an older leader.
type fileDial struct {
	file, at string
	n        int
}

func (f *fileDial) newest() (m loop.Move, err error) {
	text, err := os.ReadFile(f.file)
	if errors.Is(err, fs.ErrNotExist) {
		return loop.Move{Setting: 30}, nil
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return m, errors.Join(err, json.Unmarshal([]byte(lines[len(lines)-1]), &m))
}

func (f *fileDial) Read(context.Context) (float64, error) {
	m, err := f.newest()
	return m.Setting, err
}

func (f *fileDial) Apply(_ context.Context, m loop.Move) error {
	f.n++
	dies(f.at, "before", "apply", f.n)
	last, err := f.newest()
	if err != nil {
		return err
	}
	file := f.file
	if m.Epoch < last.Epoch {
		file += ".refused"
	}
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(append(line, '\n'))
	dies(f.at, "after", "apply", f.n)
	if file != f.file {
		err = errors.Join(err, loop.ErrDeposed)
	}
	return errors.Join(err, out.Close())
}

const crashDefinitions = `apiVersion: openslo/v1
kind: DataSource
metadata: {name: metrics}
spec: {type: Prometheus, connectionDetails: {url: "${METRICS_URL}", delay: 1s}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: fast, annotations: {setpoint.dev/slice: 5s}}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: 10m, isRolling: true}]
  objectives: [{target: 0.95}]
  indicator:
    metadata: {name: fast}
    spec: {ratioMetric: {counter: true, good: {metricSource: {spec: {query: good_total}}}, total: {metricSource: {spec: {query: all_total}}}}}
---
apiVersion: setpoint.dev/v1
kind: Actuator
metadata: {name: dial}
spec: {service: shop, type: postgresQueryTimeout, rest: 30s, tight: 1s, postgresQueryTimeout: {databaseURL: "${DB}", role: reports, workers: 8}}
---
apiVersion: setpoint.dev/v1
kind: ControlLoop
metadata: {name: protect}
spec:
  actuator: dial
  mode: act
  promotion: {waived: a test}
  owner: team-shop
  verify: {settle: 40s, window: 20s}
  rules:
  - objective: fast
    tiers:
    - {name: hot, burn: 6, long: 10s, short: 5s, setting: 2s, leave: 1, hold: 10s}
`
