package web

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
)

// A healthView is the page about Setpoint itself.
type healthView struct {
	Words       string
	Definitions definitionsView
	Loop        []item
	Wrong       []string // in the newest tick
	Known       bool     // the parts below are known
	Backends    []backendRow
	Ledger      []item
	LedgerBad   string
	Chains      []item
	Instances   []instanceRow
	Standbys    []standbyRow
	Told        []toldRow
	Started     []item
}

// An item is something with its name.
type item struct{ Name, Value string }

// A definitionsView is what is in force, and how reading went.
type definitionsView struct {
	State    badge
	Words    string
	Problems []string
	Counts   []item
}

type backendRow struct {
	Name, Host, Kind string
	State            badge
	Words            string
	Objectives       int
	Newest           string // data of its objectives, at worst
	Asked            string
}

type instanceRow struct{ From, Since string }

type standbyRow struct{ Name, State, Sync, Lag string }

type toldRow struct {
	Target, Way string
	State       badge
	Words       string
}

func (s *Server) healthView(ctx context.Context, l look) healthView {
	v := healthView{Definitions: s.definitionsView(l), Loop: loopFacts(l)}
	for _, err := range l.report.Errs {
		v.Wrong = append(v.Wrong, redact(err.Error()))
	}
	for _, d := range s.deliveries() {
		v.Told = append(v.Told, toldRowOf(l, d))
	}
	h := s.health(ctx)
	if v.Known = h != nil; v.Known {
		v.parts(l, *h, s.cfg.Version)
	}
	v.Words = v.words(l)
	return v
}

// parts fills in what the instance tells of its parts.
func (v *healthView) parts(l look, h Health, version string) {
	for _, b := range h.Backends {
		v.Backends = append(v.Backends, backendRowOf(l, b))
	}
	v.Started = append(v.Started, item{"version", cmp.Or(version, "not known")})
	if !h.Began.IsZero() {
		v.Started = append(v.Started, item{"runs since", clock(h.Began, l.now) + ", " + about(l.now.Sub(h.Began))})
	}
	for _, o := range h.Options {
		v.Started = append(v.Started, item(o))
	}
	v.ledger(l, h)
}

func (v *healthView) ledger(l look, h Health) {
	p := h.Ledger
	v.LedgerBad = redact(p.Error)
	if p.Error == "" {
		v.Ledger = []item{{"answers in", millis(p.Took)}, {"PostgreSQL", p.Server}, {"takes writes", yes(!p.Standby)}, {"size", sizeWords(p.Size)}, {"migrations", fmt.Sprint(p.Schema)}}
		if p.Holder != "" {
			v.Ledger = append(v.Ledger, item{"newest leader", p.Holder + " since " + clock(p.Since, l.now)})
		}
	}
	spool := "empty: all answers of the gate are in the database"
	if h.Spooled {
		spool = "answers of the gate wait on this machine's disk"
	}
	v.Ledger = append(v.Ledger, item{"spool", spool}, item{"checkpoints", checkpointWords(l, h.Checkpoint)})
	for _, c := range p.Chains {
		v.Chains = append(v.Chains, item{c.Name, count(float64(c.Rows))})
	}
	for _, i := range p.Instances {
		v.Instances = append(v.Instances, instanceRow{cmp.Or(i.From, "this machine"), clock(i.Since, l.now)})
	}
	for _, s := range p.Standbys {
		v.Standbys = append(v.Standbys, standbyRow{cmp.Or(s.Name, "not told"), cmp.Or(s.State, "not told"), cmp.Or(s.Sync, "not told"), millis(s.Lag)})
	}
}

func checkpointWords(l look, c *Checkpoint) string {
	switch {
	case c == nil:
		return "none are kept: serve --checkpoints keeps them"
	case c.Error != "":
		return "cannot be written to " + c.File + ": " + redact(c.Error)
	case c.At.IsZero():
		return "none yet in " + c.File
	}
	return "newest " + clock(c.At, l.now) + " in " + c.File
}

// words say how it does in all.
func (v healthView) words(l look) string {
	var bad []string
	if n := len(v.Definitions.Problems); n > 0 {
		bad = append(bad, "the definitions read last are refused")
	}
	failing := 0
	for _, b := range v.Backends {
		failing += int(bit(b.State.Style == styleBad))
	}
	if failing > 0 {
		bad = append(bad, plural(failing, "backend does", "backends do")+" not answer")
	}
	if v.LedgerBad != "" || l.report.LedgerErr != nil {
		bad = append(bad, "the ledger cannot be reached")
	}
	if len(v.Wrong) > 0 {
		bad = append(bad, plural(len(v.Wrong), "thing", "things")+" went wrong in the newest tick")
	}
	switch {
	case !l.ticked():
		return "Setpoint is starting."
	case l.stale:
		bad = append(bad, "the loop has not looked for "+about(l.age))
	case len(bad) == 0:
		return "Setpoint does well."
	}
	words := list(bad) + "."
	return strings.ToUpper(words[:1]) + words[1:]
}

