package address

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestContains(t *testing.T) {
	set := setOf(t, "10.0.0.0/8", "192.0.2.7", "192.0.2.8", "198.51.100.0/24", "255.255.255.255", "2001:db8:1::/48", "::1", "ffff::/16")
	tests := []struct {
		addr string
		want bool
	}{
		{"9.255.255.255", false}, {"10.0.0.0", true}, {"10.255.255.255", true}, {"11.0.0.0", false},
		{"192.0.2.6", false}, {"192.0.2.7", true}, {"192.0.2.8", true}, {"192.0.2.9", false},
		{"198.51.100.0", true}, {"198.51.101.0", false}, {"255.255.255.255", true}, {"0.0.0.0", false},
		{"2001:db8:1::", true}, {"2001:db8:1:ffff:ffff:ffff:ffff:ffff", true}, {"2001:db8:2::", false},
		{"::", false}, {"::1", true}, {"::2", false}, {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
		{"a00::1", false}, // the bits of 10.0.0.0, of the other family
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, set.Contains(netip.MustParseAddr(tt.addr)), tt.addr)
	}
	v4, v6 := set.Ranges()
	assert.Equal(t, [2]int{4, 3}, [2]int{v4, v6}, "neighbours are one range")
}

func TestTheWholeOfAFamilyIsNotTheOther(t *testing.T) {
	assert.False(t, setOf(t, "::/0").Contains(netip.MustParseAddr("10.0.0.1")))
	assert.True(t, setOf(t, "::/0").Contains(netip.MustParseAddr("10::1")))
	assert.False(t, setOf(t, "0.0.0.0/0").Contains(netip.MustParseAddr("10::1")))
	assert.True(t, setOf(t, "0.0.0.0/0").Contains(netip.MustParseAddr("10.0.0.1")))
}

func TestEmptySets(t *testing.T) {
	var none *Set
	for _, set := range []*Set{none, {}, setOf(t)} {
		assert.True(t, set.Empty())
		assert.False(t, set.Contains(netip.MustParseAddr("10.0.0.1")))
		assert.False(t, set.Contains(netip.MustParseAddr("::")))
		assert.False(t, set.Contains(netip.Addr{}))
	}
	assert.False(t, setOf(t, "::/0", "0.0.0.0/0").Contains(netip.Addr{}))
	assert.False(t, setOf(t, "::1").Empty())
}

func TestRepeatedNetworks(t *testing.T) {
	var b Builder
	for _, text := range []string{"10.0.0.1", "::1", "10.0.0.0/8", "10.0.0.1", "10.9.9.9/8", "::ffff:10.0.0.1", "::1", "10.0.0.2"} {
		require.NoError(t, b.Add(mustPrefix(t, text)))
	}
	_, repeated := b.Build()
	assert.Equal(t, []int{3, 4, 5, 6}, repeated, "a network inside another is none")
}

func TestTexts(t *testing.T) {
	tests := []struct {
		name, text string
		entries    int
		err        string
	}{
		{"nothing", "", 0, ""},
		{"one a line", "10.0.0.0/8\n192.0.2.1\r\n\n2001:db8::/32", 3, ""},
		{"comments", "# published daily\n ; another\n10.0.0.0/8 ; SBL1\n192.0.2.1# x\n198.51.100.0/24\tnote", 3, ""},
		{"a bad line", "10.0.0.0/8\n\n10.0.0.x/8\n", 1, "line 3: not an IP address: 10.0.0.x/8"},
		{"a page of another kind", "<!DOCTYPE html><html>", 0, "line 1: not an IP address: <!DOCTYPE"},
		{"a long bad line", strings.Repeat("x", 9999), 0, "line 1: not an IP address: " + strings.Repeat("x", 64) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b Builder
			err := b.AddText(tt.text)
			if tt.err == "" {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, tt.err)
			}
			assert.Equal(t, tt.entries, b.Len())
		})
	}
	var b Builder
	err := b.AddText(strings.Repeat("::1\n", MaxEntries+1))
	assert.EqualError(t, err, "line 1000001: more than 1000000 entries: ::1")
}

// kinds are ways in which networks lie: what a list can look like, and what is hard for the index.
var kinds = []struct {
	name string
	draw func(r *rand.Rand, i int) netip.Prefix
}{
	{"IPv4 anywhere", func(r *rand.Rand, _ int) netip.Prefix { return network4(r.Uint32(), 17+r.IntN(16)) }},
	{"IPv4 of few providers", func(r *rand.Rand, _ int) netip.Prefix {
		return network4(uint32(r.IntN(20))*0x0b0d0000+r.Uint32()>>16, 24+r.IntN(9))
	}},
	{"IPv4 ever closer", func(r *rand.Rand, i int) netip.Prefix { return network4(1<<31+1<<(i%31), 32) }},
	{"IPv6 of providers", func(r *rand.Rand, _ int) netip.Prefix {
		return network6(0x2001<<48|uint64(r.IntN(8))<<53|r.Uint64()>>16, 0, 32+r.IntN(33))
	}},
	{"IPv6 hosts of one network", func(r *rand.Rand, _ int) netip.Prefix { return network6(0x20010db8<<32, r.Uint64(), 128) }},
	{"IPv6 ever closer", func(r *rand.Rand, i int) netip.Prefix {
		return network6(1<<63+1<<(i%63), uint64(i%3)<<(i%64), 128)
	}},
	{"IPv6 anywhere", func(r *rand.Rand, _ int) netip.Prefix { return network6(r.Uint64(), r.Uint64(), 1+r.IntN(128)) }},
}

