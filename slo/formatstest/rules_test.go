package formatstest_test

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	prules "github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/tsdb"

	"go.yaml.in/yaml/v4"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// TestRulesCount evaluates exported rules of all forms with Prometheus' own rule
// groups, over what a shop shows, and compares what they come to with what
// Setpoint itself counts in the same samples.
func TestRulesCount(t *testing.T) {
	data := openShop()
	set := forms(t)
	p := newPrometheus(t, data, "../rules/testdata/forms-rules.yaml")
	p.run(opened, opened.Add(openFor+12*time.Minute))
	p.inhibits(t)
	states := count(t, set.WithGroups(groupsIn(set)), data)
	for _, o := range set.WithGroups(groupsIn(set)).Objectives {
		s := states[o.Name]
		t.Run(o.Name, func(t *testing.T) {
			p.compare(t, o, "setpoint:budget_remaining:ratio", s.Budget, 1/o.Budget().Float())
			for _, w := range s.Windows {
				if name := "setpoint:bad:ratio_rate" + slo.Span(w.Length); w.Good+w.Bad > 0 && p.asked[name][keyOf(o)] != "" {
					p.compare(t, o, name, w, 1)
				}
			}
		})
	}
}

func forms(t *testing.T) *slo.Set {
	t.Helper()
	text, err := os.ReadFile("../rules/testdata/forms.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, problems := slo.Load([]slo.File{{Name: "forms.yaml", Data: text}}, nil)
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

// groupsIn are the groups that a shop has.
func groupsIn(set *slo.Set) map[string][]slo.Group {
	found := map[string][]slo.Group{}
	for _, g := range set.Groupings {
		switch {
		case len(g.By) == 2:
			found[g.Objective] = []slo.Group{{"eu", "gold"}, {"us", "free"}}
		case g.By[0] == "job":
			found[g.Objective] = []slo.Group{{"a"}, {"b"}}
		default:
			found[g.Objective] = []slo.Group{{"eu"}, {"us"}}
		}
	}
	return found
}

// count is where the budgets of all objectives stand when the shop closes, as
// Setpoint counts them.
func count(t *testing.T, set *slo.Set, data *shop) map[string]budget.State {
	t.Helper()
	c := counter{set: set, data: data, parts: map[string]budget.Part{}}
	states := map[string]budget.State{}
	for _, o := range set.Objectives {
		a := budget.NewAccount(budget.Config{Objective: o, Windows: []time.Duration{30 * time.Minute, 48 * time.Minute, time.Hour, 144 * time.Minute}, At: opened.Add(-time.Hour)}, slo.Exemption{})
		end := opened.Add(openFor)
		slices := c.of(o)
		if err := a.Advance(end); err != nil {
			t.Fatal(err)
		}
		if err := a.Put(opened.Add(-time.Hour), end, slices); err != nil {
			t.Fatal(o.Name, err)
		}
		states[o.Name] = a.State()
	}
	return states
}

type counter struct {
	set   *slo.Set
	data  *shop
	parts map[string]budget.Part
}

// part is what a composite knows of an objective.
func (c counter) part(o slo.Objective) budget.Part {
	p := budget.Part{Objective: o, Slices: budget.Fold(o, slices.Clone(c.of(o)))}
	for _, s := range p.Slices {
		if s.Covered > 0 && p.Since.IsZero() {
			p.Since = s.Start
		}
	}
	return p
}

// of are the slices of an objective, or of what it is made of.
func (c counter) of(o slo.Objective) []sli.Slice {
	if o.Composite == nil {
		return c.data.slices(o)
	}
	var parts []budget.Part
	for _, component := range o.Composite.Components {
		at := slices.IndexFunc(c.set.Objectives, func(o slo.Objective) bool { return o.Name == component.Objective })
		parts = append(parts, c.part(c.set.Objectives[at]))
	}
	whole, _ := budget.Compose(o, slo.Exemption{}, parts, opened, opened.Add(openFor))
	return whole
}

// A prometheus is Prometheus' storage, engine and rule groups, without its
// clock.
type prometheus struct {
	t      *testing.T
	db     *tsdb.DB
	engine *promql.Engine
	groups []*prules.Group
	asked  map[string]map[string]string // :: name that is recorded → slo or of → expression
}

func newPrometheus(t *testing.T, data *shop, file string) *prometheus {
	t.Helper()
	options := tsdb.DefaultOptions()
	options.MinBlockDuration = (48 * time.Hour).Milliseconds()
	options.MaxBlockDuration = options.MinBlockDuration
	db, err := tsdb.Open(t.TempDir(), nil, nil, options, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p := &prometheus{t: t, db: db, asked: map[string]map[string]string{}}
	p.store(data)
	p.engine = promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50e6, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true, Parser: parser.NewParser(parser.Options{}),
	})
	manager := prules.NewManager(&prules.ManagerOptions{
		ExternalURL: &url.URL{}, QueryFunc: prules.EngineQueryFunc(p.engine, db), NotifyFunc: func(context.Context, string, ...*prules.Alert) {},
		Context: t.Context(), Appendable: db, Queryable: db, Logger: promslog.NewNopLogger(),
	})
	groups, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, file)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	p.ordered(groups, file)
	return p
}

