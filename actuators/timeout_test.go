package actuators_test

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func move(setting float64, epoch int64) loop.Move {
	return loop.Move{Actuator: "reports-timeout", Setting: setting, Term: loop.Term{Epoch: epoch}, Decision: "D-1", At: noon}
}

// promoted is a move of the side whose standby was promoted to a timeline.
func promoted(m loop.Move, timeline int64) loop.Move {
	m.Timeline = timeline
	return m
}

// later is a move of a later tick.
func later(m loop.Move, by time.Duration) loop.Move {
	m.At = m.At.Add(by)
	return m
}

func wantSetting(t *testing.T, q loop.Actuator, want float64) {
	t.Helper()
	if got, err := q.Read(t.Context()); got != want || err != nil {
		t.Errorf("Read = %v, %v, want %v", got, err, want)
	}
}

func apply(t *testing.T, q loop.Actuator, m loop.Move) {
	t.Helper()
	if err := q.Apply(t.Context(), m); err != nil {
		t.Fatalf("Apply(%v) = %v", m.Setting, err)
	}
}

// inForce is what a new session of the role gets.
func (p *plant) inForce(parameter string) (value string) {
	p.t.Helper()
	if err := connect(p.t, as(p.dsn, p.role)).QueryRow(p.t.Context(), "select current_setting($1)", parameter).Scan(&value); err != nil {
		p.t.Fatal(err)
	}
	return value
}

func TestTimeoutIsAppliedAndReadBack(t *testing.T) {
	p := newPlant(t)
	q, _ := open(t, p.definition(), actuators.Deps{})
	wantSetting(t, q, 30) // nobody set anything
	for _, c := range []struct {
		setting, want float64
		inForce       string
	}{
		{1.8, 1.8, "1800ms"}, {1.8, 1.8, "1800ms"}, {0.1, 0.1, "100ms"}, {7.0015, 7.002, "7002ms"}, {30, 30, "30s"},
	} {
		apply(t, q, move(c.setting, 7))
		wantSetting(t, q, c.want)
		if got := p.inForce("statement_timeout"); got != c.inForce {
			t.Errorf("after %v new sessions get %s, want %s", c.setting, got, c.inForce)
		}
	}
	want := `{"actuator":"reports-timeout","epoch":7,"sequence":1772366400000000,"decision":"D-1","ms":30000,"at":"2026-03-01T12:00:00Z"}`
	if got := p.inForce("setpoint.move"); got != want {
		t.Errorf("stamp is %s, want %s", got, want)
	}
}

func TestTimeoutStaysInItsDatabase(t *testing.T) {
	p := newPlant(t)
	q, _ := open(t, p.definition(), actuators.Deps{})
	apply(t, q, move(2, 1))
	elsewhere := &plant{t: t, dsn: clustertest.DSN(t), role: p.role}
	if got := elsewhere.inForce("statement_timeout"); got != "0" {
		t.Errorf("in another database the role gets %s, want 0", got)
	}
}

func TestTimeoutWithoutRoleDefault(t *testing.T) {
	p := newPlant(t)
	a := p.definition()
	a.Query.RoleDefault = false
	q, _ := open(t, a, actuators.Deps{})
	wantSetting(t, q, 30)
	apply(t, q, move(2.5, 7))
	wantSetting(t, q, 2.5)
	if err := q.Apply(t.Context(), move(3, 6)); !errors.Is(err, loop.ErrDeposed) {
		t.Errorf("Apply of an older epoch = %v, want ErrDeposed", err)
	}
	if got := p.inForce("statement_timeout"); got != "0" {
		t.Errorf("new sessions get %s, want 0: untouched", got)
	}
	p.exec(`alter role ` + p.role + ` in database ` + p.database() + ` set "setpoint.move" = 'mine'`)
	if _, err := q.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "RESET") {
		t.Errorf("Read of a stamp that is none = %v, want how to remove it", err)
	}
	if err := q.Apply(t.Context(), move(3, 8)); err == nil || !strings.Contains(err.Error(), "RESET") {
		t.Errorf("Apply over a stamp that is none = %v, want how to remove it", err)
	}
}

func (p *plant) database() (name string) {
	p.t.Helper()
	if err := p.admin.QueryRow(p.t.Context(), "select current_database()").Scan(&name); err != nil {
		p.t.Fatal(err)
	}
	return pgx.Identifier{name}.Sanitize()
}

