package cost_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli/promql/promtest"
)

// against is the result of a comparison with rules.
type against struct {
	objectives     int
	backend        promtest.Backend
	every, history time.Duration
	rules          time.Duration // CPU a minute
	tick           spent
	ratio          float64
}

// writeReport writes docs/benchmarks.md. Loads are measured in processes of
// their own, so that one's memory is not in the figure of another.
func writeReport(t *testing.T, a against) {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, `# What budgets cost

Written by %[1]smake cost%[1]s. CPU is user and system time. Ratios are from one run and hold on other machines; absolute
figures do not.

Measured on %[2]s, %[3]s.

## Against rules

%[4]d objectives, one a service: 99.9 %% over 30 days with the four standard tiers, each with definitions of its own (bad and
total), over %[5]s of samples scraped every 30 s. The rules are those of %[1]ssetpoint convert --to prometheus-rules%[1]s, evaluated by
the same backend (%[6]s) every %[7]s; what it spends without rules is subtracted. With more history rules cost more, and budgets do
not.

| | CPU a minute |
|---|---|
| rules: the backend | %[8]s |
| budgets: the backend | %[9]s |
| budgets: Setpoint, with a ledger in memory | %[10]s |
| **budgets in all, of what rules cost** | **1/%.0[11]f** |

Series added to the backend: none. The aim is 1/400.

## Many objectives

Ticks of Setpoint alone, with slices of a minute, against a server in the same process that invents samples: its part is in
the figures, and so is a ledger in memory.

| objectives | CPU a tick | resident memory |
|---|---|---|
`, "`", machine(), runtime.Version(), a.objectives, a.history, a.backend, a.every, a.rules.Round(10*time.Millisecond),
		a.tick.backend.Round(100*time.Microsecond), a.tick.ours.Round(100*time.Microsecond), a.ratio)
	for _, n := range []int{1000, 5000, 20000} {
		got := alone(t, n)
		fmt.Fprintf(&b, "| %d | %s | %.0f MB |\n", n, got.cpu.Round(time.Millisecond), got.memory)
	}
	b.WriteString("\nThe aim is 0.2 s and 500 MB for 20,000.\n")
	if err := os.WriteFile("../../docs/benchmarks.md", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// alone measures a load in a process of its own.
func alone(t *testing.T, n int) (got load) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=TestLoad$", "-test.v", fmt.Sprint("-load=", n))
	out, err := command.Output()
	if err != nil {
		t.Fatalf("measure %d objectives: %v\n%s", n, err, out)
	}
	at := strings.Index(string(out), "load: ")
	if at < 0 {
		t.Fatalf("measure %d objectives: %s", n, out)
	}
	if _, err := fmt.Sscanf(string(out[at:]), "load: %d %d %d %f", &got.objectives, &got.cpu, &got.ledger, &got.memory); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestLoad measures ticks of many objectives, -load of them.
func TestLoad(t *testing.T) {
	got := loadOf(t, *many, 10)
	fmt.Println("load:", got.objectives, int64(got.cpu), int64(got.ledger), got.memory)
}

// machine is the processor and how many of it there are.
func machine() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return fmt.Sprintf("%d processors", runtime.NumCPU())
	}
	for line := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return fmt.Sprintf("%d × %s", runtime.NumCPU(), strings.TrimSpace(strings.TrimLeft(name, "\t :")))
		}
	}
	return fmt.Sprintf("%d processors", runtime.NumCPU())
}