// ordered keeps the groups in the order of their file.
func (p *prometheus) ordered(groups map[string]*prules.Group, file string) {
	for _, name := range namesOf(p.t, file) {
		for _, g := range groups {
			if g.Name() != name {
				continue
			}
			p.groups = append(p.groups, g)
			for _, r := range g.Rules() {
				if a, ok := r.(*prules.AlertingRule); ok {
					a.SetRestored(true) // nothing was there before
				}
				if p.asked[r.Name()] == nil {
					p.asked[r.Name()] = map[string]string{}
				}
				p.asked[r.Name()][r.Labels().Get("slo")+"/"+r.Labels().Get("of")] = r.Query().String()
			}
		}
	}
}

func namesOf(t *testing.T, file string) (names []string) {
	t.Helper()
	var all struct{ Groups []struct{ Name string } }
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(text, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all.Groups {
		names = append(names, g.Name)
	}
	return names
}

// store stores what a shop shows, with Prometheus' marks where a target was
// gone.
func (p *prometheus) store(data *shop) {
	app := p.db.Appender(p.t.Context())
	add := func(l labels.Labels, one point) {
		var err error
		if one.histogram != nil {
			_, err = app.AppendHistogram(0, l, one.milli, nil, one.histogram.Copy())
		} else {
			_, err = app.Append(0, l, one.milli, one.value)
		}
		if err != nil {
			p.t.Fatal(l, err)
		}
	}
	for _, s := range data.series {
		for i, one := range s.points {
			if i > 0 && one.milli-s.points[i-1].milli > scrape.Milliseconds() {
				gone := point{milli: s.points[i-1].milli + scrape.Milliseconds(), value: math.Float64frombits(value.StaleNaN)}
				if one.histogram != nil {
					gone.histogram = &histogram.FloatHistogram{Sum: gone.value}
				}
				add(s.labels, gone)
			}
			add(s.labels, one)
		}
	}
	if err := app.Commit(); err != nil {
		p.t.Fatal(err)
	}
}

// run evaluates each group in its interval, each a few seconds after others.
func (p *prometheus) run(from, to time.Time) {
	for at := from; at.Before(to); at = at.Add(time.Second) {
		for i, g := range p.groups {
			late := time.Duration(7*i) * time.Second % min(g.Interval(), time.Minute)
			if at.Sub(from)%g.Interval() == late {
				g.Eval(p.t.Context(), at)
			}
		}
	}
	for _, g := range p.groups {
		for _, r := range g.Rules() {
			if r.LastError() != nil {
				p.t.Errorf("%s %s: %v\n%s", g.Name(), r.Name(), r.LastError(), r.Query())
			}
		}
	}
}

// ask is what an expression comes to, of one objective.
func (p *prometheus) ask(expr, objective string, at time.Time) (float64, error) {
	q, err := p.engine.NewInstantQuery(p.t.Context(), p.db, nil, expr, at)
	if err != nil {
		return 0, err
	}
	defer q.Close()
	vector, err := q.Exec(p.t.Context()).Vector()
	if err != nil {
		return 0, err
	}
	for _, s := range vector {
		if name := s.Metric.Get("slo"); name == objective || name == "" && len(vector) == 1 {
			return s.F, nil
		}
	}
	return 0, fmt.Errorf("no sample of %s in %v", objective, vector)
}

// compare compares the share of bad that a rule finds with that of a window,
// in shares of 1/scale. What is left of a budget is compared by what is used.
func (p *prometheus) compare(t *testing.T, o slo.Objective, record string, w budget.Window, scale float64) {
	t.Helper()
	want := float64(w.Bad) / float64(w.Good+w.Bad) * scale
	expr, there := p.asked[record][keyOf(o)]
	if !there {
		t.Fatalf("no rule records %s", record)
	}
	at := opened.Add(openFor)
	within := 0.02 * scale // rate() extrapolates
	if o.Indicator.Kind == slo.Deadline {
		within = scale * float64(sli.Event) / float64(w.Good+w.Bad) // a run may be known on either side of the window's edge
	}
	if o.Method != slo.Occurrences {
		at, within = at.Add(lateness(o, forms(t).WithGroups(groupsIn(forms(t))))-time.Millisecond), 1e-9*scale
	}
	got, err := p.ask(expr, o.Name, at)
	if record == "setpoint:budget_remaining:ratio" {
		got = 1 - got
	}
	if err != nil || math.Abs(got-want) > within {
		t.Errorf("%s: got %v, want %v (%v)\n%s", record, got, want, err, expr)
	}
	t.Logf("%s: got %v, want %v", record, got, want)
}

// inhibits sees an alert of one region that fires, and a slower one that is
// quiet until it has ended.
func (p *prometheus) inhibits(t *testing.T) {
	for _, tt := range []struct {
		minute    int
		condition string
		want      bool
	}{{130, "fast", false}, {138, "fast", true}, {138, "slow", false}, {147, "fast", false}, {147, "slow", true}} {
		expr := fmt.Sprintf(`count(ALERTS{of="regions",policy="told",condition=%q,alertstate="firing",severity=~"page|ticket"}) by (slo)`, tt.condition)
		_, err := p.ask(expr, "regions/region=eu", opened.Add(time.Duration(tt.minute)*time.Minute))
		if got := err == nil; got != tt.want {
			t.Errorf("minute %d: %s fires: %v, want %v", tt.minute, tt.condition, got, tt.want)
		}
		if _, err := p.ask(expr, "regions/region=us", opened.Add(time.Duration(tt.minute)*time.Minute)); err == nil {
			t.Errorf("minute %d: %s fires for the other region", tt.minute, tt.condition)
		}
	}
}

// keyOf finds the rules of an objective.
func keyOf(o slo.Objective) string {
	if o.Of != "" {
		return "/" + o.Of
	}
	return o.Name + "/"
}

// lateness is within how long of their ends time slices are recorded.
func lateness(o slo.Objective, set *slo.Set) (late time.Duration) {
	if o.Method == slo.Occurrences {
		return 0
	}
	if o.Composite == nil {
		return o.Step()
	}
	for _, c := range o.Composite.Components {
		at := slices.IndexFunc(set.Objectives, func(o slo.Objective) bool { return o.Name == c.Objective })
		late = max(late, lateness(set.Objectives[at], set))
	}
	if o.Method == slo.RatioTimeslices && o.Step() == o.Slice {
		return late + o.Step()
	}
	return late + o.Slice + o.Step()
}
