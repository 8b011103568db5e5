package web_test

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// lineages keeps versions as the ledger does.
type lineages map[string][]loop.Version

func (l lineages) revise(_ context.Context, all []loop.Version) error {
	for _, v := range all {
		if old := l[v.Objective]; len(old) == 0 || old[len(old)-1].Hash != v.Hash {
			l[v.Objective] = append(old, v)
		}
	}
	return nil
}

func (l lineages) versions(_ context.Context, name string) ([]loop.Version, error) {
	return l[name], nil
}

// A question about the past is answered by the policies that were in force
// then, and the page says which: also when there is none any more, and when
// they are not on record.
func TestPoliciesOfThen(t *testing.T) {
	w, _ := incident(10 * time.Minute)
	now, kept := w.report.At, lineages{}
	cfg := w.config()
	cfg.Slices = counted(func(time.Time) int { return 0 })
	cfg.Revise, cfg.Versions = kept.revise, kept.versions
	report := cfg.Report
	leader := false
	cfg.Report = func() loop.Report {
		r := report()
		r.Leader = leader
		return r
	}
	s := web.New(cfg)
	record := func(policies []slo.ReleasePolicy, ago time.Duration) {
		set := *w.set
		set.Policies = policies
		w.set = &set
		cfg.Set = func() *slo.Set { return &set }
		s = web.New(cfg)
		for range 2 {
			must(t, s.RecordPolicies(t.Context(), now.Add(-ago)))
		}
	}
	strict, _ := slo.ParseDecimal("0.99999")
	first := w.set.Policies
	record(first, 30*time.Minute)
	if len(kept) > 0 {
		t.Fatalf("one that does not lead records %v", kept)
	}
	leader = true
	record(first, 30*time.Minute)
	second := []slo.ReleasePolicy{{Name: "much stricter", Service: "checkout", Version: "2", MinRemaining: strict, HasMin: true, OnNoData: slo.Hold, Objectives: []string{"checkout-availability", "gone"}, MaxSize: []slo.SizeLimit{{Size: 10, Always: true}}}}
	record(second, 20*time.Minute)
	record(nil, 10*time.Minute)
	record(nil, 5*time.Minute)
	if n := len(kept["ReleasePolicies/checkout"]); n != 3 {
		t.Fatalf("%d versions", n)
	}
	for name, c := range map[string]struct { // the page puts the day before a time that is not today
		ago  time.Duration
		says []string
	}{
		"before": {40 * time.Minute, []string{"policy default", "by the release policy of now: that of then is not on record, which begins at"}},
		"first":  {25 * time.Minute, []string{"policy checkout-releases", "by the release policies of then, in force since ", now.Add(-30 * time.Minute).UTC().Format("15:04:05")}},
		"second": {15 * time.Minute, []string{"policy much stricter", "the policy allows 10", "the objective gone, which is not declared any more", "in force since ", now.Add(-20 * time.Minute).UTC().Format("15:04:05")}},
		"none":   {2 * time.Minute, []string{"policy default", "by the release policies of then, in force since ", now.Add(-10 * time.Minute).UTC().Format("15:04:05")}},
	} {
		body := get(t, s.Handler(), "/gate?service=checkout&size=20&at="+url.QueryEscape(now.Add(-c.ago).UTC().Format(time.RFC3339))).body
		_, card, _ := strings.Cut(body, `id="h-answer"`)
		card, _, _ = strings.Cut(card, `id="h-given"`)
		for _, says := range c.says {
			if !strings.Contains(card, says) {
				t.Errorf("%s: it does not say %q:\n%s", name, says, card)
			}
		}
	}
	if a := get(t, s.Handler(), "/v1/objectives/ReleasePolicies%2Fcheckout/versions"); a.code != 404 {
		t.Errorf("policies are taken for an objective: status %d", a.code)
	}
}

// Nothing of a policy is lost on its way to the record and back.
func TestPoliciesComeBack(t *testing.T) {
	for _, name := range []string{"policy", "release", "freezes"} {
		text, err := os.ReadFile("../slo/testdata/good/" + name + ".yaml")
		must(t, err)
		set, problems := slo.Load([]slo.File{{Name: name, Data: text}}, func(string) (string, bool) { return "http://x:1", true })
		if set == nil || name != "freezes" && len(set.Policies) == 0 {
			t.Fatal(problems)
		}
		was, err := json.Marshal(set.Policies)
		must(t, err)
		var back []slo.ReleasePolicy
		must(t, json.Unmarshal(was, &back))
		is, err := json.Marshal(back)
		must(t, err)
		if diff := cmp.Diff(string(was), string(is)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for i, p := range set.Policies {
			for j, r := range p.Rules {
				if !reflect.DeepEqual(back[i].Rules[j].When, r.When) {
					t.Errorf("%s: rule %d of %s comes back as %+v, was %+v", name, j, p.Name, back[i].Rules[j].When, r.When)
				}
			}
			for j, c := range p.DenyDuring {
				at := time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC)
				if back[i].DenyDuring[j].Covers(at, at.Add(time.Minute)) != c.Covers(at, at.Add(time.Minute)) {
					t.Errorf("%s: calendar %s covers other times", name, c.Name)
				}
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
