package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// load is the customers: it sends each request when it is due, whatever became of those before (an
// open loop). A slow shop therefore does not get a lighter load. Requests are bounded in time, which
// bounds the number in flight.
type load struct {
	base   string
	client *http.Client
	truth  *truth
}

const (
	loadTimeout = time.Minute     // longer than any answer of the shop takes
	drainFor    = 3 * time.Second // longer than a checkout waits
)

func newLoad(base string, seen *truth) *load {
	transport := &http.Transport{MaxIdleConns: 512, MaxIdleConnsPerHost: 512, IdleConnTimeout: time.Minute}
	return &load{base: base, client: &http.Client{Transport: transport, Timeout: loadTimeout}, truth: seen}
}

// run sends all arrivals, or those due before ctx ends. It then waits a few seconds for answers and
// cuts the rest off.
func (l *load) run(ctx context.Context, arrivals []arrival) {
	defer l.client.CloseIdleConnections()
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var flying sync.WaitGroup
	began := time.Now()
	for _, next := range arrivals {
		if !sleepUntil(ctx, began.Add(next.At)) {
			break
		}
		flying.Go(func() { l.send(sending, next, began.Add(next.At)) })
	}
	timer := time.AfterFunc(drainFor, cut)
	defer timer.Stop()
	flying.Wait()
}

// sleepUntil says false when ctx ended first.
func sleepUntil(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func (l *load) send(ctx context.Context, next arrival, due time.Time) {
	if next.Report {
		l.truth.report(next.At, l.report(ctx, next.Seconds))
		return
	}
	err := l.checkout(ctx, next.Item)
	l.truth.checkout(next.At, err == nil && time.Since(due) <= goodCheckout)
}

func (l *load) checkout(ctx context.Context, item int) error {
	response, err := l.do(ctx, http.MethodPost, fmt.Sprintf("%s/checkout?item=%d", l.base, item))
	if err != nil {
		return err
	}
	defer finish(response)
	if response.StatusCode != http.StatusCreated {
		return fmt.Errorf("check out item %d: %s", item, response.Status)
	}
	return nil
}

func (l *load) report(ctx context.Context, seconds float64) reportAnswer {
	answer := reportAnswer{Outcome: reportFailed}
	response, err := l.do(ctx, http.MethodGet, fmt.Sprintf("%s/report?seconds=%.3f", l.base, seconds))
	if err != nil {
		answer.Words = err.Error()
		return answer
	}
	defer finish(response)
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		answer.Words = err.Error()
	}
	return answer
}

func (l *load) do(ctx context.Context, method, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	return l.client.Do(request)
}

// finish reads to the end, so that the connection can be used again.
func finish(response *http.Response) {
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
}
