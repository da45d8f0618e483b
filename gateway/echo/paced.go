package echo

import (
	"sync"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// Paced makes a codec.Sender fit for a producer in a goroutine of its own: Write waits while the peer does not take what
// was sent, and ends with the exchange. All methods may be called from any goroutine.
type Paced struct {
	sending sync.Mutex
	sender  codec.Sender

	mu      sync.Mutex
	changed *sync.Cond
	high    bool
	stopped bool
	gone    chan struct{}
}

var _ codec.Sender = (*Paced)(nil)

// NewPaced returns a sender before s. Its owner forwards OnWriteBuffer to Throttle and OnReset to Stop.
func NewPaced(s codec.Sender) *Paced {
	p := &Paced{sender: s, gone: make(chan struct{})}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// Write sends data, which it takes ownership of, once the peer takes it. It reports whether the exchange is alive.
func (p *Paced) Write(data []byte) bool {
	p.mu.Lock()
	for p.high && !p.stopped {
		p.changed.Wait()
	}
	stopped := p.stopped
	p.mu.Unlock()
	if !stopped {
		p.SendData(data, false)
	}
	return !stopped
}

// Throttle is the receiver's OnWriteBuffer.
func (p *Paced) Throttle(high bool) {
	p.mu.Lock()
	p.high = high
	p.mu.Unlock()
	p.changed.Broadcast()
}

// Stop says that the exchange is over. Waiting calls return.
func (p *Paced) Stop() {
	p.mu.Lock()
	if !p.stopped {
		p.stopped = true
		close(p.gone)
	}
	p.mu.Unlock()
	p.changed.Broadcast()
}

// Gone is closed by Stop.
func (p *Paced) Gone() <-chan struct{} { return p.gone }

// SendHeaders implements codec.Sender, as the next four.
func (p *Paced) SendHeaders(h *header.Map, endStream bool) {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.sender.SendHeaders(h, endStream)
}

// SendData sends without waiting.
func (p *Paced) SendData(data []byte, endStream bool) {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.sender.SendData(data, endStream)
}

// SendTrailers ends the message with trailers.
func (p *Paced) SendTrailers(t *header.Map) {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.sender.SendTrailers(t)
}

// Reset abandons the exchange; waiting calls return.
func (p *Paced) Reset() {
	p.sending.Lock()
	p.sender.Reset()
	p.sending.Unlock()
	p.Stop()
}

// ReadDisable pauses what is received.
func (p *Paced) ReadDisable(disable bool) {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.sender.ReadDisable(disable)
}
