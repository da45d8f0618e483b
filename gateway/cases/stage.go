package cases

import (
	"context"
	"fmt"
	"net"
)

// stage holds the upstreams of a run. There is one listener for each service and kind, shared by the cases in turn.
type stage struct {
	recorder *recorder
	meetings *meetings
	signals  *signals
	http     map[string]*service
	redis    map[string]*redisService
	relays   map[string]*relay
	raw      map[string]*rawService
	refuser  *refuser
}

// newStage starts all services that the cases name.
func newStage(cases []*Case, redisAddress string) (*stage, error) {
	s := &stage{recorder: newRecorder(), meetings: &meetings{}, signals: newSignals(), http: map[string]*service{}, redis: map[string]*redisService{}, relays: map[string]*relay{}, raw: map[string]*rawService{}}
	for _, c := range cases {
		for i := range c.services {
			def := &c.services[i]
			err := s.start(def)
			if err == nil && def.Redis && c.relayed(def.key()) && s.relays[def.key()] == nil {
				s.relays[def.key()], err = startRelay(def.key(), redisAddress)
			}
			if err != nil {
				s.close()
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *stage) start(def *Service) (err error) {
	key := def.key()
	switch {
	case def.Redis || def.NoEndpoints:
	case def.Unreachable:
		if s.refuser == nil {
			s.refuser, err = newRefuser()
		}
	case def.Raw != nil:
		if s.raw[key] == nil {
			var started *rawService
			if started, err = startRawService(key); err == nil {
				s.raw[key] = started
			}
		}
	case len(def.Commands) > 0:
		if s.redis[key] == nil {
			var started *redisService
			if started, err = startRedisService(key, s.recorder); err == nil {
				s.redis[key] = started
			}
		}
	case s.http[key] == nil:
		var started *service
		if started, err = startService(key, s.recorder, s.meetings, s.signals); err == nil {
			s.http[key] = started
		}
	}
	return err
}

// upstreams maps the case's services to their addresses.
func (s *stage) upstreams(c *Case, redisAddress string) map[string]string {
	out := map[string]string{}
	for i := range c.services {
		def := &c.services[i]
		key := def.key()
		switch {
		case def.NoEndpoints:
			out[key] = ""
		case def.Redis && c.relayed(key):
			out[key] = s.relays[key].address
		case def.Redis:
			out[key] = redisAddress
		case def.Unreachable:
			out[key] = s.refuser.address
		case def.Raw != nil:
			out[key] = s.raw[key].listener.Addr().String()
		case len(def.Commands) > 0:
			out[key] = s.redis[key].listener.Addr().String()
		default:
			out[key] = s.http[key].address
		}
	}
	return out
}

// redisServices lists the case's services that are a Redis.
func redisServices(c *Case) []string {
	var out []string
	for i := range c.services {
		if def := &c.services[i]; def.Redis || len(def.Commands) > 0 {
			out = append(out, def.key())
		}
	}
	return out
}

// play puts the case's answers in force.
func (s *stage) play(c *Case) {
	s.signals.forget()
	s.change(c.services)
}

// change makes services do what they are defined to. How often their answers were used counts anew.
func (s *stage) change(services []Service) {
	for i := range services {
		def := &services[i]
		if relay := s.relays[def.key()]; relay != nil {
			relay.behave(def.Delay.Duration, def.Gone)
		}
		if def.Raw != nil {
			s.raw[def.key()].play(*def.Raw)
			continue
		}
		if r := s.redis[def.key()]; r != nil && len(def.Commands) > 0 {
			r.play(def.Commands)
		} else if h := s.http[def.key()]; h != nil {
			h.play(def.Answers)
		}
	}
}

// replay puts the case's answers in force as they are for another step: how often each was used counts on.
func (s *stage) replay(services []Service) {
	for i := range services {
		def := &services[i]
		if relay := s.relays[def.key()]; relay != nil {
			relay.behave(def.Delay.Duration, def.Gone)
		}
		if def.Raw != nil {
			s.raw[def.key()].play(*def.Raw)
			continue
		}
		if r := s.redis[def.key()]; r != nil && len(def.Commands) > 0 {
			r.replay(def.Commands)
		} else if h := s.http[def.key()]; h != nil {
			h.replay(def.Answers)
		}
	}
}

func (s *stage) within(ctx context.Context) {
	for _, service := range s.http {
		service.within(ctx)
	}
}

func (s *stage) close() {
	s.signals.forget()
	for _, service := range s.http {
		service.close()
	}
	for _, service := range s.redis {
		service.close()
	}
	for _, raw := range s.raw {
		raw.close()
	}
	for _, relay := range s.relays {
		if relay != nil {
			relay.close()
		}
	}
	if s.refuser != nil {
		s.refuser.close()
	}
}

// refuser is an address that refuses connections for as long as it is held: the local end of an open connection, whose
// port nobody else can be given.
type refuser struct {
	address  string
	listener net.Listener
	conn     net.Conn
}

func newRefuser() (*refuser, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("unreachable service: %w", err)
	}
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		ln.Close()
		return nil, fmt.Errorf("unreachable service: %w", err)
	}
	return &refuser{conn.LocalAddr().String(), ln, conn}, nil
}

func (r *refuser) close() {
	r.conn.Close()
	r.listener.Close()
}
