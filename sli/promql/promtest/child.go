package promtest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

const (
	startPatience = 30 * time.Second
	stopPatience  = 10 * time.Second
)

// child is a process that was started here.
type child struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it is gone
	err  error         // how it ended; to be read after done
}

func spawn(log, program string, args ...string) (*child, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	c := &child{cmd: exec.Command(program, args...), log: log, done: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr, c.cmd.SysProcAttr = out, out, tied()
	started := make(chan error)
	go c.live(out, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return c, nil
}

// live keeps one thread for the child: the kernel ties it to the thread that
// started it.
func (c *child) live(out *os.File, started chan<- error) {
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

// wait returns when a URL is answered.
func (c *child) wait(url string) error {
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	late := time.After(startPatience)
	for !answers(url) {
		select {
		case <-poll.C:
		case <-c.done:
			return fmt.Errorf("%s ended early: %v; its last words:\n%s", c.cmd.Path, c.err, c.lastWords())
		case <-late:
			return fmt.Errorf("%s is not ready after %s; its last words:\n%s", c.cmd.Path, startPatience, c.lastWords())
		}
	}
	return nil
}

// stop asks the child to end, and insists after a while.
func (c *child) stop() error {
	select {
	case <-c.done:
		return nil
	default:
	}
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	_ = c.cmd.Process.Signal(syscall.SIGCONT) // a test may have halted it
	select {
	case <-c.done:
		return nil
	case <-time.After(stopPatience):
	}
	_ = c.cmd.Process.Kill()
	<-c.done
	return fmt.Errorf("stop %s: it did not end within %s and was killed", c.cmd.Path, stopPatience)
}

func (c *child) lastWords() string {
	text, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}
