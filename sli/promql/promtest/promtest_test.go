package promtest_test

import (
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"setpoint.dev/setpoint/sli/promql/promtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStart(t *testing.T) {
	for _, backend := range promtest.Installed(t) {
		s := promtest.Start(t, promtest.Config{Backend: backend})
		resp, err := http.Get(s.URL + "/api/v1/query?query=1")
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, %v", backend, resp.StatusCode, err)
		}
		for range 2 {
			if err := s.Stop(); err != nil {
				t.Errorf("%s: %v", backend, err)
			}
		}
		if _, err := http.Get(s.URL); err == nil {
			t.Errorf("%s still answers after Stop", backend)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	_, err := promtest.Run(promtest.Config{Dir: t.TempDir(), Flags: []string{"--no-such-flag"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Errorf("got %v, want the program's own words", err)
	}
	_, err = promtest.Run(promtest.Config{Dir: t.TempDir(), Backend: "no-such-backend"})
	if err == nil || !strings.Contains(err.Error(), "run `make parts`") {
		t.Errorf("got %v, want a hint", err)
	}
}
