//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// tamper alters a ledger as a superuser can, and expects replay to name each
// row that was touched.
func tamper(t *testing.T, v *server) {
	t.Helper()
	v.openLedger()
	move := v.moves("releases")[0]
	for _, c := range []struct{ what, change, undo, named string }{
		{"the body of a row", `update setpoint.decisions set body = replace(body, '"reason":"burning"', '"reason":"Burning"') where seq = $1`,
			`update setpoint.decisions set body = replace(body, '"reason":"Burning"', '"reason":"burning"') where seq = $1`,
			"decision " + move.ID + " differs in: reason"},
		{"the same row in its chain", `update setpoint.decisions set body = replace(body, '"mode":"act"', '"mode": "act"') where seq = $1`,
			`update setpoint.decisions set body = replace(body, '"mode": "act"', '"mode":"act"') where seq = $1`,
			fmt.Sprintf("decisions %d (%s) altered", move.Seq, move.ID)},
		{"a column only", `update setpoint.decisions set words = 'nothing happened' where seq = $1`,
			`update setpoint.decisions set words = body::json ->> 'words' where seq = $1`,
			fmt.Sprintf("decisions %d (%s) altered: column words", move.Seq, move.ID)},
		{"a row that is deleted", `delete from setpoint.decisions where seq = $1`, ``, fmt.Sprintf("decisions %d deleted", move.Seq)},
	} {
		v.unguarded(c.change, move.Seq)
		if r := v.run("replay"); r.code != 1 || !strings.Contains(r.out, c.named) {
			t.Errorf("replay after a change of %s, want exit code 1 and %q: %s", c.what, c.named, r)
		}
		checkFaults(t, v, c.what)
		if c.undo == "" {
			continue
		}
		v.unguarded(c.undo, move.Seq)
		if r := v.run("replay"); r.code != 0 {
			t.Errorf("replay after %s was restored: %s", c.what, r)
		}
	}
}

// checkFaults expects the JSON form to name one fault at least.
func checkFaults(t *testing.T, v *server, what string) {
	t.Helper()
	r := v.run("replay", "--output", "json")
	var got struct {
		Decisions int
		Faults    []struct {
			Table string
			Seq   int64
			Kind  string
		}
	}
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || r.code != 1 || got.Decisions == 0 || len(got.Faults) == 0 || got.Faults[0].Seq == 0 {
		t.Errorf("replay --output json after %s was changed: %+v, %v, exit code %d; want decisions, a fault and 1", what, got, err, r.code)
	}
}

// unguarded changes a row as only a superuser can who switches the guards off.
func (v *server) unguarded(sql string, args ...any) {
	v.t.Helper()
	ctx := v.t.Context()
	conn := v.connect(ctx)
	defer conn.Close(ctx)
	for _, chain := range []string{"decisions", "heads", "orders", "outcomes"} {
		_, err := conn.Exec(ctx, "alter table setpoint."+chain+" disable trigger all")
		must(v.t, err)
		defer conn.Exec(ctx, "alter table setpoint."+chain+" enable always trigger all")
	}
	_, err := conn.Exec(ctx, sql, args...)
	must(v.t, err)
}
