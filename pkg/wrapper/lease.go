package wrapper

import (
	"math"
	"strconv"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// Keys in the gateway's shared data.
const (
	VMLeaseKeyPrefix     = "higress_wasm_vm_lease"
	ConfigStoreLeaderKey = "config_store"
)

const (
	leaseSeconds       = 60
	leaseRenewalPeriod = 20_000 // ms
)

// Lease is the shared-data record of the leader among the VMs of one plugin in one gateway process.
type Lease struct {
	VMID      string `json:"vmID"`
	Timestamp int64  `json:"timestamp"` // Unix seconds of the last renewal
}

// IsLeader reports whether this VM won the last election it took part in.
func (p *plugin) IsLeader() bool { return p.leader }

// DoLeaderElection takes part in the election of one VM among those that run this plugin in this gateway process. A
// lease holds for 60 s. Called while the plugin starts, it only arranges for elections on ticks from then on, every
// 20 s: a VM that is started merely to check a configuration must not take the lease.
func (p *plugin) DoLeaderElection() {
	if !p.starting {
		p.elect()
		return
	}
	if p.electAtNextTick {
		return
	}
	p.electAtNextTick = true
	p.ticks = append(p.ticks, TickFuncEntry{period: leaseRenewalPeriod, run: p.elect})
}

func (p *plugin) elect() {
	p.leader = false
	key := VMLeaseKeyPrefix + ":" + p.GetFingerPrint()
	if *p.vmID == "" {
		*p.vmID = newUUID()
	}
	value, cas, err := proxywasm.GetSharedData(key)
	switch {
	case err == types.ErrorStatusNotFound || (err == nil && len(value) == 0):
		p.leader = p.claimFreeLease(key, cas)
		return
	case err != nil:
		log.Error("get lease failed: " + err.Error())
		return
	}
	lease, ok := parseLease(value)
	if !ok {
		log.Error("lease " + key + " is not readable")
		return
	}
	if lease.VMID != *p.vmID && time.Now().Unix()-lease.Timestamp <= leaseSeconds {
		return
	}
	p.leader = p.writeLease(key, cas)
}

// claimFreeLease makes the first write with a CAS that no record has: a host takes any CAS for a new key and refuses a
// wrong one for a key that is there meanwhile, so of two VMs that both found nothing only one succeeds. A host that
// refuses it although there is still nothing gets the CAS of an absent record.
func (p *plugin) claimFreeLease(key string, absent uint32) bool {
	if p.writeLease(key, math.MaxUint32) {
		return true
	}
	if value, _, err := proxywasm.GetSharedData(key); err == nil && len(value) > 0 {
		return false
	}
	return p.writeLease(key, absent)
}

func (p *plugin) writeLease(key string, cas uint32) bool {
	value := `{"vmID":"` + *p.vmID + `","timestamp":` + strconv.FormatInt(time.Now().Unix(), 10) + `}`
	err := proxywasm.SetSharedData(key, []byte(value), cas)
	if err == types.ErrorStatusCasMismatch {
		return false
	}
	if err != nil {
		log.Error("set lease failed: " + err.Error())
		return false
	}
	return true
}

func parseLease(value []byte) (Lease, bool) {
	if !gjson.ValidBytes(value) {
		return Lease{}, false
	}
	json := gjson.ParseBytes(value)
	return Lease{VMID: json.Get("vmID").String(), Timestamp: json.Get("timestamp").Int()}, json.IsObject()
}
