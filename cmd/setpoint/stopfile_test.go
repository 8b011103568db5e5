//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
)

// A file on disk stops everything for as long as it is there, whoever resumes,
// is on record, and needs no ledger; a stop that another instance took is
// obeyed at once.
func TestStopFile(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.watch()
	runaways := s.runAway(4)
	v := newServer(s, "act", "1s")
	file := filepath.Join(t.TempDir(), "stop")
	v.args = append(v.args, "--stop-file", file)
	must(t, os.WriteFile(file, nil, 0o600))
	v.start() // the file was there before
	s.burning()
	v.inSightOf("burning")
	v.within(30*time.Second, "the stop of the file is on record", func() bool { return stopsBy(v, "stop file") == 1 })
	v.give("resume", "--why", "the file goes before me")
	v.within(30*time.Second, "it is given again", func() bool { return stopsBy(v, "stop file") == 1 && len(resumes(v)) == 1 })
	stillStopped(t, v, runaways)
	if got := s.changed(); len(got) > 0 {
		t.Errorf("the target was changed to %v while the file was there", got)
	}

	must(t, os.Remove(file))
	v.within(60*time.Second, "the incident is met", func() bool { return s.timeout() == "1000" && v.setting("releases") == 1 })

	resume := v.halt()
	must(t, os.WriteFile(file, []byte("reports-timeout\n"), 0o600))
	v.within(30*time.Second, "the stop of the file is in force without a ledger", func() bool { return stopsBy(v, "stop file") == 1 })
	resume()
	v.within(60*time.Second, "it is on record", func() bool {
		return len(rows[struct{ ID string }](v, `select id from setpoint.orders where kind = 'stop' and target = 'reports-timeout'`)) == 1
	})
	must(t, os.Remove(file))
	v.within(60*time.Second, "it has ended", func() bool { return stopsBy(v, "stop file") == 0 })
	anotherInstance(t, v)
	checkRecord(t, v)
}

// anotherInstance writes a stop as another instance does, and waits for this
// one to obey.
func anotherInstance(t *testing.T, v *server) {
	t.Helper()
	p, err := ledger.Open(ledger.Config{DSN: v.address(t.Context())})
	must(t, err)
	defer p.Close()
	must(t, p.Give(t.Context(), loop.Order{ID: "elsewhere", At: time.Now(), Kind: loop.OrderStop, Target: "*", By: "bob", Why: "by another instance"}))
	v.within(30*time.Second, "the stop of another instance is in force", func() bool { return stopsBy(v, "bob") == 1 })
}

func stopsBy(v *server, by string) (n int) {
	for _, o := range v.status().Orders {
		if o.Kind == client.Stop && o.By == by {
			n++
		}
	}
	return n
}

func resumes(v *server) []struct{ ID string } {
	return rows[struct{ ID string }](v, `select id from setpoint.orders where kind = 'resume'`)
}

// inSightOf waits until the objective has a status.
func (v *server) inSightOf(status string) {
	v.t.Helper()
	v.within(60*time.Second, "the objective is "+status, func() bool { o := v.status().Objectives[0]; return o.Status == status || o.Status == "exhausted" })
}
