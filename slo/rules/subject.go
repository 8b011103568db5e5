package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"setpoint.dev/setpoint/slo"
)

// A subject is what rules are written for: an objective, or what the
// objectives of all groups of one have in common.
type subject struct {
	slo.Objective
	by     []string          // labels that tell groups apart; none for an objective of its own
	labels map[string]string // of all of its rules
	scrape time.Duration     // how far samples of its data source are apart

	parts   []subject     // of a composite, in the order of its components; of one of groups, what they have in common
	members *slo.Grouping // of an objective of groups
}

// assumedScrape is how far samples are apart where that is not declared.
const assumedScrape = 30 * time.Second

// A cast is the subjects of a set, as they are found.
type cast struct {
	set      *slo.Set
	known    map[string]*subject // nil where it was left out
	subjects []subject           // components before their composites, groups before all of them
	problems slo.Problems
}

func subjectsOf(set *slo.Set) ([]subject, slo.Problems) {
	c := cast{set: set, known: map[string]*subject{}}
	for _, o := range set.Objectives {
		c.add(o)
	}
	return c.subjects, c.problems
}

// add adds an objective and what it is made of; nil when it is left out.
func (c *cast) add(o slo.Objective) *subject {
	if s, done := c.known[o.Name]; done {
		return s
	}
	c.known[o.Name] = nil
	s := &subject{Objective: o, scrape: c.scrape(o)}
	at := slices.IndexFunc(c.set.Groupings, func(g slo.Grouping) bool { return g.Objective == o.Name })
	fits := at < 0 && c.components(s) || at >= 0 && c.groups(s, &c.set.Groupings[at])
	if !fits {
		return nil
	}
	c.label(s)
	c.known[o.Name] = s
	c.subjects = append(c.subjects, *s)
	return s
}

// components adds what a composite is made of; it is left out with any of them.
func (c *cast) components(s *subject) bool {
	if s.Composite == nil {
		return true
	}
	for _, part := range s.Composite.Components {
		at := slices.IndexFunc(c.set.Objectives, func(o slo.Objective) bool { return o.Name == part.Objective })
		var p *subject
		if at >= 0 {
			p = c.add(c.set.Objectives[at])
		}
		if p == nil {
			c.leave(s.Objective, fmt.Sprintf("the objective %s is left out, because its component %s is", s.Name, part.Objective))
			return false
		}
		s.parts = append(s.parts, *p)
	}
	return true
}

// groups adds what the groups of an objective have in common. Alerts are
// theirs: what is true of one region is not told twice.
func (c *cast) groups(s *subject, g *slo.Grouping) bool {
	each := subject{Objective: g.Each, by: g.By, scrape: c.scrape(g.Each)}
	each.Name, each.Alerts, each.Silent, each.Position = s.Name, s.Alerts, s.Silent, s.Position
	if why := each.inseparable(); why != "" {
		what := "the groups of " + s.Name + " are"
		if s.Composite != nil {
			what = "the objective " + s.Name + " is, with its groups,"
		}
		c.leave(s.Objective, what+" left out: "+why)
		return s.Composite == nil
	}
	c.label(&each)
	c.subjects = append(c.subjects, each)
	s.parts, s.members, s.Alerts, s.Silent = []subject{each}, g, nil, true
	return true
}

// inseparable is why rules cannot tell groups apart.
func (s subject) inseparable() string {
	for _, name := range s.by {
		if slices.Contains([]string{"slo", "of", "component"}, name) {
			return "rules have the label " + name + " for themselves"
		}
	}
	for _, q := range []string{s.Indicator.Query, s.Indicator.Started} {
		if q == "" || s.Indicator.Kind == slo.Native {
			continue
		}
		if selector, err := slo.Samples(q); selector == "" || err != nil {
			return "rules tell the series of a selector apart, not what becomes of them in " + q
		}
	}
	return ""
}

func (c *cast) scrape(o slo.Objective) time.Duration {
	for _, src := range c.set.Sources {
		if src.Name == o.Indicator.Source && src.Scrape > 0 {
			return src.Scrape
		}
	}
	return assumedScrape
}

func (c *cast) leave(o slo.Objective, message string) {
	c.problems = append(c.problems, left(o.Position, message))
}

// label gives a subject its labels, as far as Prometheus has such. Groups have
// those that tell them apart from their series, and their names from those.
func (c *cast) label(s *subject) {
	s.labels = map[string]string{"slo": s.Name, "service": s.Service}
	if len(s.by) > 0 {
		s.labels = map[string]string{"of": s.Name, "service": s.Service}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		if reserved(name) {
			if s.members == nil { // it was said of the groups
				c.leave(s.Objective, fmt.Sprintf("the label %s of %s is left out: rules have it for themselves, or Prometheus has no such names", name, s.Name))
			}
			continue
		}
		s.labels[name] = s.Labels[name]
	}
	for _, name := range s.by {
		delete(s.labels, name)
	}
}

// reserved reports whether rules cannot have a label of this name.
func reserved(name string) bool {
	own := []string{"slo", "of", "service", "severity", "long", "short", "policy", "condition", "component"}
	return slices.Contains(own, name) || !model.LegacyValidation.IsValidLabelName(name) || strings.HasPrefix(name, "__")
}

// own selects what is recorded of a subject.
func (s subject) own() string {
	if len(s.by) > 0 {
		return fmt.Sprintf("{of=%q}", s.Name)
	}
	return fmt.Sprintf("{slo=%q}", s.Name)
}

// on matches what is told apart as the series of a subject are.
func (s subject) on() string { return "on(" + strings.Join(s.by, ", ") + ")" }

// all aggregates series to one, or to one for each group.
func (s subject) all(how, expr string) string {
	if len(s.by) == 0 {
		return fmt.Sprintf("%s(%s)", how, expr)
	}
	return fmt.Sprintf("%s by (%s) (%s)", how, strings.Join(s.by, ", "), expr)
}

// record records an expression, by the names of groups where there are any.
func (s subject) record(name, expr string) rule {
	if len(s.by) > 0 {
		expr = s.named(expr, "slo")
	}
	return rule{Record: name, Expr: expr, Labels: s.labels}
}

// named gives each of some series the name of its group, as a label:
// checkout/region=eu.
func (s subject) named(expr, label string) string {
	const between = `\x1f`
	var from, to, quoted []string
	for i, by := range s.by {
		quoted = append(quoted, fmt.Sprintf("%q", by))
		from, to = append(from, "(.*)"), append(to, fmt.Sprintf("%s=${%d}", by, i+1))
	}
	return fmt.Sprintf(`label_replace(label_join(%s, %q, "%s", %s), %[2]q, %[5]q, %[2]q, "%[6]s")`,
		expr, label, between, strings.Join(quoted, ", "), s.Name+"/"+strings.Join(to, ","), strings.Join(from, between))
}
