//go:build !linux

package cluster

import "syscall"

// tied does nothing where a child cannot be told of its parent's death: a cluster outlives a kill -9 of
// its parent, and the next Start adopts it.
func tied(attr *syscall.SysProcAttr) *syscall.SysProcAttr { return attr }
