package promtest

import "syscall"

// tied has the kernel end a child whose parent dies.
func tied() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
