//go:build unix

package child

import (
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAChildEndsWithItsGroup(t *testing.T) {
	tests := []struct{ name, script string }{
		{"when asked", "sleep 100 & wait"},
		{"when it does not listen", "trap '' TERM; sleep 100 & wait; sleep 100"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command("sh", "-c", tt.script)
			ended, err := Start(cmd)
			require.NoError(t, err)
			group := cmd.Process.Pid
			Terminate(cmd.Process, ended, 100*time.Millisecond)
			<-ended
			assert.False(t, cmd.ProcessState.Success())
			assert.Eventually(t, func() bool { return syscall.Kill(-group, 0) == syscall.ESRCH }, 10*time.Second, time.Millisecond, "its own children end too")
		})
	}
}

func TestAChildThatCannotStart(t *testing.T) {
	ended, err := Start(exec.Command("/does/not/exist"))
	require.Error(t, err)
	<-ended
}