// Styles of badges that say whether something does well.
const (
	styleGood = "ok"
	styleBad  = "exhausted"
	styleNone = "no-data"
)

func (s *Server) definitionsView(l look) definitionsView {
	d := s.readDefinitions()
	v := definitionsView{State: badge{styleGood, "in force"}, Words: "What was read last is in force"}
	if !d.Since.IsZero() {
		v.Words += ", since " + clock(d.Since, l.now)
	}
	if !d.OK {
		v.State = badge{styleBad, "refused"}
		v.Words = fmt.Sprintf("What was read last, at %s, is refused. What was read at %s stays in force", clock(d.Tried, l.now), clock(d.Since, l.now))
	}
	for _, p := range d.Problems {
		v.Problems = append(v.Problems, redact(p))
	}
	set := l.set
	for _, c := range []struct {
		name string
		n    int
	}{
		{"files", d.Files}, {"sources", len(set.Sources)}, {"services", len(set.Services)}, {"objectives", len(set.Objectives)}, {"actuators", len(set.Actuators)}, {"control loops", len(set.Loops)},
		{"release policies", len(set.Policies)}, {"calendars", len(set.Calendars)}, {"reports that are sent", len(set.Reports)},
	} {
		if c.n > 0 {
			v.Counts = append(v.Counts, item{c.name, count(float64(c.n))})
		}
	}
	return v
}

func loopFacts(l look) []item {
	r := l.report
	if !l.ticked() {
		return []item{{"newest tick", "none yet"}}
	}
	leads := "another instance"
	if r.Leader {
		leads = "this instance"
	}
	return []item{
		{"newest tick", clock(r.At, l.now) + ", " + about(l.age) + " ago"}, {"took", millis(r.Took)}, {"left out", plural(r.Missed, "tick", "ticks")},
		{"leads", leads}, {"term", fmt.Sprintf("epoch %d of timeline %d", r.Epoch, max(r.Timeline, 1))}, {"orders in force", fmt.Sprint(len(r.Orders))}, {"decides about", plural(len(l.set.Loops), "actuator", "actuators")},
	}
}

func backendRowOf(l look, b Backend) backendRow {
	row := backendRow{Name: b.Name, Host: b.Host, Kind: cmp.Or(b.Kind, "Prometheus API"), State: badge{styleGood, "answers"}, Asked: count(float64(b.Asked))}
	switch {
	case !b.Failing.IsZero():
		row.State, row.Words = badge{styleBad, "fails"}, "since "+clock(b.Failing, l.now)+": "+redact(b.Error)
		if b.Until.After(l.now) {
			row.Words += "; left alone until " + clock(b.Until, l.now)
		}
	case b.Answered.IsZero():
		row.State = badge{styleNone, "not asked yet"}
	default:
		row.Words = "last " + clock(b.Answered, l.now)
	}
	if b.Missed > 0 {
		row.Asked += ", " + count(float64(b.Missed)) + " failed"
	}
	row.Objectives, row.Newest = lagOf(l, b.Name)
	return row
}

// lagOf is how many objectives a source counts for, and how old the data of
// the one is that has the oldest.
func lagOf(l look, source string) (n int, words string) {
	var oldest time.Time
	blind := 0
	for _, o := range l.set.Objectives {
		if o.Composite != nil || o.Indicator.Source != source {
			continue
		}
		n++
		switch st, _ := l.state(o.Name); {
		case st.Newest.IsZero():
			blind++
		case oldest.IsZero() || st.Newest.Before(oldest):
			oldest = st.Newest
		}
	}
	if words = "not known"; !oldest.IsZero() {
		words = about(l.now.Sub(oldest)) + " old at most"
	}
	if blind > 0 {
		words += fmt.Sprintf(", %d without any", blind)
	}
	return n, words
}

func toldRowOf(l look, d Delivery) toldRow {
	row := toldRow{Target: d.Target, Way: d.Way, State: badge{styleGood, "takes them"}, Words: fmt.Sprintf("%d sent, %d waiting, %d given up", d.Sent, d.Waiting, d.Lost)}
	if !d.Failing.IsZero() {
		row.State = badge{styleBad, "fails"}
		row.Words += "; since " + clock(d.Failing, l.now) + ": " + redact(d.Error)
	}
	return row
}

// millis is a short time.
func millis(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
	}
	return about(d)
}

// sizeWords is a size in bytes, in the unit that leaves up to four digits.
func sizeWords(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for v >= 9999.5 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	return count(v) + " " + units[i]
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
