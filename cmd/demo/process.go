package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// child is a process that the demo started and stops.
type child struct {
	name string
	log  string // file that it writes to
	cmd  *exec.Cmd
	done chan struct{} // closed when the process is gone
	err  error         // of the process; to be read after done
}

// stopPatience is how long a child may take to end after SIGTERM.
const stopPatience = 25 * time.Second

// spawn starts a process whose output goes to a file of its own.
func spawn(name, log string, environment []string, program string, args ...string) (*child, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = out, out, tied()
	cmd.Env = append(os.Environ(), environment...)
	c := &child{name: name, log: log, cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go c.live(started, out)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return c, nil
}

// live keeps one operating system thread for the child: the kernel ties the child to the thread that
// started it, and would end it with any thread that the Go runtime retires.
func (c *child) live(started chan<- error, out *os.File) {
	runtime.LockOSThread()
	defer out.Close()
	err := c.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	c.err = c.cmd.Wait()
	close(c.done)
}

// stop asks the child to end, insists after a while, and returns when it is gone.
func (c *child) stop() error {
	c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
		return nil
	case <-time.After(stopPatience):
	}
	c.cmd.Process.Kill()
	<-c.done
	return fmt.Errorf("stop %s: it did not end within %s and was killed", c.name, stopPatience)
}

// gone returns why a child that should be running is not, or nil while it runs.
func (c *child) gone() error {
	select {
	case <-c.done:
		return fmt.Errorf("%s ended too early (%v); its last words, from %s:\n%s", c.name, c.err, c.log, lastLines(c.log, 8))
	default:
		return nil
	}
}

// ready returns when url answers 200. It gives up when the child ends or the time is over.
func (c *child) ready(ctx context.Context, url string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := fetch(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-c.done:
			return c.gone()
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; its last words, from %s:\n%s", c.name, err, c.log, lastLines(c.log, 8))
		case <-tick.C:
		}
	}
}

// fetch returns the body of a 200 answer.
func fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err) // names the URL itself
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(http.MaxBytesReader(nil, response.Body, 16<<20)); err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask %s: %s: %s", url, response.Status, strings.TrimSpace(body.String()))
	}
	return body.Bytes(), nil
}

// freeAddresses returns n loopback addresses that were free a moment ago.
func freeAddresses(n int) ([]string, error) {
	var addresses []string
	var errs []error
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		defer listener.Close() // all are held until all are known, so that they differ
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, errors.Join(errs...)
}

// lastLines returns the end of a file, for people.
func lastLines(path string, n int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "  " + err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-n):], "\n  ")
}
