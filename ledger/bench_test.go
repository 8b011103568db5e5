package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/ledger/ledgertest"
)

// A decision and its outcome, on record: the cost of one move. The test
// cluster does not wait for the disk; TEST_DATABASE_URL names one that does.
func BenchmarkBeginFinish(b *testing.B) {
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprintf("postgres/clients=%d", clients), func(b *testing.B) {
			p := open(b, clustertest.DSN(b))
			measure(b, p, clients)
		})
	}
	b.Run("memory", func(b *testing.B) { measure(b, ledger.NewMemory(), 1) })
}

func measure(b *testing.B, l ledgertest.Ledger, clients int) {
	ctx := b.Context()
	must(b, second(l.Lead(ctx)))
	var n atomic.Int64
	b.SetParallelism(max(1, clients/2)) // times GOMAXPROCS
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := fmt.Sprint(n.Add(1))
			must(b, l.Begin(ctx, ledgertest.Hold(id, noon())))
			must(b, l.Finish(ctx, ledgertest.Outcome(id, noon())))
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
}

// Verification of a ledger's rows.
func BenchmarkVerify(b *testing.B) {
	const rows = 20000
	p := open(b, clustertest.DSN(b))
	must(b, second(p.Lead(b.Context())))
	for i := range rows {
		must(b, p.Begin(b.Context(), ledgertest.Hold(fmt.Sprint(i), noon())))
	}
	for b.Loop() {
		must(b, second(p.Verify(b.Context())))
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
