//go:build linux

package main

import (
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
)

// A budget is adjusted and restored from the command line, with the ledger in
// a real PostgreSQL: what was measured stays beside, over a restart too.
func TestAdjust(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	v := newServer(s, "observe", "1s")
	v.start()
	v.inSight()
	object := func() client.Objective { return v.status().Objectives[0] }
	if object().Raw != nil {
		t.Fatalf("adjusted before anybody did: %+v", object().Raw)
	}
	v.give("adjust", "from-logs", "--objective", "checkout-fast", "--effect", "exclude", "--category", "measurement", "--by", "ann", "--why", "the probe had no route", "--from", "-2d", "--to", time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	excluded := func() bool {
		o := object()
		return o.Raw != nil && o.Raw.Budget.Good > 0 && o.Budget.Good == 0 && len(o.Adjustments) == 1
	}
	v.within(30*time.Second, "nothing is counted any more, and what was measured stands beside", excluded)
	if a := object().Adjustments[0]; a.Name != "from-logs" || a.Author != "ann" || a.Category != "measurement" {
		t.Errorf("the adjustment is told as %+v", a)
	}
	v.kill()
	v.start()
	v.within(30*time.Second, "the adjustment survives a restart", excluded)
	if r := v.run("adjust", "from-logs", "--objective", "checkout-fast", "--effect", "exclude", "--from", "-1h", "--to", "now", "--by", "ann", "--why", "twice"); r.code == 0 || !strings.Contains(r.out+r.err, "there is an adjustment from-logs already") {
		t.Errorf("a second one of the name: %s", r)
	}
	if r := v.run("adjust", "x", "--objective", "checkout-fast", "--effect", "correct", "--good", "5", "--from", "-1h", "--to", "now", "--by", "ann", "--why", "half"); r.code != usage || !strings.Contains(r.err, "both --good and --bad") {
		t.Errorf("half of the counts: %s", r)
	}
	v.give("unadjust", "from-logs", "--by", "bea", "--why", "it was right")
	v.within(30*time.Second, "all is as it was measured", func() bool { return object().Raw == nil && object().Budget.Good > 0 })
	if orders := rows[struct{ Kind, Target, By string }](v, `select kind, target, by from setpoint.orders order by seq`); len(orders) != 2 || orders[1].Kind != "unadjust" || orders[0].By != "ann" {
		t.Errorf("on record are %+v", orders)
	}
	v.stop()
}
