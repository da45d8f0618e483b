package cases

import (
	"context"
	"sync"
)

// signals are what steps tell services that wait for it. They are forgotten with the case.
type signals struct {
	mu   sync.Mutex
	told map[string]chan struct{} // closed once told
	over context.CancelFunc
	ctx  context.Context // of the case
}

func newSignals() *signals {
	s := &signals{}
	s.forget()
	return s
}

// forget ends all waiting, in vain, and begins anew.
func (s *signals) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil {
		s.over()
	}
	s.told = map[string]chan struct{}{}
	s.ctx, s.over = context.WithCancel(context.Background())
}

// of returns the channel of a name, and the context of the case.
func (s *signals) of(name string) (chan struct{}, context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told[name] == nil {
		s.told[name] = make(chan struct{})
	}
	return s.told[name], s.ctx
}

// tell lets go on who waits for the name, now or later.
func (s *signals) tell(name string) {
	told, _ := s.of(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-told:
	default:
		close(told)
	}
}

// await waits for a name, and reports whether it was told while the exchange lived.
func (s *signals) await(name string, gone <-chan struct{}) bool {
	told, ctx := s.of(name)
	select {
	case <-told:
		return true
	case <-gone:
	case <-ctx.Done():
	}
	return false
}

// waited are the names that answers of the case wait for.
func (c *Case) waited() map[string]bool {
	names := map[string]bool{}
	add := func(services []Service) {
		for i := range services {
			for j := range services[i].Answers {
				if until := services[i].Answers[j].Response.Until; until != "" {
					names[until] = true
				}
			}
		}
	}
	add(c.services)
	for i := range c.Steps {
		add(c.Steps[i].Services)
	}
	return names
}
