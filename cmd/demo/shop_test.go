package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger/cluster"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

// database starts a Postgres for one test: the shop's roles belong to a whole cluster.
func database(t *testing.T) string {
	t.Helper()
	dir, err := clustertest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c, err := cluster.Start(t.Context(), cluster.Config{Dir: dir, Name: "shop", NoSync: true})
	if err != nil {
		t.Fatalf("%v\nThis test needs a real PostgreSQL: `make parts` installs it.", err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c.DSN("postgres")
}

// openShop serves a shop on a real Postgres.
func openShop(t *testing.T) (*shop, *httptest.Server, *pgx.Conn) {
	t.Helper()
	dsn := database(t)
	owner, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { owner.Close(context.Background()) })
	sessions, err := openSessions(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sessions.Close)
	s := newShop(sessions, newTruth("test", 1))
	server := httptest.NewServer(s.routes())
	t.Cleanup(server.Close)
	return s, server, owner
}

func TestShop(t *testing.T) {
	s, server, owner := openShop(t)
	customers := newLoad(server.URL, s.truth)
	t.Cleanup(customers.client.CloseIdleConnections)
	t.Run("preparing twice changes nothing", func(t *testing.T) { testPrepareTwice(t, owner) })
	t.Run("checkout", func(t *testing.T) { testCheckout(t, customers, owner) })
	t.Run("report", func(t *testing.T) { testReport(t, customers) })
	t.Run("report cancelled by the database", func(t *testing.T) { testCancelledReport(t, customers, owner) })
	t.Run("setting of the role", func(t *testing.T) { testRoleSetting(t, customers, owner) })
	t.Run("nonsense", func(t *testing.T) { testNonsense(t, server) })
	t.Run("no worker", func(t *testing.T) { testNoWorker(t, s, customers) })
	t.Run("metrics", func(t *testing.T) { testMetrics(t, server) })
}

func testPrepareTwice(t *testing.T, owner *pgx.Conn) {
	if err := prepareShop(t.Context(), owner.Config().ConnString()); err != nil {
		t.Fatal(err)
	}
	if got, want := count(t, owner, `select count(*) from stock`), int64(shopItems); got != want {
		t.Errorf("stock of %d items, want %d", got, want)
	}
}

func testCheckout(t *testing.T, customers *load, owner *pgx.Conn) {
	if err := customers.checkout(t.Context(), 17); err != nil {
		t.Fatal(err)
	}
	if got := count(t, owner, `select count(*) from orders where item = 17`); got != 1 {
		t.Errorf("%d orders of item 17, want 1", got)
	}
	if got := count(t, owner, `select 1000000000 - quantity from stock where item = 17`); got != 1 {
		t.Errorf("stock of item 17 fell by %d, want 1", got)
	}
}

func testReport(t *testing.T, customers *load) {
	got := customers.report(t.Context(), 0.2)
	if got.Outcome != reportFinished || got.RanSeconds < 0.2 || got.Orders != 1 {
		t.Errorf("report of 0.2 s = %+v, want finished after at least 0.2 s, counting 1 order", got)
	}
}

// The reaper finds reports by their role, and ends them.
func testCancelledReport(t *testing.T, customers *load, owner *pgx.Conn) {
	answered := make(chan reportAnswer, 1)
	go func() { answered <- customers.report(context.WithoutCancel(t.Context()), 20) }()
	const end = `select count(pg_cancel_backend(pid)) from pg_stat_activity
		where usename = 'reports' and application_name = 'reports' and state = 'active' and wait_event = 'PgSleep'`
	for deadline := time.Now().Add(10 * time.Second); count(t, owner, end) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("no running report appeared in pg_stat_activity")
		}
		time.Sleep(10 * time.Millisecond)
	}
	got := <-answered
	if got.Outcome != reportCancelled || got.RanSeconds > 10 || !strings.Contains(got.Words, queryCancelled) {
		t.Errorf("cancelled report = %+v, want outcome %s, and words with %s", got, reportCancelled, queryCancelled)
	}
}

