package server

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/wasmplane/wasmplane/gateway/echo"
)

// agingStep is how often the embedded Redis is told that time passed: miniredis expires nothing by itself.
const agingStep = 20 * time.Millisecond

// embedded are the upstreams that the gateway brings along.
type embedded struct {
	echoAddr  string // "" when it is off
	redisAddr string

	echo       *echo.Server
	echoListen net.Listener
	redis      *miniredis.Miniredis
	stop       chan struct{}
	running    sync.WaitGroup
}

// startEmbedded starts the echo upstream, unless it is turned off, and, where no other server is given, a Redis.
func startEmbedded(config Config) (*embedded, error) {
	e := &embedded{redisAddr: config.Redis, stop: make(chan struct{})}
	if !config.NoEcho {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("echo upstream: %w", err)
		}
		e.echo, e.echoListen, e.echoAddr = echo.New(), listener, listener.Addr().String()
		e.running.Go(func() { e.echo.Serve(listener) })
	}
	if config.Redis == "" {
		redis := miniredis.NewMiniRedis()
		if err := redis.StartAddr("127.0.0.1:0"); err != nil {
			e.close()
			return nil, fmt.Errorf("embedded redis: %w", err)
		}
		e.redis, e.redisAddr = redis, redis.Addr()
		e.running.Go(e.age)
	}
	return e, nil
}

// age lets keys expire in real time.
func (e *embedded) age() {
	ticker := time.NewTicker(agingStep)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-e.stop:
			return
		case now := <-ticker.C:
			e.redis.SetTime(now)
			e.redis.FastForward(now.Sub(last))
			last = now
		}
	}
}

// close ends everything and waits for it. It must be called once.
func (e *embedded) close() {
	close(e.stop)
	if e.echo != nil {
		e.echo.Close()
		e.echoListen.Close() // which Serve may not have seen yet
	}
	if e.redis != nil {
		e.redis.Close()
	}
	e.running.Wait()
}
