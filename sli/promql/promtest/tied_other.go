//go:build !linux

package promtest

import "syscall"

// tied does nothing: a test that is killed leaves its children running here.
func tied() *syscall.SysProcAttr { return nil }
