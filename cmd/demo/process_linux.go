package main

import "syscall"

// tied puts a child in a process group of its own, so that Ctrl-C reaches only the demo, which stops
// its children in order; and has the kernel end the child when the thread that started it ends.
func tied() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
