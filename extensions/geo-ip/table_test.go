package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// span is a range of addresses as a table has it, without a location where known is false.
type span struct {
	first, last uint32
	at          location
	known       bool
}

// spans takes a table apart from its beginning to its end, without its index.
func (t *table) spans() []span {
	var list []span
	c := cursor{t.data, t.body}
	next := uint64(0)
	for i := 1; ; i++ {
		n, _ := c.varint()
		s := span{first: uint32(next)}
		s.at, s.known = t.location(n)
		switch {
		case c.at == len(t.data):
			s.last = 1<<32 - 1
			return append(list, s)
		case i%blockSize == 0:
			next = uint64(t.start(i / blockSize))
		default:
			size, _ := c.size()
			next += size
		}
		s.last = uint32(next - 1)
		list = append(list, s)
	}
}

// dump is what `wasmplane geo convert --to text` prints.
func dump(list []span) string {
	var out strings.Builder
	for _, s := range list {
		if !s.known {
			continue
		}
		parts := []string{text(s.first), text(s.last), s.at.country, "", s.at.province, s.at.city, s.at.provider}
		for i := range parts {
			if parts[i] == "" {
				parts[i] = "0"
			}
		}
		out.WriteString(strings.Join(parts, "|") + "\n")
	}
	return out.String()
}

func text(n uint32) string { return addr(n).String() }

func addr(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func numberOf(text string) uint32 { return number(netip.MustParseAddr(text)) }

// The digest is that of all entries of ip2region.db, npm package ip2region 2.3.0, as lines of
// `first|last|country|region|province|city|provider`, in the order of its index.
const digestOfSource = "38c3b989d87403f3d406722ed5c71ec2159b59665f6a61254026fd8e39eced60"

func TestTheBuiltInTableIsTheWholeSource(t *testing.T) {
	builtin, err := builtinTable()
	require.NoError(t, err)
	require.NoError(t, builtin.check())
	list := builtin.spans()
	require.Len(t, list, 683_591)
	assert.Equal(t, 13_804, builtin.locations)
	digest := sha256.Sum256([]byte(dump(list)))
	assert.Equal(t, digestOfSource, hex.EncodeToString(digest[:]))
	assert.Less(t, len(builtinData), 2_200_000)
}

func TestLookingUpAgreesWithReadingTheTableFromItsBeginning(t *testing.T) {
	builtin, err := builtinTable()
	require.NoError(t, err)
	small, err := openTable(read(t, "testdata/small.bin"))
	require.NoError(t, err)
	for name, table := range map[string]*table{"built-in": builtin, "small": small} {
		t.Run(name, func(t *testing.T) {
			list := table.spans()
			for i := 0; i < len(list); i += 1 + len(list)/10_000 {
				for _, n := range []uint32{list[i].first, list[i].last} {
					at, known := table.find(n)
					require.Equal(t, list[i].known, known, text(n))
					require.Equal(t, list[i].at, at, text(n))
				}
			}
			r := rand.New(rand.NewPCG(1, 2))
			for range 20_000 {
				n := r.Uint32()
				at, known := table.find(n)
				i, _ := slices.BinarySearchFunc(list, n, func(s span, n uint32) int { return cmp.Compare(s.last, n) })
				require.Equal(t, list[i].at, at, text(n))
				require.Equal(t, list[i].known, known, text(n))
			}
		})
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(data)
}

func TestAddressesOfTheBuiltInTable(t *testing.T) {
	builtin, err := builtinTable()
	require.NoError(t, err)
	tests := map[string]location{
		"120.24.78.68": {"中国", "广东省", "深圳市", "阿里云"},
		"8.8.8.8":      {"美国", "", "", "Level3"},
		"1.1.1.1":      {"澳大利亚", "", "", ""},
	}
	for text, want := range tests {
		at, found := builtin.find(numberOf(text))
		assert.True(t, found)
		assert.Equal(t, want, at, text)
	}
}

func TestTheTableAndTheRowsThatItIsMadeOfAgree(t *testing.T) {
	small, err := openTable(read(t, "testdata/small.bin"))
	require.NoError(t, err)
	var b rowsBuilder
	for i, line := range strings.Split(read(t, "testdata/small.txt"), "\n") {
		b.add(line, fmt.Sprint("line ", i+1))
	}
	require.Zero(t, b.skipped, b.problem)
	rows := b.build()
	edges := []uint32{0, 1<<32 - 1}
	for _, s := range small.spans() {
		edges = append(edges, s.first, s.last)
	}
	for _, n := range edges {
		want, known := rows.find(n)
		at, found := small.find(n)
		assert.Equal(t, known, found, text(n))
		assert.Equal(t, want, at, text(n))
	}
}

// checked opens a table and checks all of it.
func checked(data string) (*table, error) {
	table, err := openTable(data)
	if err == nil {
		err = table.check()
	}
	return table, err
}

func TestBrokenTables(t *testing.T) {
	whole := read(t, "testdata/small.bin")
	for size := range len(whole) {
		_, err := checked(whole[:size])
		assert.Error(t, err, "%d bytes", size)
	}
	for _, more := range []string{"\x00", "\x01\x00", whole} {
		_, err := checked(whole + more)
		assert.Error(t, err)
	}
	_, err := checked("geotab\x00\x02" + whole[8:])
	assert.EqualError(t, err, "is not a table of locations")
	_, err = checked(whole[:len(magic)] + "\xff\xff\xff\xff" + whole[len(magic)+4:])
	assert.Equal(t, errNotWhole, err)
}

// FuzzOpenTable looks for tables that are taken for whole and then break.
func FuzzOpenTable(f *testing.F) {
	f.Add(read(f, "testdata/small.bin"))
	f.Add(magic)
	f.Fuzz(func(t *testing.T, data string) {
		table, err := checked(data)
		if err != nil {
			return
		}
		for _, n := range []uint32{0, 1, 5<<24 + 6<<16, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			table.find(n)
		}
		for block := range table.blocks {
			table.find(table.start(block))
			table.find(table.start(block) - 1)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	builtin, err := builtinTable()
	require.NoError(b, err)
	r := rand.New(rand.NewPCG(3, 4))
	asked := make([]uint32, 1<<12)
	for i := range asked {
		asked[i] = r.Uint32()
	}
	b.ReportAllocs()
	for i := range b.N {
		builtin.find(asked[i%len(asked)])
	}
}

func BenchmarkCheck(b *testing.B) {
	for range b.N {
		if _, err := checked(builtinData); err != nil {
			b.Fatal(err)
		}
	}
}
