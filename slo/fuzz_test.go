package slo_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"setpoint.dev/setpoint/slo"
)

func FuzzLoad(f *testing.F) {
	seedAll(f, "testdata/good/*.yaml")
	seedAll(f, "testdata/bad/*.txtar")
	f.Add([]byte("a: &x {b: *x}\n---\n? [\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files := []slo.File{{Name: "f.yaml", Data: data}}
		set, problems := slo.Load(files, env)
		if (set == nil) != (problems.Err() != nil) {
			t.Fatalf("set %v with problems %v", set, problems)
		}
		shown := problems.Error()
		for _, p := range problems {
			if p.Line < 1 || p.Col < 1 || p.File != "f.yaml" || p.Message == "" {
				t.Fatalf("problem without a place: %#v", p)
			}
			shown += p.Render(data)
		}
		if strings.Contains(shown, secret) && !strings.Contains(string(data), secret) {
			t.Fatalf("a secret of the environment is shown: %s", shown)
		}
		lenient, _ := slo.LoadLenient(files, env)
		if lenient != nil {
			sound(t, lenient)
		}
		if set != nil {
			sound(t, set)
			if diff := cmp.Diff(set, lenient, same()); diff != "" {
				t.Fatalf("a lenient reader reads good definitions otherwise (-strict +lenient):\n%s", diff)
			}
			again, _ := slo.Load(files, env)
			if diff := cmp.Diff(set, again, same()); diff != "" {
				t.Fatalf("read twice (-first +second):\n%s", diff)
			}
		}
		lean(t)
	})
}

// seedAll adds the files that a pattern names.
func seedAll(f *testing.F, pattern string) {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		f.Fatalf("no %s: %v", pattern, err)
	}
	for _, name := range names {
		seed(f, name)
	}
}

// seed adds the files of one archive, or one file.
func seed(f *testing.F, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		f.Fatal(err)
	}
	if len(archive.Files) == 0 {
		f.Add(archive.Comment)
	}
	for _, file := range archive.Files {
		f.Add(file.Data)
	}
}

func soundIndicator(i slo.Indicator) bool {
	if i.Kind == slo.Counters {
		terms, err := slo.Selectors(i.Total)
		return err == nil && len(terms) > 0 && (i.Good == "") != (i.Bad == "") && i.Query == ""
	}
	_, err := slo.Samples(i.Query)
	return err == nil && i.Total+i.Good+i.Bad == "" && (i.Kind == slo.Threshold || i.Kind == slo.Native) == (i.Op.Sign() != "")
}

// twoGroups are two groups of each objective that is grouped, with hard names.
func twoGroups(set *slo.Set) map[string][]slo.Group {
	out := map[string][]slo.Group{}
	for _, g := range set.Groupings {
		for _, value := range []string{"", "a\"b\n/ä"} {
			group := make(slo.Group, len(g.By))
			group[0] = value
			out[g.Objective] = append(out[g.Objective], group)
		}
	}
	return out
}

func soundComposite(c slo.Composite, names map[string]bool) bool {
	for _, part := range c.Components {
		if !names["objective "+part.Objective] || part.Weight.Sign() <= 0 {
			return false
		}
	}
	return len(c.Components) > 0 && c.Aggregate != ""
}

// sound checks what everybody relies on about a set.
func sound(t *testing.T, set *slo.Set) {
	t.Helper()
	names := map[string]bool{}
	for _, s := range set.Services {
		names["service "+s.Name] = true
	}
	for _, s := range set.Sources {
		names["source "+s.Name] = true
	}
	for _, o := range set.Objectives {
		names["objective "+o.Name] = true
	}
	for _, g := range set.Groupings {
		if names["made of groups "+g.Objective] = true; !names["objective "+g.Objective] || !soundIndicator(g.Each.Indicator) || len(g.By) == 0 || g.Limit < 1 {
			t.Fatalf("unsound grouping %+v", g)
		}
	}
	for _, o := range set.WithGroups(twoGroups(set)).Objectives {
		if o.Of != "" && !soundIndicator(o.Indicator) {
			t.Fatalf("unsound objective of a group %+v", o)
		}
	}
	for _, o := range set.Objectives {
		made := o.Composite != nil && names["made of groups "+o.Name] || o.Composite != nil && soundComposite(*o.Composite, names)
		if !names["service "+o.Service] || !made && (o.Composite != nil || !names["source "+o.Indicator.Source] || !soundIndicator(o.Indicator)) {
			t.Fatalf("unsound objective %+v", o)
		}
		if o.Target.Sign() < 0 || o.Budget().Sign() < 0 || o.Slice <= 0 || o.Window.Length < o.Slice || o.Window.Length%o.Slice != 0 {
			t.Fatalf("impossible objective %+v", o)
		}
		at := time.Unix(1_780_000_000, 0)
		if from, to := o.Window.Period(at); from.After(at) || to.Before(at) || o.Window.Calendar() && from.Unix()%int64(o.Slice/time.Second) != 0 {
			t.Fatalf("period %s to %s of %+v", from, to, o)
		}
	}
	for _, a := range set.Actuators {
		names["actuator "+a.Name] = true
		if a.Rest == a.Tight || a.Kind == slo.PGQueryTimeout && (a.Tight <= 0 || a.Query.Workers < 1 || a.Query.Low > a.Query.High) {
			t.Fatalf("unsound actuator %+v", a)
		}
	}
	for _, l := range set.Loops {
		if !names["actuator "+l.Actuator] || len(l.Rules) == 0 || l.Mode == "" {
			t.Fatalf("unsound loop %+v", l)
		}
		for _, r := range l.Rules {
			if !names["objective "+r.Objective] && r.Law != slo.Schedules || r.Law == "" || (len(r.Tiers) > 0) != (r.Law == slo.Tiers) {
				t.Fatalf("unsound rule %+v", r)
			}
		}
	}
}
