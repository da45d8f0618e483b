//go:build !unix

package envoy

import (
	"os"
	"syscall"
)

// terminate ends a process. Envoy is not made for this system any more; it may still run in a layer of another.
func terminate(process *os.Process, _ <-chan struct{}) { _ = process.Kill() }

func processAttributes() *syscall.SysProcAttr { return nil }
