package wrapper

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// plugin is the part of a plugin context that does not depend on the configuration type. Two resources with the same
// code share a VM, so everything that belongs to one of them is here and nothing is in the VM.
type plugin struct {
	contextID  uint32
	name       string // as registered
	id         string // `_plugin_id_`, may be empty
	logger     log.Log
	vmID       *string
	failClosed bool

	fingerprint string
	isolated    bool
	values      map[string]interface{}

	starting   bool
	ticks      []TickFuncEntry
	tickPeriod int64 // ms; 0 when no tick is set

	leader          bool
	electAtNextTick bool

	requests       uint64
	rebuildAsked   bool
	warnedNoRoutes bool
}

// SetContext stores a value for the life of the plugin context.
func (p *plugin) SetContext(key string, value interface{}) {
	if p.values == nil {
		p.values = map[string]interface{}{}
	}
	p.values[key] = value
}

// GetContext returns a stored value, or nil.
func (p *plugin) GetContext(key string) interface{} { return p.values[key] }

// EnableRuleLevelConfigIsolation keeps one bad rule from failing the plugin start: the rule's last good configuration
// in this VM is used, else the rule is left out. Call it in the PrePluginStartOrReload hook.
func (p *plugin) EnableRuleLevelConfigIsolation() { p.isolated = true }

// IsRuleLevelConfigIsolation reports whether isolation is on.
func (p *plugin) IsRuleLevelConfigIsolation() bool { return p.isolated }

// GetFingerPrint returns the name of the plugin resource as the host reports it, else the registered plugin name.
func (p *plugin) GetFingerPrint() string {
	if p.fingerprint != "" {
		return p.fingerprint
	}
	p.fingerprint = p.name
	if name, err := proxywasm.GetProperty([]string{"plugin_name"}); err == nil && len(name) > 0 {
		p.fingerprint = string(name)
	}
	return p.fingerprint
}
