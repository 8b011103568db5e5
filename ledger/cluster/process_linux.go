package cluster

import "syscall"

// tied makes a child get SIGINT, for PostgreSQL a clean and fast shutdown, when the thread that started it
// ends; see spawn.
func tied(attr *syscall.SysProcAttr) *syscall.SysProcAttr {
	attr.Pdeathsig = syscall.SIGINT
	return attr
}
