package quota_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/client/quota"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// shop bears 100 calls at once.
func shop() client.Quota {
	return client.Quota{Capacity: 100, Gates: 1, Header: "X-Tenant", Others: client.Tenant{Ceiling: 120, Weight: 1}, Tenants: []client.Tenant{
		{Name: "acme", Guarantee: 30, Ceiling: 120, Weight: 2},
		{Name: "bell", Guarantee: 20, Ceiling: 60, Weight: 1},
	}}
}

// take makes calls until one is refused, n at most, and returns how many got
// through.
func take(g *quota.Gate, tenant string, n int) (got int) {
	for got < n {
		if _, ok := g.Admit(tenant, noon); !ok {
			break
		}
		got++
	}
	return got
}

func TestAdmit(t *testing.T) {
	for _, c := range []struct {
		name  string
		mark  float64
		calls func(g *quota.Gate) []int
		want  string
	}{
		{"alone up to the watermark", 0.8, func(g *quota.Gate) []int { return []int{take(g, "acme", 200)} }, "[80]"},
		{"above the capacity", 1.2, func(g *quota.Gate) []int { return []int{take(g, "acme", 200)} }, "[120]"},
		{"up to its ceiling, lowered with the watermark", 0.8, func(g *quota.Gate) []int { return []int{take(g, "bell", 200)} }, "[40]"},
		{"guarantees hold against who came first", 0.8, func(g *quota.Gate) []int {
			return []int{take(g, "mallory", 200), take(g, "acme", 200), take(g, "bell", 200)}
		}, "[80 30 20]"},
		{"the last quarter by weight", 1, func(g *quota.Gate) []int {
			return []int{take(g, "a", 75), take(g, "b", 200), take(g, "a", 1)}
		}, "[75 25 0]"},
		{"twice the weight, twice the part", 1, func(g *quota.Gate) []int {
			return []int{take(g, "bell", 40), take(g, "a", 36), take(g, "acme", 200), take(g, "a", 1), take(g, "bell", 1)}
		}, "[40 36 30 0 0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fmt.Sprint(c.calls(quota.NewGate(shop(), c.mark, 1.2))); got != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

// TestAdmitEnds gives back what ended.
func TestAdmitEnds(t *testing.T) {
	g := quota.NewGate(shop(), 0.5, 1.2)
	done, ok := g.Admit("a", noon)
	if got := take(g, "a", 200); !ok || got != 49 {
		t.Fatalf("%d more calls", got)
	}
	done()
	if got := take(g, "a", 200); got != 1 {
		t.Errorf("%d calls after one ended", got)
	}
}

// TestInvariants: named tenants always get their guarantee, nobody gets more
// than the ceiling, and borrowing ends at the watermark.
func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, mark := shop(), rapid.Float64Range(0.1, 1.5).Draw(t, "mark")
		g := quota.NewGate(q, mark, 1.2)
		busy, total := map[string][]func(){}, 0
		for range rapid.IntRange(1, 300).Draw(t, "calls") {
			name := rapid.SampledFrom([]string{"acme", "bell", "x", "y"}).Draw(t, "tenant")
			if n := len(busy[name]); n > 0 && rapid.IntRange(0, 3).Draw(t, "end") == 0 {
				busy[name][n-1]()
				busy[name] = busy[name][:n-1]
				total--
				continue
			}
			done, ok := g.Admit(name, noon)
			n := len(busy[name])
			guarantee := map[string]int{"acme": 30, "bell": 20}[name]
			switch {
			case !ok && n < guarantee:
				t.Fatalf("%s has %d of %d guaranteed and was refused", name, n, guarantee)
			case ok && n >= guarantee && float64(total+1) > mark*q.Capacity:
				t.Fatalf("%s borrowed above the watermark, with %d of %g", name, total, mark*q.Capacity)
			case ok && name == "bell" && n >= 60:
				t.Fatalf("bell has %d", n+1)
			}
			if ok {
				busy[name] = append(busy[name], done)
				total++
			}
		}
	})
}

