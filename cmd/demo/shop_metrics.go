package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// shopMetrics are what the shop tells Prometheus. Nothing says which arm a shop is: that is a label
// of the scrape target, as it would be for two instances of any service.
type shopMetrics struct {
	registry      *prometheus.Registry
	checkouts     prometheus.Counter
	goodCheckouts prometheus.Counter
	reports       *prometheus.CounterVec
	reportSeconds *prometheus.CounterVec
	workersBusy   *prometheus.GaugeVec
}

// newShopMetrics makes every series at zero, so that the first scrape sees it before its first event.
func newShopMetrics() *shopMetrics {
	m := &shopMetrics{
		registry:      prometheus.NewRegistry(),
		checkouts:     counter("checkout_requests_total", "Checkouts answered, well or badly."),
		goodCheckouts: counter("checkout_good_total", "Checkouts that succeeded within 250 ms, the wait for a worker included."),
		reports:       counters("reports_total", "Reports by outcome: finished (within 10 s), late, cancelled, no_worker, failed."),
		reportSeconds: counters("report_seconds_total", "Seconds that reports held a worker, by outcome."),
		workersBusy: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "shop_workers_busy",
			Help: "Workers held now, by path."}, []string{"path"}),
	}
	workers := prometheus.NewGauge(prometheus.GaugeOpts{Name: "shop_workers", Help: "Workers that checkouts and reports share."})
	workers.Set(shopWorkers)
	m.registry.MustRegister(m.checkouts, m.goodCheckouts, m.reports, m.reportSeconds, m.workersBusy, workers)
	for _, outcome := range reportOutcomes() {
		m.reports.WithLabelValues(outcome)
		m.reportSeconds.WithLabelValues(outcome)
	}
	m.busy(checkoutRole, 0)
	m.busy(reportsRole, 0)
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func counters(name, help string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"outcome"})
}

func reportOutcomes() []string {
	return []string{reportFinished, reportLate, reportCancelled, reportNoWorker, reportFailed}
}

func (m *shopMetrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *shopMetrics) checkout(good bool) {
	if good {
		m.goodCheckouts.Inc()
	}
	m.checkouts.Inc()
}

func (m *shopMetrics) report(answer reportAnswer) {
	m.reports.WithLabelValues(answer.Outcome).Inc()
	m.reportSeconds.WithLabelValues(answer.Outcome).Add(answer.RanSeconds)
}

func (m *shopMetrics) busy(path string, change float64) {
	m.workersBusy.WithLabelValues(path).Add(change)
}
