package web_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// many is a server of so many objectives, ten to a service and a hundred to a
// team, of which each seventh is out of budget and each eleventh is out of sight.
func many(n int) *web.Server {
	w := newWorld()
	now := time.Now().Truncate(tick)
	set, r := &slo.Set{}, loop.Report{At: now, Leader: true, Term: loop.Term{Epoch: 1}}
	like := w.set.Objectives[0]
	for i := range n {
		o := like
		o.Name, o.Service, o.Labels = fmt.Sprintf("o%05d", i), fmt.Sprintf("service-%04d", i/10), map[string]string{"tier": fmt.Sprint(i % 3)}
		if i%10 == 0 {
			set.Services = append(set.Services, slo.Service{Name: o.Service, Labels: map[string]string{"team": fmt.Sprintf("team-%d", i/100)}})
		}
		set.Objectives = append(set.Objectives, o)
		st := stateOf(o, now, func(time.Time) float64 { return float64(i%7/6) * 0.005 })
		if st.Remaining -= float64(i) / 1e6; i%11 == 5 {
			st.Status, st.Remaining = budget.NoData, 0
		}
		r.States = append(r.States, st)
	}
	r.Set = set
	return web.New(web.Config{Set: func() *slo.Set { return set }, Report: func() loop.Report { return r }})
}

// listedNames are the objectives that a page lists, in order.
func listedNames(body string) (out []string) {
	for _, m := range regexp.MustCompile(`data-row href="/objectives/(o\d+)"`).FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestList(t *testing.T) {
	h := many(300).Handler()
	for _, c := range []struct {
		query string
		names string // the first ones
		says  []string
	}{
		{"sort=name", "o00000 o00001 o00002", []string{"1 to 50 of 300", `href="/?page=2&amp;sort=name" rel="next"`}},
		{"sort=name&page=6", "o00250 o00251", []string{"251 to 300 of 300", `rel="prev"`}},
		{"sort=name&page=7", "", []string{"No objective is like that"}},
		{"q=SERVICE-0003+o0003", "", []string{"10 of 300 objectives"}},
		{"q=team-2&sort=name", "o00200 o00201", []string{"100 of 300 objectives"}},
		{"q=nothing", "", []string{"No objective is like that", "Show all 300"}},
		{"team=team-1&sort=name", "o00100", []string{"100 of 300", `<option value="team-2">team-2 (100)`}},
		{"service=service-0004&sort=name", "o00040 o00041", []string{"10 of 300"}},
		{"label=tier%3D1&sort=name", "o00001 o00004", []string{"100 of 300", "tier=1 ×"}},
		{"status=no-data&sort=name", "o00005 o00016", []string{`class="chosen"`, "27 of 300"}},
		{"group=team&sort=name", "o00000", []string{`team-0 <span class="soft">100</span>`}},
		{"group=status", "", []string{`colspan="4">no data <span`}},
		{"sort=left", "o00293", nil},
		{"col=left&col=owner&sort=name&group=team", "o00000 o00001", []string{`<th scope="col" class="c-left">Budget left</th><th scope="col" class="c-owner">Team and labels</th></tr>`, `colspan="3">team-0`,
			`href="/?col=left&amp;col=owner&amp;group=team&amp;page=2&amp;sort=name" rel="next"`, `value="owner" checked`, `value="state"> State`, `team-0<span class="soft"><a class="tag" href="/?label=tier%3D0">tier: 0</a>`}},
		{"col=burn&col=left&col=state", "", []string{`href="/?page=2" rel="next"`, `value="events"> Events`}},
		{"col=events&col=data&q=o00001", "", []string{`events<span class="soft">`, `newest data`, `<a href="/?col=events&amp;col=data">all</a>`}},
		{"", "", []string{`>27 <span class="badge no-data">`}},
	} {
		a := get(t, h, "/?"+c.query)
		if names := strings.Join(listedNames(a.body), " "); !strings.HasPrefix(names, c.names) || a.code != 200 {
			t.Errorf("?%s: status %d, lists %.60s, want %s", c.query, a.code, names, c.names)
		}
		for _, says := range c.says {
			if !strings.Contains(a.body, says) {
				t.Errorf("?%s does not say %q", c.query, says)
			}
		}
	}
	for _, query := range []string{"sort=size", "group=size", "page=0", "page=x", "page=-1", "page=99999999999999999999", "q=%00", "col=size", "col=left&col=&col=x", strings.Repeat("col=left&", 9)} {
		if a := get(t, h, "/?"+query); a.code != 400 {
			t.Errorf("?%s: status %d", query, a.code)
		}
	}
}

// TestListWhole finds each objective once on the pages of a list, whatever
// its order.
func TestListWhole(t *testing.T) {
	h := many(120).Handler()
	for _, sort := range []string{"worst", "name", "left", "burn", "service"} {
		seen := map[string]int{}
		for page := 1; page <= 3; page++ {
			for _, name := range listedNames(get(t, h, fmt.Sprintf("/?group=team&sort=%s&page=%d", sort, page)).body) {
				seen[name]++
			}
		}
		want := map[string]int{}
		for i := range 120 {
			want[fmt.Sprintf("o%05d", i)] = 1
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("sort=%s: %s", sort, diff)
		}
	}
}

// TestSigns are badges and cards, which say that they are out of date rather
// than go on being green.
func TestSigns(t *testing.T) {
	w, s := incident(time.Minute)
	h := s.Handler()
	badge := get(t, h, "/badges/services/checkout")
	if badge.code != 200 || badge.header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(badge.body, "checkout: releases denied") {
		t.Errorf("badge: status %d: %s", badge.code, badge.body)
	}
	card := get(t, h, "/cards/objectives/checkout-latency")
	if csp := card.header.Get("Content-Security-Policy"); card.code != 200 || !strings.Contains(csp, "frame-ancestors *") || !strings.Contains(csp, "form-action 'none'") || strings.Contains(card.body, "<form") {
		t.Errorf("card: status %d, policy %q", card.code, csp)
	}
	w.report.At = w.report.At.Add(-time.Hour)
	if old := get(t, h, "/badges/objectives/checkout-latency").body; !strings.Contains(old, "out of date") || strings.Contains(old, "#17734a") {
		t.Errorf("a badge of an hour ago: %s", old)
	}
	for _, path := range []string{"/badges/objectives/nope", "/badges/teams/checkout", "/cards/services/nope", "/services/nope"} {
		if a := get(t, h, path); a.code != 404 {
			t.Errorf("%s: status %d", path, a.code)
		}
	}
}

func BenchmarkOverview(b *testing.B) {
	for _, n := range []int{1000, 20000} {
		h := many(n).Handler()
		for _, query := range []string{"", "q=service-0017", "group=team&sort=left&page=3"} {
			b.Run(fmt.Sprintf("%d/%s", n, query), func(b *testing.B) {
				for b.Loop() {
					if a := serve(h, newRequestFor("/?"+query)); a.code != 200 {
						b.Fatal(a.code)
					}
				}
			})
		}
	}
}
