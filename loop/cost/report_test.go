package cost_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// A part of docs/benchmarks.md is made here; all else there is written by hand.
// Loads are measured in processes of their own, so that one's memory is not in
// the figure of another.
type part struct {
	name string
	made func(*testing.T) string
}

func parts() []part {
	return []part{{"machine", aboutMachine}, {"objectives", ofObjectives}, {"windows", ofWindows}, {"restart", ofRestart}, {"tiers", ofTiers}}
}

// Each part has its place on the page. With -full and -update they are measured
// and written, or those that -parts matches.
func TestReport(t *testing.T) {
	page := readPage(t)
	for _, p := range parts() {
		made := "never\n"
		if *full && *update && regexp.MustCompile(*some).MatchString(p.name) {
			made = p.made(t)
			writePart(t, p.name, made)
		}
		if _, err := put(page, p.name, made); err != nil {
			t.Error(err)
		}
	}
	if tiers, err := put(page, "tiers", ofTiers(t)); err != nil || tiers != page {
		t.Errorf("the times of detection on the page are not those of now (%v); run this with -full -update -parts tiers", err)
	}
}

func aboutMachine(*testing.T) string {
	return fmt.Sprintf("Measured on %s, %s.\n", machine(), runtime.Version())
}

// againstRules is a table of comparisons.
func againstRules(all []against) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %d objectives on %s, CPU a minute | %s |\n|---|%s\n", all[0].objectives, all[0].backend,
		row(all, func(a against) string { return span(a.history) + " of samples" }), strings.Repeat("---|", len(all)))
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
		fmt.Fprintf(&b, "| %s | %s |\n", line.name, row(all, line.value))
	}
	return b.String()
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

const month30 = 30 * 24 * time.Hour

// ofObjectives is ticks of more and more objectives.
func ofObjectives(t *testing.T) string {
	text := heading
	for _, n := range []int{1000, 5000, 20000, 100000} {
		text += line(t, n, month30)
	}
	return text
}

// ofWindows is ticks of objectives of longer and longer windows.
func ofWindows(t *testing.T) string {
	text := heading
	for _, window := range []time.Duration{time.Hour, 24 * time.Hour, month30, 90 * 24 * time.Hour, 365 * 24 * time.Hour} {
		text += line(t, 2000, window)
	}
	return text
}

const heading = "| objectives | window | CPU a tick | for each | PostgreSQL | resident memory | load |\n|---|---|---|---|---|---|---|\n"

func line(t *testing.T, n int, window time.Duration) string {
	load := loadAverage()
	got := alone(t, n, window)
	return fmt.Sprintf("| %d | %s | %s | %s | %s | %.0f MB | %s |\n", n, span(window), got.cpu.Round(time.Millisecond), (got.cpu / time.Duration(n)).Round(100*time.Nanosecond),
		got.ledger.Round(time.Millisecond), got.memory, load)
}

// ofRestart measures BenchmarkRestart of package ledger.
func ofRestart(t *testing.T) string {
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
	return fmt.Sprintf("%d objectives: **%s s** (load %s). Slices of days of which only the sums are read were left out of the database.\n", n, fields[at-1], load)
}

// ofTiers tells when alerts come and go, by the closed form that
// TestBookDetectsAndResetsOnTime of package budget holds books to.
func ofTiers(*testing.T) string {
	var b strings.Builder
	b.WriteString("| bad events |")
	target, window := slo.NewDecimal(999, 3), month30
	tiers := budget.Tiers(target, window)
	for _, tier := range tiers {
		fmt.Fprintf(&b, " %sx over %s and %s |", tier.Burn, slo.Span(tier.Long), slo.Span(tier.Short))
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(tiers)) + "\n")
	for _, permille := range []int64{2, 5, 10, 20, 50, 100, 200, 500, 1000} {
		ratio := slo.NewDecimal(permille, 3)
		fmt.Fprintf(&b, "| %g %% |", float64(permille)/10)
		for _, tier := range tiers {
			fires, ok := budget.Detection(target, tier.Burn, tier.Long, ratio)
			ends, _ := budget.Reset(target, tier.Burn, tier.Short, ratio)
			if !ok {
				b.WriteString(" never |")
				continue
			}
			fmt.Fprintf(&b, " %.1f s, %.1f s |", fires.Seconds(), ends.Seconds())
		}
		b.WriteString("\n")
	}
	return b.String()
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
