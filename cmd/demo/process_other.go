//go:build !linux

package main

import "syscall"

// tied puts a child in a process group of its own, so that Ctrl-C reaches only the demo, which stops
// its children in order. A demo that is killed with -9 leaves them running on these systems.
func tied() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
