package loop_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// An override breaks the glass; a pin does when it is looser than the setting
// in force, when that is not known, and when it keeps what such a pin holds.
func TestBreaksGlass(t *testing.T) {
	a := slo.Actuator{Name: "timeout", Rest: 30, Tight: 1}
	pin := func(x float64) loop.Order {
		return loop.Order{Kind: loop.OrderPin, Target: "timeout", Setting: &x}
	}
	broke, held, other := pin(30), pin(30), pin(30)
	broke.Glass, other.Glass, other.Target = &loop.Glass{Nth: 1}, &loop.Glass{Nth: 1}, "other"
	at := func(x float64) loop.Setting { return loop.Setting{Value: x, At: noon} }
	for _, tt := range []struct {
		name    string
		order   loop.Order
		now     loop.Setting
		inForce []loop.Order
		want    bool
	}{
		{"override", loop.Order{Kind: loop.OrderOverride, Target: "shop"}, loop.Setting{}, nil, true},
		{"freeze", loop.Order{Kind: loop.OrderFreeze, Target: "shop"}, loop.Setting{}, nil, false},
		{"pin that loosens", pin(20), at(5), nil, true},
		{"pin where it is", pin(5), at(5), nil, false},
		{"pin that tightens", pin(2), at(5), nil, false},
		{"pin of what cannot be read", pin(5), loop.Setting{}, nil, true},
		{"pin at tight of what cannot be read", pin(1), loop.Setting{}, nil, false},
		{"pin that goes on", pin(30), at(30), []loop.Order{broke}, true},
		{"pin that goes on beside another's", pin(30), at(30), []loop.Order{other, held}, false},
		{"pin that tightens what was loosened", pin(5), at(30), []loop.Order{broke}, false},
	} {
		if got := tt.order.BreaksGlass(a, tt.now, tt.inForce); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// The gate's answer says which time it is, with the figures.
func TestGlassInTheAnswer(t *testing.T) {
	v := spentView()
	v.Report.Orders = []loop.Order{{Kind: loop.OrderOverride, Target: "shop", By: "ann", Why: "pager", At: noon, Until: noon.Add(time.Hour),
		Glass: &loop.Glass{Team: "web", Nth: 2, Most: 3, Per: 24 * time.Hour}}}
	r := loop.Gate(v, loop.GateQuestion{Service: "shop", At: noon}).Reasons[0]
	if r.Value != 2 || r.Limit != 3 || r.Message != "overridden by ann until 13:00:00Z: pager, break-glass 2 of 3 within 1d of the team web; without that the answer would be deny" {
		t.Errorf("got %+v", r)
	}
}
