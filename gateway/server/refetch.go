package server

import (
	"context"
	"slices"
	"time"
)

// maxRefetchInterval bounds the doubling of Config.RefetchInterval.
const maxRefetchInterval = 5 * time.Minute

// refetch reloads the manifests some time after a reload in which a module could not be fetched. The gateway's reload
// lock guards it.
type refetch struct {
	timer *time.Timer
	wait  time.Duration // before the next attempt
}

// plan must be called when a chain has come into force.
func (r *refetch) plan(ctx context.Context, chain []*installed, first time.Duration, reload func(context.Context)) {
	r.stop()
	if !slices.ContainsFunc(chain, func(p *installed) bool { return p.awaited }) {
		r.wait = 0
		return
	}
	if r.wait == 0 {
		r.wait = first
	}
	r.timer = time.AfterFunc(r.wait, func() {
		if ctx.Err() == nil {
			reload(ctx)
		}
	})
	r.wait = min(2*r.wait, maxRefetchInterval)
}

// stop forgets the attempt that is planned.
func (r *refetch) stop() {
	if r.timer != nil {
		r.timer.Stop()
	}
}
