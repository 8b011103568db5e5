package sli_test

import (
	"fmt"
	"testing"

	"setpoint.dev/setpoint/sli"
)

// One slice of 1,000 series scraped every 15 s.
func BenchmarkIncrements(b *testing.B) {
	for _, declared := range []bool{true, false} {
		b.Run(fmt.Sprintf("declared=%v", declared), func(b *testing.B) {
			c := seconds(300, 360)
			c.Scrape /= 2
			if !declared {
				c.Scrape = 0
			}
			var total []sli.Series
			for i := range 1000 {
				s := sli.Series{ID: fmt.Sprint("series", i)}
				for at := c.From.Add(-c.Lookback()); at.Before(c.To); at = at.Add(15e9) {
					s.Samples = append(s.Samples, sli.Sample{Milli: at.UnixMilli() + int64(i), Value: float64(at.Unix())})
				}
				total = append(total, s)
			}
			b.ReportAllocs()
			for b.Loop() {
				c.Increments(total[:500], total)
			}
		})
	}
}
