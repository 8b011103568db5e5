package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sh starts a shell script as a child.
func sh(t *testing.T, script string) *child {
	t.Helper()
	c, err := spawn("script", filepath.Join(t.TempDir(), "log"), []string{"WHO=world"}, "/bin/sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.stop() })
	return c
}

func TestChildThatRunsIsStopped(t *testing.T) {
	c := sh(t, "exec sleep 600")
	if err := c.gone(); err != nil {
		t.Errorf("running child: %v", err)
	}
	if err := c.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := c.gone(); err == nil {
		t.Error("stopped child is not gone")
	}
	if err := c.stop(); err != nil {
		t.Errorf("stop again: %v", err)
	}
}

func TestChildThatEndedTellsItsLastWords(t *testing.T) {
	c := sh(t, `echo hello $WHO; echo it went wrong >&2; exit 3`)
	<-c.done
	err := c.gone()
	for _, want := range []string{"script ended too early", "exit status 3", "  hello world\n  it went wrong"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("gone() = %v, want it to contain %q", err, want)
		}
	}
	if err := c.ready(t.Context(), "http://127.0.0.1:1/", time.Minute); err == nil || !strings.Contains(err.Error(), "ended too early") {
		t.Errorf("ready() of an ended child = %v", err)
	}
}

func TestChildIsReadyWhenItAnswers(t *testing.T) {
	answers := []int{http.StatusServiceUnavailable, http.StatusServiceUnavailable, http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answers[0])
		answers = answers[1:]
	}))
	defer server.Close()
	c := sh(t, "exec sleep 600")
	if err := c.ready(t.Context(), server.URL, time.Minute); err != nil || len(answers) != 0 {
		t.Errorf("ready() = %v with %d answers to come, want nil after all of them", err, len(answers))
	}
	if err := c.ready(t.Context(), "http://127.0.0.1:1/", 100*time.Millisecond); err == nil {
		t.Error("ready() of a silent child did not give up")
	}
}

func TestProgramThatIsNotThere(t *testing.T) {
	_, err := spawn("setpoint", filepath.Join(t.TempDir(), "log"), nil, "/no/such/program")
	if err == nil || !strings.Contains(err.Error(), "start setpoint") {
		t.Errorf("spawn() = %v, want an error that names setpoint", err)
	}
}

func TestFreeAddressesDiffer(t *testing.T) {
	got, err := freeAddresses(5)
	if err != nil || len(got) != 5 {
		t.Fatalf("freeAddresses(5) = %v, %v", got, err)
	}
	slices.Sort(got)
	if len(slices.Compact(got)) != 5 {
		t.Errorf("freeAddresses(5) = %v, want five different ones", got)
	}
	for _, address := range got {
		if !strings.HasPrefix(address, "127.0.0.1:") {
			t.Errorf("address %s is not loopback", address)
		}
	}
}
