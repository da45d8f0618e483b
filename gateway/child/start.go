package child

import (
	"os/exec"
	"runtime"
)

// Start starts a command with the Attributes and waits for its end, which closes ended; what became of it is in
// cmd.ProcessState then. The waiting goroutine keeps its thread: on Linux the death of the thread that started a process
// counts as that of its parent.
func Start(cmd *exec.Cmd) (ended <-chan struct{}, err error) {
	cmd.SysProcAttr = Attributes()
	started, over := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(over)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // cmd.ProcessState tells
		}
	}()
	return over, <-started
}
