package cost_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// writeReport writes docs/benchmarks.md. Loads are measured in processes of
// their own, so that one's memory is not in the figure of another.
func writeReport(t *testing.T, all []against) {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, `# What budgets cost

Written by %[1]smake cost%[1]s. CPU is user and system time. Ratios are from one run and hold on other machines; absolute
figures do not. What else a machine does makes CPU time longer, since caches are shared: the load is that of the minute before.

Measured on %[2]s, %[3]s.
`, "`", machine(), runtime.Version())
	writeAgainst(&b, all)
	writeLoads(t, &b)
	writeRestart(t, &b)
	writeTiers(&b)
	if err := os.WriteFile("../../docs/benchmarks.md", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func writeAgainst(b *bytes.Buffer, all []against) {
	fmt.Fprintf(b, `
## Against rules

%[2]d objectives, one a service: 99.9 %% over 30 days with alerts by the four standard tiers, over samples scraped every 30 s.
Budgets are kept of %[2]d definitions (bad and total of each), and of one that is grouped by service. The rules are those of
%[1]ssetpoint convert --to prometheus-rules%[1]s, evaluated by the same backend (%[3]s) every %[4]s; what it spends without
rules is subtracted. With three days of samples the windows of all tiers are full; that of 30 days is not.

| CPU a minute | %[5]s |
|---|%[6]s
`, "`", all[0].objectives, all[0].backend, all[0].every, row(all, func(a against) string { return span(a.history) + " of samples" }), strings.Repeat("---|", len(all)))
	for _, line := range []struct {
		name  string
		value func(against) string
	}{
		{"rules: the backend", func(a against) string { return short(a.rules) }},
		{"definitions: the backend", func(a against) string { return short(a.single.backend) }},
		{"definitions: Setpoint, with a ledger in memory", func(a against) string { return short(a.single.ours) }},
		{"**definitions in all, of what rules cost**", func(a against) string { return fmt.Sprintf("**1/%.0f**", a.ratio(a.single)) }},
		{"groups: the backend", func(a against) string { return short(a.grouped.backend) }},
		{"groups: Setpoint", func(a against) string { return short(a.grouped.ours) }},
		{"**groups in all, of what rules cost**", func(a against) string { return fmt.Sprintf("**1/%.0f**", a.ratio(a.grouped)) }},
		{"load", func(a against) string { return a.load }},
	} {
		fmt.Fprintf(b, "| %s | %s |\n", line.name, row(all, line.value))
	}
	b.WriteString("\nSeries added to the backend: none. The aim is 1/400.\n")
}

func short(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }

func row(all []against, value func(against) string) string {
	var cells []string
	for _, a := range all {
		cells = append(cells, value(a))
	}
	return strings.Join(cells, " | ")
}

func span(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprint(int(d/(24*time.Hour)), " days")
	}
	return fmt.Sprint(int(d/time.Hour), " h")
}

func writeLoads(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	b.WriteString(`
## Many objectives, long windows

Ticks of the loop in a process that does nothing else, with slices of a minute and alerts by the standard tiers: reading the
answers, counting, budgets, alerts and the ledger's client. The backend that invents the samples and the ledger's PostgreSQL are
other processes. Half a day of slices is on record, so that the memory for them is full. Memory is the most after a tick.

| objectives | window | CPU a tick | for each | PostgreSQL | resident memory | load |
|---|---|---|---|---|---|---|
`)
	line := func(n int, window time.Duration) {
		load := loadAverage()
		got := alone(t, n, window)
		fmt.Fprintf(b, "| %d | %s | %s | %s | %s | %.0f MB | %s |\n", n, span(window), got.cpu.Round(time.Millisecond), (got.cpu / time.Duration(n)).Round(100*time.Nanosecond),
			got.ledger.Round(time.Millisecond), got.memory, load)
	}
	for _, n := range []int{1000, 5000, 20000, 100000} {
		line(n, 30*24*time.Hour)
	}
	for _, window := range []time.Duration{time.Hour, 24 * time.Hour, 365 * 24 * time.Hour} {
		line(5000, window)
	}
	b.WriteString("\nThe aim is 0.2 s and 500 MB for 20,000, 1 s and 2 GB for 100,000; linear in the objectives and flat in the window.\n")
}

// writeRestart measures BenchmarkRestart of package ledger.
func writeRestart(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	const n = 20000
	load := loadAverage()
	command := exec.CommandContext(t.Context(), "go", "test", "-run", "-", "-bench", "Restart", "-benchtime", "1x", "-timeout", "30m", "../../ledger", fmt.Sprint("-restart=", n), "-sparse")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("measure a restart: %v\n%s", err, out)
	}
	fields := strings.Fields(string(out))
	at := slices.Index(fields, "s/restart")
	if at < 1 {
		t.Fatalf("measure a restart: %s", out)
	}
	fmt.Fprintf(b, `
## Restart

From opening the ledger to the end of the first tick, %d objectives with 30 days of slices of a minute on record: **%s s** (load
%s). It reads sums of days, and the slices of the hours at the ends of windows; slices of days of which only the sums are read were
left out of the database. With all of them a day of an objective takes 9.8 kB.

The aim is 10 s.
`, n, fields[at-1], load)
}

// writeTiers tells when alerts come and go, by the closed form that
// TestBookDetectsAndResetsOnTime of package budget holds books to.
func writeTiers(b *bytes.Buffer) {
	b.WriteString(`
## Detection and reset

A constant share of bad events begins after none, in steady traffic: how long until each standard tier of 99.9 % over 30 days fires,
and, after the share has ended, until the tier ends. A book of one-minute slices does so at these times, or at most a slice later: a
test of package budget plays each of them.

| bad events |`)
	target, window := slo.NewDecimal(999, 3), 30*24*time.Hour
	tiers := budget.Tiers(target, window)
	for _, tier := range tiers {
		fmt.Fprintf(b, " %sx over %s and %s |", tier.Burn, slo.Span(tier.Long), slo.Span(tier.Short))
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(tiers)) + "\n")
	for _, permille := range []int64{2, 5, 10, 20, 50, 100, 200, 500, 1000} {
		ratio := slo.NewDecimal(permille, 3)
		fmt.Fprintf(b, "| %g %% |", float64(permille)/10)
		for _, tier := range tiers {
			fires, ok := budget.Detection(target, tier.Burn, tier.Long, ratio)
			ends, _ := budget.Reset(target, tier.Burn, tier.Short, ratio)
			if !ok {
				b.WriteString(" never |")
				continue
			}
			fmt.Fprintf(b, " %.1f s, %.1f s |", fires.Seconds(), ends.Seconds())
		}
		b.WriteString("\n")
	}
}

// alone measures a load in a process of its own.
func alone(t *testing.T, n int, window time.Duration) (got load) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=TestLoad$", "-test.v", fmt.Sprint("-load=", n), fmt.Sprint("-window=", window))
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

// loadAverage is how many threads wanted a processor in the last minute, of
// how many there are.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return fmt.Sprintf("%s on %d", first, runtime.NumCPU())
}