func network4(addr uint32, bits int) netip.Prefix {
	b := [4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}
	return netip.PrefixFrom(netip.AddrFrom4(b), bits).Masked()
}

func network6(upper, lower uint64, bits int) netip.Prefix {
	var b [16]byte
	for i := range 8 {
		b[i], b[i+8] = byte(upper>>(56-8*i)), byte(lower>>(56-8*i))
	}
	return netip.PrefixFrom(netip.AddrFrom16(b), bits).Masked()
}

func TestTheIndexAgreesWithLookingAtEach(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for _, size := range []int{1, 2, 7, 8, 9, 17, 100, 1000} {
				var b Builder
				networks := make([]netip.Prefix, size)
				for i := range networks {
					networks[i] = kind.draw(r, i)
					require.NoError(t, b.Add(networks[i]))
				}
				set, _ := b.Build()
				for i, n := range networks {
					last := lastOf(n)
					asked := []netip.Addr{n.Addr(), n.Addr().Prev(), n.Addr().Next(), last, last.Next(), kind.draw(r, i).Addr()}
					for _, addr := range asked {
						if addr.IsValid() {
							require.Equal(t, heldBy(networks, addr), set.Contains(addr), "%s among %d", addr, size)
						}
					}
				}
			}
		})
	}
}

func heldBy(networks []netip.Prefix, addr netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}

func lastOf(n netip.Prefix) netip.Addr {
	b := n.Addr().AsSlice()
	for i := n.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

func TestTheIndexStaysSmallAndFlat(t *testing.T) {
	const size = 100_000
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			var b Builder
			for i := range size {
				require.NoError(t, b.Add(kind.draw(r, i)))
			}
			set, _ := b.Build()
			for _, x := range []index{set.index4, set.index6} {
				assert.LessOrEqual(t, len(x.slots)*4+len(x.nodes)*40, size*12)
				assert.LessOrEqual(t, depth(&x, 0), 32)
			}
		})
	}
}

func depth(x *index, number uint32) int {
	if len(x.nodes) == 0 {
		return 0
	}
	n, deepest := x.nodes[number], 0
	for _, slot := range x.slots[n.slot : n.slot+n.many] {
		if slot&subnode != 0 {
			deepest = max(deepest, depth(x, slot&^subnode))
		}
	}
	return deepest + 1
}

// BenchmarkLookup compares looking up one of 100,000 networks with one of 10: what a request costs, from the text of its
// client's address to the answer, and the set's part of it. The last line of each is the ratio, which must stay below 2
// for a request.
func BenchmarkLookup(b *testing.B) {
	for _, kind := range kinds {
		if strings.Contains(kind.name, "ever closer") {
			continue // there are only a few of these
		}
		var few [2]float64 // ns a look-up among 10
		for _, size := range []int{10, 100_000} {
			set, asked := drawn(b, kind.draw, size)
			texts := make([]string, len(asked))
			for i := range asked {
				texts[i] = asked[i].String()
			}
			of := kind.name + "/" + strconv.Itoa(size)
			compare := func(b *testing.B, part int) {
				cost := float64(b.Elapsed()) / float64(b.N)
				if size == 10 {
					few[part] = cost
					return
				}
				b.ReportMetric(cost/few[part], "x10")
			}
			b.Run(of+"/request", func(b *testing.B) {
				for i := range b.N {
					addr, _ := Parse(texts[i%len(texts)])
					set.Contains(addr)
				}
				compare(b, 0)
			})
			b.Run(of+"/set", func(b *testing.B) {
				for i := range b.N {
					set.Contains(asked[i%len(asked)])
				}
				compare(b, 1)
			})
		}
	}
}

// drawn returns a set of networks, and addresses of which about half are in it.
func drawn(b *testing.B, draw func(*rand.Rand, int) netip.Prefix, size int) (*Set, []netip.Addr) {
	r := rand.New(rand.NewPCG(5, 6))
	var builder Builder
	asked := make([]netip.Addr, 1<<12)
	for i := range size {
		network := draw(r, i)
		if err := builder.Add(network); err != nil {
			b.Fatal(err)
		}
		asked[i%len(asked)] = network.Addr()
	}
	for i := range asked {
		if !asked[i].IsValid() || i%2 == 0 {
			asked[i] = draw(r, i).Addr()
		}
	}
	set, _ := builder.Build()
	return set, asked
}

func BenchmarkBuild(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	var text strings.Builder
	for range 100_000 {
		text.WriteString(kinds[0].draw(r, 0).String() + "\n")
	}
	b.ReportAllocs()
	for range b.N {
		var builder Builder
		if err := builder.AddText(text.String()); err != nil {
			b.Fatal(err)
		}
		builder.Build()
	}
}
