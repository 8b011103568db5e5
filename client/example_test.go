package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"setpoint.dev/setpoint/client"
)

// server stands for a Setpoint that listens on its own address.
func server() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/v1/gate/checkout":
			fmt.Fprint(w, `{"verdict":"deny","allowed":false,"service":"checkout","words":"deny: checkout has 3 % of its budget left"}`)
		case "/v1/settings/reporting-timeout":
			w.Header().Set("ETag", `"1"`)
			fmt.Fprint(w, `{"actuator":"reporting-timeout","value":5,"unit":"s","shown":"5 s"}`)
		}
	}))
}

// A pipeline asks before it deploys, and decides itself what silence means.
func ExampleClient_Gate() {
	s := server()
	defer s.Close()
	setpoint := client.Client{URL: s.URL}

	answer, err := setpoint.Gate(context.Background(), client.Question{Service: "checkout", Environment: "production", Release: "v1.8.0"})
	switch {
	case errors.Is(err, client.ErrNoAnswer):
		fmt.Println("nobody answers: this pipeline waits")
	case err != nil:
		fmt.Println(err)
	case answer.Allowed:
		fmt.Println("deploying")
	default:
		fmt.Println(answer.Words)
	}
	// Output: deny: checkout has 3 % of its budget left
}

// A service follows the query timeout that the loop sets.
func ExampleClient_Watch() {
	s := server()
	defer s.Close()
	setpoint := client.Client{URL: s.URL}

	timeout := 30 * time.Second // the service's own default, until Setpoint is heard
	ctx, cancel := context.WithCancel(context.Background())
	_ = setpoint.Watch(ctx, "reporting-timeout", func(v client.Setting) {
		timeout = time.Duration(v.Value * float64(time.Second))
		cancel() // a service would go on
	})
	fmt.Println(timeout)
	// Output: 5s
}
