package codec

import "sync"

// gate is what ReadDisable closes: readers wait at it while the nesting count is above zero. The zero value is open.
type gate struct {
	mu       sync.Mutex
	disabled int
	opened   chan struct{} // closed when disabled falls to 0; nil while open
	released bool
}

func (g *gate) disable(disable bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if disable {
		g.disabled++
		if g.opened == nil && !g.released {
			g.opened = make(chan struct{})
		}
		return
	}
	if g.disabled == 0 {
		return
	}
	g.disabled--
	if g.disabled == 0 {
		g.open()
	}
}

// release opens the gate for good: the exchange is over.
func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.released = true
	g.open()
}

func (g *gate) open() {
	if g.opened == nil {
		return
	}
	close(g.opened)
	g.opened = nil
}

func (g *gate) wait() {
	for {
		g.mu.Lock()
		opened := g.opened
		g.mu.Unlock()
		if opened == nil {
			return
		}
		<-opened
	}
}