func TestTimeoutRefusesOlderEpoch(t *testing.T) {
	p := newPlant(t)
	old, _ := open(t, p.definition(), actuators.Deps{})
	young, _ := open(t, p.definition(), actuators.Deps{})
	apply(t, old, move(5, 7))
	apply(t, young, move(2, 8))
	err := old.Apply(t.Context(), move(30, 7))
	if !errors.Is(err, loop.ErrDeposed) || !strings.Contains(err.Error(), "epoch 7, sequence 1772366400000000 is older than epoch 8, sequence 1772366400000000 of decision D-1") {
		t.Errorf("Apply of epoch 7 after 8 = %v, want ErrDeposed and why", err)
	}
	wantSetting(t, old, 2)
	apply(t, young, move(2, 8))
	apply(t, old, move(3, 9))
	wantSetting(t, young, 3)
}

// TestTimeoutRefusesOlderTimeline: the leader of the promoted standby counts
// epochs of its own, and the one of the old primary writes no more; nor does
// a late move of the same leader.
func TestTimeoutRefusesOlderTimeline(t *testing.T) {
	p := newPlant(t)
	q, _ := open(t, p.definition(), actuators.Deps{})
	apply(t, q, promoted(move(5, 41), 1))
	apply(t, q, promoted(move(2, 40), 2))
	for name, m := range map[string]loop.Move{
		"of the old primary":    later(promoted(move(30, 42), 1), time.Hour),
		"of an unknown side":    later(move(30, 43), time.Hour),
		"late of the same term": later(promoted(move(30, 40), 2), -time.Second),
	} {
		if err := q.Apply(t.Context(), m); !errors.Is(err, loop.ErrDeposed) {
			t.Errorf("Apply %s = %v, want ErrDeposed", name, err)
		}
	}
	wantSetting(t, q, 2)
	apply(t, q, later(promoted(move(3, 40), 2), time.Second))
	wantSetting(t, q, 3)
}

// Two leaders apply at the same time, again and again: the newer is never refused, the older never
// wins after it.
func TestTimeoutConcurrentEpochs(t *testing.T) {
	p := newPlant(t)
	var wg sync.WaitGroup
	for epoch, setting := range map[int64]float64{7: 7, 8: 8} {
		q, _ := open(t, p.definition(), actuators.Deps{})
		wg.Go(func() {
			for range 25 {
				err := q.Apply(t.Context(), move(setting, epoch))
				if err != nil && (epoch == 8 || !errors.Is(err, loop.ErrDeposed)) {
					t.Errorf("Apply of epoch %d = %v", epoch, err)
				}
			}
		})
	}
	wg.Wait()
	q, _ := open(t, p.definition(), actuators.Deps{})
	wantSetting(t, q, 8)
	if err := q.Apply(t.Context(), move(7, 7)); !errors.Is(err, loop.ErrDeposed) {
		t.Errorf("Apply of epoch 7 = %v, want ErrDeposed", err)
	}
}

// What somebody sets by hand is read, in any unit, as far as it is in force.
func TestTimeoutReadsForeignChange(t *testing.T) {
	p := newPlant(t)
	q, _ := open(t, p.definition(), actuators.Deps{})
	here := "alter role " + p.role + " in database " + p.database()
	for _, c := range []struct {
		sql  string
		want float64
	}{
		{"alter database " + p.database() + " set statement_timeout = '9s'", 9},
		{"alter role " + p.role + " set statement_timeout = '8s'", 8},
		{here + " set statement_timeout = '5min'", 300},
		{here + " set statement_timeout = 1500", 1.5},
		{here + " set statement_timeout = ' 1500 '", 1.5},
		{here + " set statement_timeout = '1.5s'", 1.5},
		{here + " set statement_timeout = '2 h'", 7200},
		{here + " set statement_timeout = '1d'", 86400},
		{here + " set statement_timeout = '1500000us'", 1.5},
		{here + " set statement_timeout = '1.5e3'", 1.5},
		{here + " set statement_timeout = 0", 30},
		{here + " reset statement_timeout", 8},
		{"alter role " + p.role + " reset statement_timeout", 9},
		{"alter database " + p.database() + " reset statement_timeout", 30},
	} {
		p.exec(c.sql)
		t.Log(c.sql)
		wantSetting(t, q, c.want)
	}
	apply(t, q, move(2, 1))
	p.exec("alter role " + p.role + " set statement_timeout = '8s'") // has no effect in this database
	wantSetting(t, q, 2)
}

