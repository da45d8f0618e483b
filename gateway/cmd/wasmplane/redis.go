package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/wasmplane/wasmplane/gateway/child"
)

var errNoRedisServer = errors.New("no redis-server on PATH")

// startRedisServer runs an empty redis-server on a free port of the loopback interface until stop is called.
func startRedisServer(ctx context.Context) (address string, stop func(), err error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", nil, errNoRedisServer
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = listener.Addr().String()
	listener.Close()
	dir, err := os.MkdirTemp("", "wasmplane-redis")
	if err != nil {
		return "", nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir)
	ended, err := child.Start(cmd)
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, fmt.Errorf("redis-server: %w", err)
	}
	stop = func() {
		child.Terminate(cmd.Process, ended, 5*time.Second)
		<-ended
		os.RemoveAll(dir)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return address, stop, nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			stop()
			return "", nil, fmt.Errorf("redis-server does not answer: %w", err)
		}
	}
}
