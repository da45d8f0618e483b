package ratelimit

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
)

// networkKeys are addresses and CIDR networks. They are looked up once for each prefix length that occurs, so the cost
// does not grow with their number.
type networkKeys struct {
	first             map[netip.Prefix]int
	lengths, lengths6 []int // that occur, of IPv4 and IPv6
	// all is the index after the first key of length 0, 0 if there is none: such a key fits addresses of both families.
	all   int
	count int
}

// Add implements KeyList.
func (k *networkKeys) Add(key string) error {
	network, err := address.ParsePrefix(key)
	if err != nil {
		return errors.New("failed to parse IPNet for key '" + key + "': invalid IP[" + key + "]")
	}
	k.count++
	if network.Bits() == 0 {
		if k.all == 0 {
			k.all = k.count
		}
		return nil
	}
	if k.first == nil {
		k.first = map[netip.Prefix]int{}
	}
	if _, there := k.first[network]; there {
		return nil
	}
	k.first[network] = k.count - 1
	lengths := &k.lengths6
	if network.Addr().Is4() {
		lengths = &k.lengths
	}
	if !slices.Contains(*lengths, network.Bits()) {
		*lengths = append(*lengths, network.Bits())
	}
	return nil
}

// Match implements Keys.
func (k *networkKeys) Match(v Value) int {
	best := k.all - 1
	lengths := k.lengths6
	if v.Addr.Is4() {
		lengths = k.lengths
	}
	for _, bits := range lengths {
		network, err := v.Addr.Prefix(bits)
		if err != nil {
			continue
		}
		if i, ok := k.first[network]; ok && (best < 0 || i < best) {
			best = i
		}
	}
	return best
}
