//go:build linux

package envoy

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const emptyBootstrap = `admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}`

// gone reports whether there is no process of that id.
func gone(pid int) bool { return syscall.Kill(pid, 0) != nil }

// pid asks an Envoy for its process id, through the file system: its command line holds the folder of its own.
func pid(t *testing.T, p *Process) int {
	t.Helper()
	out, err := exec.Command("pgrep", "-f", "--", "--config-path "+p.dir).Output()
	require.NoError(t, err)
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	require.NoError(t, err)
	return n
}

func TestStopLeavesNothing(t *testing.T) {
	p, err := Start(testContext(t), binary(t), []byte(emptyBootstrap), ProcessOptions{})
	require.NoError(t, err)
	id, dir := pid(t, p), p.dir
	assert.NoError(t, p.Err())
	p.Stop()
	p.Stop()
	assert.True(t, gone(id))
	assert.NoDirExists(t, dir)
}

func TestTheProcessEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	p, err := Start(ctx, binary(t), []byte(emptyBootstrap), ProcessOptions{})
	require.NoError(t, err)
	defer p.Stop()
	id := pid(t, p)
	cancel()
	<-p.Done()
	assert.True(t, gone(id))
}

func TestAnEnvoyThatDoesNotStartSaysWhy(t *testing.T) {
	var log bytes.Buffer
	_, err := Start(testContext(t), binary(t), []byte(`nonsense: true`), ProcessOptions{Log: &log})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "nonsense")
	assert.Contains(t, log.String(), "nonsense")
}

func TestAnEnvoyThatEndsByItselfIsAnError(t *testing.T) {
	p, err := Start(testContext(t), binary(t), []byte(emptyBootstrap), ProcessOptions{})
	require.NoError(t, err)
	defer p.Stop()
	require.NoError(t, syscall.Kill(pid(t, p), syscall.SIGKILL))
	<-p.Done()
	require.Error(t, p.Err())
	assert.Contains(t, p.Err().Error(), "killed")
}

// TestParent is the other program of TestTheProcessDiesWithItsParent.
func TestParent(t *testing.T) {
	if os.Getenv("WASMPLANE_TEST_PARENT") == "" {
		t.Skip("runs within another test")
	}
	p, err := Start(context.Background(), os.Getenv("ENVOY"), []byte(emptyBootstrap), ProcessOptions{})
	require.NoError(t, err)
	fmt.Printf("envoy %d %s\n", pid(t, p), p.dir)
	select {}
}

func TestTheProcessDiesWithItsParent(t *testing.T) {
	path := binary(t)
	parent := exec.CommandContext(testContext(t), os.Args[0], "-test.run", "^TestParent$")
	parent.Env = append(os.Environ(), "WASMPLANE_TEST_PARENT=1", "ENVOY="+path)
	out := newLines(nil)
	stdout, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	go out.read(stdout)
	line, err := out.await(testContext(t), 0, func(line string) bool { return strings.HasPrefix(line, "envoy ") })
	require.NoError(t, err)
	var id int
	var dir string
	_, err = fmt.Sscanf(line, "envoy %d %s", &id, &dir)
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait() // its status says that it was killed
	assert.Eventually(t, func() bool { return gone(id) }, 10*time.Second, 5*time.Millisecond)
}
