package codec

import (
	"bufio"
	"net"
	"time"
)

// upstreamConn is one HTTP/1 connection of a pool. Its goroutine reads for as long as the connection lives, so that a
// close is noticed while it is idle.
type upstreamConn struct {
	pool *Pool
	addr string
	nc   net.Conn
	br   *bufio.Reader

	// Under Pool.mu:
	x      *upstreamExchange // nil while idle
	reused bool
	timer  *time.Timer // idle timeout
}

func (c *upstreamConn) read() {
	defer c.nc.Close()
	for {
		_, err := c.br.Peek(1)
		x := c.exchange()
		if x == nil {
			return
		}
		if err != nil {
			x.lost(c, err)
			return
		}
		if !x.readResponse(c) || !c.pool.release(c) {
			return
		}
	}
}

// exchange returns the exchange that what was read belongs to. An idle connection has none, and is dropped.
func (c *upstreamConn) exchange() *upstreamExchange {
	c.pool.dropIdle(c)
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if c.x == nil {
		c.timer.Stop()
	}
	return c.x
}

func (c *upstreamConn) wasReused() bool {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	return c.reused
}
