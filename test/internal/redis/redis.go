// Package redis gives suites a Redis of their own that ends with the test. Nothing but tests imports it.
package redis

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/tidwall/resp"
)

// Server starts a real Redis and returns its address. It skips the test where none is installed.
func Server(t testing.TB) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	return start(t, binary)
}

// Any starts a real Redis, where none is installed an embedded one, and returns its address.
func Any(t testing.TB) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return miniredis.RunT(t).Addr()
	}
	return start(t, binary)
}

// start returns when the server listens.
func start(t testing.TB, binary string) string {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(binary, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	output, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	said := bufio.NewScanner(output)
	for said.Scan() {
		if strings.Contains(said.Text(), "Ready to accept connections") {
			go func() { _, _ = io.Copy(io.Discard, output) }()
			return address
		}
	}
	t.Fatal("redis-server ended before it was ready")
	return ""
}

// freeAddress is one on which nothing listens.
func freeAddress() (string, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return free.Addr().String(), free.Close()
}

// Do sends one command to the Redis at an address, and returns its answer, which may be an error of Redis.
func Do(t testing.TB, address, command string, words ...any) resp.Value {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := resp.NewWriter(conn).WriteMultiBulk(command, words...); err != nil {
		t.Fatal(err)
	}
	value, _, err := resp.NewReader(conn).ReadValue()
	if err != nil {
		t.Fatal(err)
	}
	return value
}
