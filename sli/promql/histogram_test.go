package promql_test

import (
	"testing"

	"setpoint.dev/setpoint/sli/promql"
)

func TestWithout(t *testing.T) {
	for _, test := range []struct{ id, want string }{
		{`a_bucket{le="1"}`, ``},
		{`a_count{}`, ``},
		{`a_bucket{job="x",le="1",pod="y"}`, `job="x",pod="y"`},
		{`a_bucket{job=",le=\"2\"",le="1",z="{le="}`, `job=",le=\"2\"",z="{le="`},
		{`{"__name__"="a.b_bucket","le"="1","x=y"="z"}`, `x=y="z"`},
		{`a_bucket{ale="1",le="1",lea="2"}`, `ale="1",lea="2"`},
		{`broken{a="`, `a=,"=`}, // it ends, that is all
		{`broken{`, ``},
	} {
		if got := promql.Without(test.id, "le", "__name__"); got != test.want {
			t.Errorf("%s: got %s, want %s", test.id, got, test.want)
		}
	}
}