// TestLease counts everything by the gate's part of the capacity, while its
// lease is good, and by its declared part after that.
func TestLease(t *testing.T) {
	q := shop()
	q.Gates = 4
	at := func(seconds int, grants ...client.Lease) int {
		g := quota.NewGate(q, 0.8, 1.2)
		for _, l := range grants {
			g.Granted(l, noon.Add(-10*time.Second))
		}
		n := 0
		for {
			if _, ok := g.Admit("acme", noon.Add(time.Duration(seconds)*time.Second)); !ok {
				return n
			}
			n++
		}
	}
	half := client.Lease{Capacity: 50, Seconds: 30, Epoch: 3}
	for _, c := range []struct {
		name      string
		got, want int
	}{
		{"no lease", at(0), 20},
		{"a lease of half", at(0, half), 40},
		{"just before its end", at(19, half), 40},
		{"after its end", at(20, half), 20},
		{"of the side that was not promoted", at(0, client.Lease{Capacity: 50, Seconds: 30, Timeline: 2, Epoch: 3}, client.Lease{Capacity: 90, Seconds: 30, Epoch: 4}), 40},
		{"of an older leader", at(0, half, client.Lease{Capacity: 90, Seconds: 30, Epoch: 2}), 40},
		{"nothing: one call is guaranteed in any case", at(0, client.Lease{Seconds: 30}), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d calls, want %d", c.name, c.got, c.want)
		}
	}
}

// TestAsk tells what could have been used since the last time.
func TestAsk(t *testing.T) {
	q := shop()
	q.Gates = 2
	g := quota.NewGate(q, 1, 1.2)
	take(g, "acme", 200) // 50, and one refused
	want := client.LeaseAsk{Gate: "g", Wants: 51}
	if got := g.Ask("g", noon); got != want {
		t.Errorf("asks %+v, want %+v", got, want)
	}
	g.Granted(client.Lease{Capacity: 70, Seconds: 30}, noon)
	want = client.LeaseAsk{Gate: "g", Has: 70, Left: 20, Wants: 50}
	if got := g.Ask("g", noon.Add(10*time.Second)); got != want {
		t.Errorf("asks %+v, want %+v", got, want)
	}
	if got := g.Ask("g", noon.Add(30*time.Second)); got.Has != 0 || got.Left != 0 {
		t.Errorf("after the end of its lease: %+v", got)
	}
}

// TestHandler goes by what Setpoint says, for a service of this machine.
func TestHandler(t *testing.T) {
	g := quota.NewGate(client.Quota{Header: "X-Tenant", Capacity: 1, Gates: 1, Others: client.Tenant{Ceiling: 1, Weight: 1}}, 1, 1)
	entered, leave := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(g.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-leave })))
	defer srv.Close()
	ask := func() int {
		res, err := http.Get(srv.URL)
		if err != nil {
			t.Error(err)
			return 0
		}
		res.Body.Close()
		if res.StatusCode == http.StatusTooManyRequests && res.Header.Get("Retry-After") == "" {
			t.Error("refused without saying for how long")
		}
		return res.StatusCode
	}
	first := make(chan int)
	go func() { first <- ask() }()
	<-entered
	if got := ask(); got != http.StatusTooManyRequests {
		t.Errorf("a second call: %d", got)
	}
	close(leave)
	if got := <-first; got != http.StatusOK {
		t.Errorf("the first call: %d", got)
	}
	g.Follow(client.Setting{Value: 0.01, Rest: 1, Quota: &client.Quota{Capacity: 1, Gates: 1}})
	if got := ask(); got != http.StatusTooManyRequests {
		t.Errorf("after the watermark fell: %d", got)
	}
	if got := g.Stats(); got != (quota.Stats{Borrowed: 1, Refused: 2}) {
		t.Errorf("stats %+v", got)
	}
}
