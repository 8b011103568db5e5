package plant_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/loop/plant"
)

// BenchmarkAnHour is one arm of one hour: 216,000 customers.
func BenchmarkAnHour(b *testing.B) {
	cfg := surge(1)
	cfg.Length = time.Hour
	for b.Loop() {
		plant.Static(cfg, 2*time.Second)
	}
}
