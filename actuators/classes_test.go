package actuators_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/slo"
)

// running is how many statements a reaper of some classes sees.
func (p *plant) running(classes ...slo.QueryClass) int {
	p.t.Helper()
	a := p.definition()
	a.Query.Classes = classes
	_, r := open(p.t, a, actuators.Deps{})
	return once(p.t, r, noon).Running
}

// A class is an application, a fingerprint or both; of several one is enough.
func TestClasses(t *testing.T) {
	p := newPlant(t)
	p.exec("alter role " + p.role + " set compute_query_id = on")
	p.start(p.role, "select pg_sleep(60) /* nightly */ where 17 in (1, 2, 17)", "set application_name = 'reports-eu'")
	p.start(p.role, "SELECT pg_sleep(50)  where 17 in (17)", "set application_name = 'reports-us'")
	p.start(p.role, "select pg_sleep(60), 'it''s'", "set application_name = 'report_'")
	var id, text string
	const selectPrints = "select (select 'query:' || query_id from pg_stat_activity where usename = $1 and application_name = 'report_'), " +
		actuators.Fingerprint + " from pg_stat_activity where usename = $1 and application_name = 'reports-eu'"
	if err := p.admin.QueryRow(t.Context(), selectPrints, p.role).Scan(&id, &text); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		classes []slo.QueryClass
		want    int
	}{
		{nil, 3}, {[]slo.QueryClass{{Application: "reports-*"}}, 2}, {[]slo.QueryClass{{Application: "reports-eu"}}, 1}, {[]slo.QueryClass{{Application: "reports-"}}, 0},
		{[]slo.QueryClass{{Application: "report_"}}, 1}, {[]slo.QueryClass{{Application: "report_*"}}, 1}, {[]slo.QueryClass{{Application: "*"}}, 3}, {[]slo.QueryClass{{Application: "%"}}, 0},
		{[]slo.QueryClass{{Fingerprint: id}}, 1}, {[]slo.QueryClass{{Fingerprint: text}}, 2}, {[]slo.QueryClass{{Fingerprint: "query:1"}}, 0}, {[]slo.QueryClass{{Fingerprint: "text:0123456789abcdef"}}, 0},
		{[]slo.QueryClass{{Application: "reports-us", Fingerprint: text}}, 1}, {[]slo.QueryClass{{Application: "report_", Fingerprint: text}}, 0}, {[]slo.QueryClass{{Application: "report_", Fingerprint: id}}, 1},
		{[]slo.QueryClass{{Application: "report_"}, {Fingerprint: text}}, 3},
	} {
		if got := p.running(c.classes...); got != c.want {
			t.Errorf("%+v: %d statements, want %d", c.classes, got, c.want)
		}
	}
}

// Outside of the declared classes nothing is cancelled, however old it is and
// however much of it runs; nor inside, below the floor.
func TestReaperStaysInItsClasses(t *testing.T) {
	p := newPlant(t)
	var all []*session
	for i := range 9 {
		application := "reports"
		if i < 2 {
			application = "billing" // the oldest
		}
		all = append(all, p.start(p.role, fmt.Sprintf("select pg_sleep(60) where %d > -1", i), "set application_name = '"+application+"'"))
	}
	a := p.definition()
	a.Query.RoleDefault, a.Query.Classes = false, []slo.QueryClass{{Application: "reports"}}
	q, r := p.acting(a, actuators.Deps{})
	p.older(all[8], 100*time.Millisecond)
	apply(t, q, later(move(29, 1), time.Second))
	if got := once(t, r, noon); got.Running != 7 || got.Due != 0 || got.Cancels != 0 {
		t.Errorf("below the floor: %+v, want 7 running and none due", got)
	}
	apply(t, q, later(move(0.1, 1), time.Minute))
	once(t, r, noon.Add(time.Second))
	if diff := cmp.Diff([]int{2, 3, 4}, cancelled(t, all, 3)); diff != "" {
		t.Errorf("cancelled (-want +got):\n%s", diff)
	}
}

// The timeout of the role is looser than the floor where that is declared, is read back
// as the setting, and what somebody else makes of it shows.
func TestRoleDefaultTimes(t *testing.T) {
	p := newPlant(t)
	a := p.definition()
	a.Query.RoleTimes = 4
	q, r := open(t, a, actuators.Deps{})
	apply(t, q, move(1.5, 1))
	wantSetting(t, q, 1.5)
	if got := p.inForce("statement_timeout"); got != "6s" {
		t.Errorf("new sessions get %s, want 6s", got)
	}
	if got := once(t, r, noon); got.Floor != 1500*time.Millisecond {
		t.Errorf("the floor is %s, want 1.5 s", got.Floor)
	}
	p.exec("alter role " + p.role + " in database " + p.database() + " set statement_timeout = '8s'")
	wantSetting(t, q, 2)
	a.Query.RoleTimes = 1.3
	other, _ := open(t, a, actuators.Deps{})
	apply(t, other, later(move(0.333, 1), time.Minute))
	wantSetting(t, other, 0.333)
	if got := p.inForce("statement_timeout"); got != "433ms" {
		t.Errorf("new sessions get %s, want 433ms", got)
	}
}

// TestFingerprintIsInTheManual: what people paste gives what is compared.
func TestFingerprintIsInTheManual(t *testing.T) {
	text, err := os.ReadFile("../docs/actuators.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), actuators.Fingerprint) {
		t.Errorf("docs/actuators.md does not show how a fingerprint is computed:\n%s", actuators.Fingerprint)
	}
}
