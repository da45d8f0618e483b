package server

import (
	"sync"

	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/plugin"
)

// callouts are a worker's call-outs. A call-out to a cluster that the manifests have but production would not push is
// refused as there, and the log says once what to do about it: the guest sees no more than "bad argument".
type callouts struct {
	plugin.Callouts
	hints *callHints
}

// HasCluster implements plugin.Callouts.
func (c callouts) HasCluster(name string) bool {
	if c.Callouts.HasCluster(name) {
		return true
	}
	c.hints.refused(name)
	return false
}

// callHints are the clusters that are not pushed. It is safe for concurrent use.
type callHints struct {
	log *logger

	mu        sync.Mutex
	notPushed map[string]string // cluster to where its service is defined
	said      map[string]bool
}

// set replaces the clusters that are not pushed, and returns what restores the former ones.
func (h *callHints) set(clusters []*manifest.Cluster) (restore func()) {
	next := map[string]string{}
	for _, c := range clusters {
		next[c.Name] = c.Source
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	former := h.notPushed
	h.notPushed = next
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.notPushed = former
	}
}

func (h *callHints) refused(name string) {
	h.mu.Lock()
	source, known := h.notPushed[name]
	first := known && !h.said[name]
	if first {
		if h.said == nil {
			h.said = map[string]bool{}
		}
		h.said[name] = true
	}
	h.mu.Unlock()
	if first {
		h.log.warnf("a plugin called cluster %s and was refused: the service (%s) is not pushed to the gateway because no "+
			"route refers to it. Add a route to it, or push all clusters: --push-all-clusters here, the Helm value "+
			"global.onlyPushRouteCluster=false in production", name, source)
	}
}
