package child

import "syscall"

// Attributes put a child into a process group of its own, so that Ctrl-C in a terminal is this process' to handle,
// and have it killed when this process dies.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
