//go:build unix && !linux

package child

import "syscall"

// Attributes put a child into a process group of its own, so that Ctrl-C in a terminal is this process' to handle.
func Attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