func TestTimeoutOfOddRoles(t *testing.T) {
	dsn := clustertest.DSN(t)
	for _, role := range []string{
		`we"ird`, `it's`, `back\slash`, `ünïcode 漢字 🚦`, `Upper Case`, `all`, `select`, `user`, `%I %L $1`,
		`x; drop role y; --`, strings.Repeat("é", 31),
	} {
		t.Run(role, func(t *testing.T) {
			p := plantAt(t, dsn, role)
			a := p.definition()
			a.Query.High, a.Query.Low = 0.1, 0.1 // 0 workers
			q, r := open(t, a, actuators.Deps{Held: free})
			if err := r.Check(t.Context()); err != nil {
				t.Error(err)
			}
			apply(t, q, move(20, 1)) // long enough for a busy machine to begin
			wantSetting(t, q, 20)
			if got := p.inForce("statement_timeout"); got != "20s" {
				t.Errorf("new sessions get %s, want 20s", got)
			}
			s := p.start(role, "select pg_sleep(60)", "set statement_timeout = 0")
			apply(t, q, later(move(0.1, 1), time.Second))
			p.older(s, 100*time.Millisecond)
			if err := r.Once(t.Context(), noon); err != nil {
				t.Error(err)
			}
			cancelled(t, []*session{s}, 1)
		})
	}
}

func TestTimeoutOfMissingRole(t *testing.T) {
	p := newPlant(t)
	long := strings.Repeat("x", 63)
	p.createRole(long, "login") // what the server would cut a longer name to
	for _, role := range []string{"nobody here", long + "y", strings.ToUpper(p.role)} {
		a := p.definition()
		a.Query.Role = role
		q, r := open(t, a, actuators.Deps{})
		_, readErr := q.Read(t.Context())
		for name, err := range map[string]error{"Read": readErr, "Apply": q.Apply(t.Context(), move(2, 1)), "Check": r.Check(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), "does not exist") {
				t.Errorf("%s of role %q = %v, want that it does not exist", name, role, err)
			}
		}
	}
}

func TestTimeoutRefusesOutOfRange(t *testing.T) {
	p := newPlant(t)
	q, _ := open(t, p.definition(), actuators.Deps{})
	for _, setting := range []float64{0, -1, 0.09, 30.1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		if err := q.Apply(t.Context(), move(setting, 1)); err == nil || !strings.Contains(err.Error(), "outside the range") {
			t.Errorf("Apply(%v) = %v, want outside the range", setting, err)
		}
	}
	wantSetting(t, q, 30)
}

// A password in the connection string reaches no error.
func TestTimeoutKeepsSecrets(t *testing.T) {
	for _, dsn := range []string{
		"postgres://u:s3cret@127.0.0.1:1/x?sslmode=disable", "postgres://u:s3cret@[bad/x", "host=/nowhere password='s3cret' port=5432",
		"postgres://u:s3cret@h:port/x", "password=s3cret sslmode=whatever", "://s3cret",
	} {
		a := slo.Actuator{Name: "a", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1, Query: slo.QueryTimeout{
			DatabaseURL: dsn, Role: "r", Workers: 8, High: 0.75, Low: 0.5}}
		q, r, err := actuators.New(a, actuators.Deps{})
		if err == nil {
			_, err = q.Read(t.Context())
			r.Close()
		}
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error %v, want one without the password", dsn, err)
		}
	}
}

// Settings of whole milliseconds go there and back without a change, and none becomes 0.
func TestMillisecondsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(1, math.MaxInt32).Draw(t, "ms")
		if got := actuators.Milliseconds(actuators.Seconds(ms)); got != ms {
			t.Fatalf("%d ms became %d ms", ms, got)
		}
		setting := rapid.Float64Range(1e-9, 1e6).Draw(t, "setting")
		back := actuators.Seconds(actuators.Milliseconds(setting))
		if back <= 0 || math.Abs(back-setting) > 0.001 {
			t.Fatalf("%v s became %v s", setting, back)
		}
	})
	if got := actuators.Seconds(1800); got != 1.8 {
		t.Errorf("1800 ms = %v s, want the number written 1.8", got)
	}
}

func FuzzReadStamp(f *testing.F) {
	for _, text := range []string{``, `{}`, `{"epoch":7,"ms":1800}`, `{"ms":-1}`, `null`, `{"epoch":1e99}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := actuators.ReadStamp(text)
		if err == nil && s.Milliseconds < 0 {
			t.Errorf("%q: ms %d", text, s.Milliseconds)
		}
	})
}
