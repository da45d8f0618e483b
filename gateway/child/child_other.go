//go:build !unix

package child

import (
	"os"
	"syscall"
	"time"
)

// Terminate ends a child.
func Terminate(process *os.Process, _ <-chan struct{}, _ time.Duration) { _ = process.Kill() }

// Attributes are the default ones.
func Attributes() *syscall.SysProcAttr { return nil }
