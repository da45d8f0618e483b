package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// load sends one request again and again over kept connections, one at a time on each.
type load struct {
	request []byte
	answer  int // bytes of a whole response; they are all as long
	conns   []net.Conn
}

// connections to each Envoy. With many its worker finds work whenever it looks, as under full load; with few it sleeps
// between requests, and what waking up costs hides what filters cost.
const connections = 32

// wireRequest writes get() as HTTP/1.1, with another key if key is not the one that passes; without one if it is empty.
func wireRequest(key string) []byte {
	var b bytes.Buffer
	b.WriteString("GET /orders/17?page=2 HTTP/1.1\r\nhost: " + authority + "\r\n")
	for _, h := range get().Headers[4:] {
		if h[0] == "x-api-key" {
			if key == "" {
				continue
			}
			h[1] = key
		}
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// dial connects and sends a first request on each connection, which must be answered with 200.
func dial(ctx context.Context, address string) (*load, error) {
	l := &load{request: wireRequest(theKey)}
	for range connections {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			l.close()
			return nil, err
		}
		l.conns = append(l.conns, conn)
		status, size, err := first(conn, l.request)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d, not 200", status)
		}
		if err != nil {
			l.close()
			return nil, err
		}
		l.answer = size
	}
	return l, nil
}

// first sends a request and returns the status and the size of its response, head included.
func first(conn net.Conn, request []byte) (status, size int, err error) {
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, 0, err
	}
	defer conn.SetDeadline(time.Time{})
	if _, err := conn.Write(request); err != nil {
		return 0, 0, err
	}
	var raw bytes.Buffer
	// Nothing follows the response before the next request, so raw holds it and no more.
	response, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &raw)), nil)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, 0, err
	}
	return response.StatusCode, raw.Len(), nil
}

// statusFor sends one request with a key on a connection of its own.
func statusFor(ctx context.Context, address, key string) (int, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	status, _, err := first(conn, wireRequest(key))
	return status, err
}

// send sends n requests on each connection and checks each response's status.
func (l *load) send(ctx context.Context, n int) error {
	stop := context.AfterFunc(ctx, l.close) // ends reads that wait
	defer stop()
	failures := make([]error, len(l.conns))
	var wait sync.WaitGroup
	for i, conn := range l.conns {
		wait.Go(func() { failures[i] = l.sendOn(conn, n) })
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *load) sendOn(conn net.Conn, n int) error {
	answer := make([]byte, l.answer)
	for range n {
		if _, err := conn.Write(l.request); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, answer); err != nil {
			return err
		}
		if !strings.HasPrefix(string(answer[:12]), "HTTP/1.1 200") {
			return fmt.Errorf("response %q", answer)
		}
	}
	return nil
}

func (l *load) close() {
	for _, conn := range l.conns {
		conn.Close()
	}
}
