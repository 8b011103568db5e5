package actuators_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/slo"
)

// documented are the rights that the package doc lists, without CREATEROLE, in the order of Check's lines.
func documented(p *plant, user string) []string {
	grants := []string{
		"grant pg_read_all_stats to " + user,
		"grant pg_signal_backend to " + user,
		`grant set on parameter "setpoint.move" to ` + user,
	}
	if p.version() >= 160000 {
		grants = append(grants, "grant "+p.role+" to "+user+" with admin true, inherit false, set false")
	}
	return grants
}

func (p *plant) version() (v int) {
	p.t.Helper()
	if err := p.admin.QueryRow(p.t.Context(), "select current_setting('server_version_num')::int").Scan(&v); err != nil {
		p.t.Fatal(err)
	}
	return v
}

// by returns the plant's definition over a connection of the user.
func (p *plant) by(user string) slo.Actuator {
	a := p.definition()
	a.Query.DatabaseURL = as(p.dsn, user)
	a.Query.High, a.Query.Low = 0.1, 0.1
	return a
}

// A user with exactly the documented rights can do everything.
func TestDocumentedRightsSuffice(t *testing.T) {
	p := newPlant(t)
	user := p.role + "_setpoint"
	p.createRole(user, "login createrole")
	for _, grant := range documented(p, user) {
		p.exec(grant)
	}
	q, r := open(t, p.by(user), actuators.Deps{Held: free})
	if err := r.Check(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
	s := p.start(p.role, "select pg_sleep(60)")
	apply(t, q, move(0.1, 1))
	wantSetting(t, q, 0.1)
	if got := p.inForce("statement_timeout"); got != "100ms" {
		t.Errorf("new sessions get %s, want 100ms", got)
	}
	p.older(s, 100*time.Millisecond)
	if got := once(t, r, noon); got.Cancels != 1 {
		t.Errorf("%+v, want one cancelled", got)
	}
	cancelled(t, []*session{s}, 1)
}

// Without one of them Check names it, and only it.
func TestMissingRightIsNamed(t *testing.T) {
	p := newPlant(t)
	user := p.role + "_setpoint"
	grants := documented(p, user)
	for i, missing := range append(slices.Clone(grants), "createrole") {
		p.exec("create role " + user + " login")
		for j, grant := range grants {
			if j != i {
				p.exec(grant)
			}
		}
		if missing != "createrole" {
			p.exec("alter role " + user + " createrole")
		}
		_, r := open(t, p.by(user), actuators.Deps{})
		err := r.Check(t.Context())
		if err == nil || strings.Contains(err.Error(), "\n") || !names(err, missing) {
			t.Errorf("without %q Check = %v", missing, err)
		}
		r.Close()
		p.exec("drop owned by " + user + "; drop role " + user)
	}
}

// names says whether the error has the words of the grant, in whatever case and quotes.
func names(err error, grant string) bool {
	return strings.Contains(strings.ToLower(strings.ReplaceAll(err.Error(), `"`, "")), strings.ReplaceAll(grant, `"`, ""))
}

// Without any right all are named at once, and using the actuator fails without doing anything.
func TestNoRights(t *testing.T) {
	p := newPlant(t)
	user := p.role + "_setpoint"
	p.createRole(user, "login")
	q, r := open(t, p.by(user), actuators.Deps{Held: free})
	err := r.Check(t.Context())
	if got, want := strings.Count(err.Error(), "may not"), len(documented(p, user))+1; got != want {
		t.Errorf("Check names %d rights, want %d: %v", got, want, err)
	}
	if err := q.Apply(t.Context(), move(2, 1)); sqlState(err) != "42501" {
		t.Errorf("Apply = %v, want permission denied", err)
	}
	wantSetting(t, q, 30)
}

// A superuser needs none of them.
func TestSuperuserSuffices(t *testing.T) {
	p := newPlant(t)
	p.createRole(p.role+"_super", "login superuser")
	_, r := open(t, p.by(p.role+"_super"), actuators.Deps{})
	if err := r.Check(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
}

func TestCheckRefusesRoles(t *testing.T) {
	p := newPlant(t)
	p.createRole(p.role+"_super", "login superuser")
	for role, want := range map[string]string{
		p.role + "_super":     "is a superuser",
		p.admin.Config().User: "is Setpoint's own user",
		p.role + "_nobody":    "does not exist",
	} {
		a := p.definition()
		a.Query.Role = role
		_, r := open(t, a, actuators.Deps{})
		if err := r.Check(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check of role %q = %v, want %q", role, err, want)
		}
	}
}
