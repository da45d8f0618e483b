//go:build unix

package envoy

import (
	"os"
	"syscall"
	"time"
)

// terminate asks a process group to end, then makes it.
func terminate(process *os.Process, ended <-chan struct{}) {
	_ = syscall.Kill(-process.Pid, syscall.SIGTERM) // fails if it is gone already
	select {
	case <-ended:
	case <-time.After(stopTimeout):
		_ = syscall.Kill(-process.Pid, syscall.SIGKILL)
	}
}