// The durable default of the role counts from the next report on, and not for checkouts.
func testRoleSetting(t *testing.T, customers *load, owner *pgx.Conn) {
	runSQL(t, owner, `alter role reports set statement_timeout = '100ms'`)
	defer runSQL(t, owner, `alter role reports reset statement_timeout`)
	if got := customers.report(t.Context(), 5); got.Outcome != reportCancelled || got.RanSeconds > 4 {
		t.Errorf("report of 5 s under a timeout of 100 ms = %+v, want it cancelled", got)
	}
	if err := customers.checkout(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func testNonsense(t *testing.T, server *httptest.Server) {
	for _, path := range []string{"/checkout?item=0", "/checkout?item=1001", "/checkout", "/checkout?item=1;drop"} {
		if got := status(t, http.MethodPost, server.URL+path); got != http.StatusBadRequest {
			t.Errorf("POST %s: status %d, want 400", path, got)
		}
	}
	for _, path := range []string{"/report", "/report?seconds=-1", "/report?seconds=31", "/report?seconds=NaN", "/summary?within=soon"} {
		if got := status(t, http.MethodGet, server.URL+path); got != http.StatusBadRequest {
			t.Errorf("GET %s: status %d, want 400", path, got)
		}
	}
}

// With all workers held a checkout gives up after its patience, and is answered as soon as one comes free.
func testNoWorker(t *testing.T, s *shop, customers *load) {
	for range shopWorkers {
		s.workers <- struct{}{}
	}
	began := time.Now()
	err := customers.checkout(t.Context(), 1)
	if took := time.Since(began); err == nil || took < checkoutPatience || took > 2*checkoutPatience {
		t.Errorf("checkout without a worker: error %v after %s, want one after %s", err, took, checkoutPatience)
	}
	for range shopWorkers {
		<-s.workers
	}
	if err := customers.checkout(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

// The tests before made three good checkouts, one that got no worker, and three reports.
func testMetrics(t *testing.T, server *httptest.Server) {
	text, err := fetch(t.Context(), server.URL+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"checkout_requests_total 4", "checkout_good_total 3", `reports_total{outcome="finished"} 1`,
		`reports_total{outcome="cancelled"} 2`, `reports_total{outcome="late"} 0`,
		`shop_workers_busy{path="reports"} 0`, `shop_workers_busy{path="checkout"} 0`, "shop_workers 8",
	} {
		if !strings.Contains(string(text), want+"\n") {
			t.Errorf("metrics lack %q", want)
		}
	}
}

// A short load through the whole process: its summary, on disk and over HTTP, is what was asked for.
func TestShopProcess(t *testing.T) {
	config := []string{"-database", database(t), "-arm", "short", "-duration", "3s", "-summary", t.TempDir() + "/out/summary.json"}
	var out strings.Builder
	if err := runShop(config, &out, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	text, err := os.ReadFile(config[len(config)-1])
	if err != nil {
		t.Fatal(err)
	}
	var got summary
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := map[bool]int{}
	for _, a := range storySchedule(1, 3*time.Second, 3*time.Second).arrivals() {
		want[a.Report]++
	}
	reports := 0
	for _, n := range got.Reports {
		reports += n
	}
	if diff := cmp.Diff(want, map[bool]int{false: got.GoodCheckouts + got.BadCheckouts, true: reports}); diff != "" {
		t.Errorf("requests by kind (-asked +in the summary):\n%s", diff)
	}
	if got.GoodCheckouts == 0 {
		t.Error("no checkout was good")
	}
}

func count(t *testing.T, owner *pgx.Conn, query string) (n int64) {
	t.Helper()
	if err := owner.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func runSQL(t *testing.T, owner *pgx.Conn, sql string) {
	t.Helper()
	if _, err := owner.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func status(t *testing.T, method, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}
