package cases

import (
	"context"
	"fmt"
	"slices"
)

// Pairing is implemented by engines that can run a second gateway.
type Pairing interface {
	// Second returns another engine of the same kind on the same Redis. It is closed with the first, and is the same for
	// every call.
	Second(ctx context.Context) (Engine, error)
}

// paired reports whether a step of the case sends requests to a second gateway.
func (c *Case) paired() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool { return slices.Contains(s.Gateways, 2) })
}

// startSecond starts the second gateway where a case needs it.
func (r *run) startSecond(ctx context.Context, cases []*chosen) error {
	var configurations []Configuration
	for _, c := range cases {
		if c.paired() && c.err == nil {
			configurations = append(configurations, c.configuration)
		}
	}
	if len(configurations) == 0 {
		return nil
	}
	pairing, ok := r.engine.(Pairing)
	if !ok {
		return fmt.Errorf("%s has no second gateway", r.engine.Name())
	}
	var err error
	if r.second, err = pairing.Second(ctx); err != nil {
		return fmt.Errorf("second gateway: %w", err)
	}
	if err := r.second.Prepare(ctx, configurations); err != nil {
		return fmt.Errorf("prepare second %s: %w", r.engine.Name(), err)
	}
	return nil
}

// engineOf is the gateway that takes the request of that number.
func (s *stepRun) engineOf(i int) Engine {
	if n := len(s.x.Gateways); n > 0 && s.x.Gateways[i%n] == 2 {
		return s.run.second
	}
	return s.run.engine
}

func (c *checker) gateways(path string, x *Exchange) {
	for i, number := range x.Gateways {
		if number != 1 && number != 2 {
			c.fail(fmt.Sprintf("%s.gateways[%d]", path, i), "must be 1 or 2, not %d", number)
		}
	}
}
