package promtest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Alertmanager is a program that runs as backends do, but is none.
const Alertmanager Backend = "alertmanager"

// StartAlertmanager runs an Alertmanager with a configuration until the test
// ends, at an address, or a free one where that is "". The test fails when it
// cannot.
func StartAlertmanager(t testing.TB, config, address string) *Server {
	t.Helper()
	s, err := runAlertmanager(t.TempDir(), config, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func runAlertmanager(dir, config, address string) (*Server, error) {
	program, err := Alertmanager.Program()
	file := filepath.Join(dir, "alertmanager.yml")
	err = errors.Join(err, os.WriteFile(file, []byte(config), 0o600))
	if address == "" && err == nil {
		address, err = freeAddress()
	}
	if err != nil {
		return nil, err
	}
	c, err := spawn(filepath.Join(dir, "alertmanager.log"), program,
		"--config.file="+file, "--storage.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--cluster.listen-address=")
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://" + address, Backend: Alertmanager, child: c}
	if err := c.wait(s.URL + "/-/ready"); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}
