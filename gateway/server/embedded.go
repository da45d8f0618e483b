package server

import (
	"fmt"
	"net"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/wasmplane/wasmplane/gateway/echo"
)

// agingStep is how often the embedded Redis is told that time passed: miniredis expires nothing by itself.
const agingStep = 20 * time.Millisecond

// embedded are the upstreams that the gateway brings along.
type embedded struct {
	echo     *echo.Server
	echoAddr string
	redis    *miniredis.Miniredis
	stop     chan struct{}
}

// startEmbedded starts the echo upstream and, where no other server is given, a Redis.
func startEmbedded(config Config) (*embedded, error) {
	e := &embedded{stop: make(chan struct{})}
	if !config.NoEcho {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("echo upstream: %w", err)
		}
		e.echo, e.echoAddr = echo.New(), listener.Addr().String()
		go e.echo.Serve(listener)
	}
	if config.Redis == "" {
		e.redis = miniredis.NewMiniRedis()
		if err := e.redis.StartAddr("127.0.0.1:0"); err != nil {
			e.close()
			return nil, fmt.Errorf("embedded redis: %w", err)
		}
		go e.age()
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

func (e *embedded) redisAddr(config Config) string {
	if config.Redis != "" {
		return config.Redis
	}
	return e.redis.Addr()
}

func (e *embedded) close() {
	close(e.stop)
	if e.echo != nil {
		e.echo.Close()
	}
	if e.redis != nil {
		e.redis.Close()
	}
}
