//go:build unix && !linux

package envoy

import "syscall"

// processAttributes put Envoy into a process group of its own, so that Ctrl-C in a terminal is this process' to handle.
func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
