package slo_test

import (
	"syscall"
	"testing"
	"time"
)

// spent is the processor time that do takes, which the work of others on the
// same machine does not lengthen, as it does the time of a clock.
func spent(t *testing.T, do func()) time.Duration {
	t.Helper()
	before := processor(t)
	do()
	return processor(t) - before
}

// processor is the processor time of this process up to now.
func processor(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
