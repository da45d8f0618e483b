//go:build unix

package child

import (
	"os"
	"syscall"
	"time"
)

// Terminate asks a child's process group to end, and makes it when it has not within patience. ended is closed by whoever
// waits for the child.
func Terminate(process *os.Process, ended <-chan struct{}, patience time.Duration) {
	_ = syscall.Kill(-process.Pid, syscall.SIGTERM) // fails if it is gone already
	select {
	case <-ended:
	case <-time.After(patience):
		_ = syscall.Kill(-process.Pid, syscall.SIGKILL)
	}
}
