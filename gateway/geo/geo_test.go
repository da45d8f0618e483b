package geo

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFlatten(t *testing.T) {
	a, b, c := Location{Country: "a"}, Location{Country: "b"}, Location{Country: "c"}
	const most = 1<<32 - 1
	tests := []struct {
		name   string
		ranges []Range
		want   []Range
		err    string
	}{
		{"none", nil, nil, ""},
		{"out of order", []Range{{20, 29, b}, {10, 19, a}}, []Range{{10, 19, a}, {20, 29, b}}, ""},
		{"neighbours of the same location", []Range{{10, 19, a}, {20, 29, a}, {40, 49, a}}, []Range{{10, 29, a}, {40, 49, a}}, ""},
		{"one in another", []Range{{14, 15, b}, {10, 19, a}}, []Range{{10, 13, a}, {14, 15, b}, {16, 19, a}}, ""},
		{"at its beginning", []Range{{10, 19, a}, {10, 12, b}}, []Range{{10, 12, b}, {13, 19, a}}, ""},
		{"at its end", []Range{{10, 19, a}, {17, 19, b}}, []Range{{10, 16, a}, {17, 19, b}}, ""},
		{"two levels", []Range{{0, most, a}, {10, 19, b}, {12, 13, c}, {15, 15, a}}, []Range{{0, 9, a}, {10, 11, b}, {12, 13, c}, {14, 14, b}, {15, 15, a}, {16, 19, b}, {20, most, a}}, ""},
		{"one in another of the same location", []Range{{10, 19, a}, {12, 13, a}}, []Range{{10, 19, a}}, ""},
		{"twice the same: the first", []Range{{10, 19, a}, {10, 19, b}}, []Range{{10, 19, a}}, ""},
		{"a location of which nothing is known", []Range{{10, 19, a}, {12, 13, Location{}}}, []Range{{10, 11, a}, {12, 13, Location{}}, {14, 19, a}}, ""},
		{"the last addresses", []Range{{most - 1, most, a}, {most, most, b}}, []Range{{most - 1, most - 1, a}, {most, most, b}}, ""},
		{"an overlap", []Range{{1 << 24, 1<<24 + 9, a}, {1<<24 + 5, 1<<24 + 14, b}}, nil, "1.0.0.5-1.0.0.14 overlaps 1.0.0.0-1.0.0.9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			flat, err := Flatten(tt.ranges)
			if tt.err != "" {
				assert.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, flat)
		})
	}
}

func TestReadTexts(t *testing.T) {
	testland := Location{"Testland", "North", "Foo Town", "TelCo"}
	tests := []struct {
		name, data string
		want       []Range
		err        string
	}{
		{"ip2region", "1.0.0.0|1.0.0.255|Testland|Region|North|Foo Town|TelCo\n1.0.1.0|1.0.1.9|Testland|0|0|0|0\n", []Range{{1 << 24, 1<<24 + 255, testland}, {1<<24 + 256, 1<<24 + 265, Location{Country: "Testland"}}}, ""},
		{"with a range that is none", "1.0.0.9|1.0.0.0|a|0|0|0|0\n", nil, ""},
		{"with too few fields", "1.0.0.0|1.0.0.255|a|0|0|0|0\n1.0.1.0|1.0.1.9|a|0|0|0\n", nil, "line 2: has 6 fields, not 7"},
		{"with an address that is none", "1.0.0.0|1.0.0|a|0|0|0|0", nil, "line 1: not an IPv4 address: 1.0.0"},
		{"rows", "# x\r\n\r\n 1.0.0.0/24 |Testland| North |Foo Town|TelCo|more\r\n", []Range{{1 << 24, 1<<24 + 255, testland}}, ""},
		{"rows whose lower bits are set", "1.0.0.77/24|Testland|North|Foo Town|TelCo", []Range{{1 << 24, 1<<24 + 255, testland}}, ""},
		{"all addresses", "0.0.0.0/0|Testland|North|Foo Town|TelCo", []Range{{0, 1<<32 - 1, testland}}, ""},
		{"with too few fields", "1.0.0.0/24|a|b|c", nil, "line 1: has 4 fields, not 5"},
		{"of IPv6", "::/0|a|b|c|d", nil, "line 1: not an IPv4 network: ::/0"},
		{"IPFire", "# License: CC BY-SA 4.0\n16777216,16777471,AU\n16777472,16777473,??\n", []Range{{1 << 24, 1<<24 + 255, Location{Country: "AU"}}}, ""},
		{"IPFire's IPv6", "2001::,2001:0:ffff::,??", nil, "line 1: not an IPv4 address as a number: 2001::"},
		{"with another number of fields", "1,2,AU\n3,4", nil, "line 2: has 2 fields, not 3"},
		{"with a range that is none", "2,1,AU", nil, "line 1: the first address is after the last"},
		{"something else", "<html>", nil, "unknown kind of data"},
		{"nothing", "\n# x\n", nil, "unknown kind of data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ranges, err := Read([]byte(tt.data))
			if tt.err != "" {
				assert.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, ranges)
		})
	}
}

// database makes an ip2region.db of ranges without gaps from 0.0.0.0 on, whose locations have no field "0".
func database(ranges []Range) []byte {
	data := make([]byte, 8+2048)
	places := map[Location]uint32{}
	for _, r := range ranges {
		if _, known := places[r.Location]; known {
			continue
		}
		parts := []string{r.Location.Country, "", r.Location.Province, r.Location.City, r.Location.Provider}
		for i := range parts {
			parts[i] = orZero(parts[i])
		}
		text := strings.Join(parts, "|")
		places[r.Location] = uint32(len(data)) | uint32(4+len(text))<<24
		data = append(append(data, 1, 2, 3, 4), text...)
	}
	first := len(data)
	for _, r := range ranges {
		for _, n := range []uint32{r.First, r.Last, places[r.Location]} {
			data = binary.LittleEndian.AppendUint32(data, n)
		}
	}
	binary.LittleEndian.PutUint32(data, uint32(first))
	binary.LittleEndian.PutUint32(data[4:], uint32(len(data)-12))
	return append(data, "Created by a test"...)
}

// drawn returns ranges of all addresses, of every size, with a few locations.
func drawn(r *rand.Rand, count int) []Range {
	var ranges []Range
	next := uint64(0)
	for next < 1<<32 && len(ranges) < count {
		size := uint64(1) << r.IntN(26)
		if r.IntN(4) == 0 {
			size += r.Uint64N(size)
		}
		last := min(next+size-1, 1<<32-1)
		ranges = append(ranges, Range{uint32(next), uint32(last), Location{"c" + fmt.Sprint(r.IntN(3)), "", "城市" + fmt.Sprint(r.IntN(200)), ""}})
		next = last + 1
	}
	if next < 1<<32 {
		ranges = append(ranges, Range{uint32(next), 1<<32 - 1, Location{}})
	}
	return ranges
}

// locationIn looks an address up in an ip2region.db as its format says: entry after entry.
func locationIn(t *testing.T, data []byte, addr uint32) Location {
	first, last := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
	for at := first; at <= last; at += 12 {
		if binary.LittleEndian.Uint32(data[at:]) > addr || binary.LittleEndian.Uint32(data[at+4:]) < addr {
			continue
		}
		place := binary.LittleEndian.Uint32(data[at+8:])
		parts := strings.Split(string(data[place&0xffffff+4:place&0xffffff+place>>24]), "|")
		for i := range parts {
			parts[i] = strings.TrimPrefix(parts[i], "0")
		}
		return Location{parts[0], parts[2], parts[3], parts[4]}
	}
	t.Fatalf("%s is in no entry", addressOf(addr))
	return Location{}
}

// locationOfAddress looks an address up in ranges.
func locationOfAddress(ranges []Range, addr uint32) (Location, bool) {
	for _, r := range ranges {
		if r.First <= addr && addr <= r.Last {
			return r.Location, true
		}
	}
	return Location{}, false
}

// TestTheTableHasWhatTheDatabaseHas compares the whole way, from a database to a table, with looking addresses up in the
// database. IP2REGION_DB names the real one, from the npm package ip2region 2.3.0.
func TestTheTableHasWhatTheDatabaseHas(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	databases := map[string][]byte{"drawn": database(drawn(r, 5000)), "of one range": database(drawn(r, 0))}
	for _, size := range []int{blockSize - 2, blockSize - 1, blockSize, 3*blockSize - 1} {
		databases[fmt.Sprint("of about ", size)] = database(drawn(r, size))
	}
	if file := os.Getenv("IP2REGION_DB"); file != "" {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		databases["the real one"] = data
	} else {
		t.Log("IP2REGION_DB is not set: the real database is left out")
	}
	for name, data := range databases {
		t.Run(name, func(t *testing.T) {
			source, err := Read(data)
			require.NoError(t, err)
			table, err := Encode(source)
			require.NoError(t, err)
			ranges, err := Decode(table)
			require.NoError(t, err)
			asked := []uint32{0, 1<<32 - 1}
			for range 100 {
				one := source[r.IntN(len(source))]
				asked = append(asked, r.Uint32(), one.First, one.Last)
			}
			for _, addr := range asked {
				at, found := locationOfAddress(ranges, addr)
				require.True(t, found, addressOf(addr))
				require.Equal(t, locationIn(t, data, addr), at, addressOf(addr))
			}
		})
	}
}

func TestTablesAndTheirSources(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	ranges := drawn(r, 2000)
	gaps := ranges[:0:0]
	for i, one := range ranges {
		if i%3 > 0 {
			gaps = append(gaps, one)
		}
	}
	flat, err := Flatten(gaps)
	require.NoError(t, err)
	table, err := Encode(gaps)
	require.NoError(t, err)
	for form, data := range map[string][]byte{"table": table, "text": Text(flat), "rows": Rows(flat)} {
		read, err := Read(data)
		require.NoError(t, err, form)
		again, err := Flatten(read)
		require.NoError(t, err, form)
		assert.Equal(t, flat, again, form)
	}
}

func TestRowsAreTheFewestNetworks(t *testing.T) {
	tests := []struct {
		first, last uint32
		want        string
	}{
		{0, 1<<32 - 1, "0.0.0.0/0"},
		{1, 1<<32 - 1, "0.0.0.1/32 0.0.0.2/31 0.0.0.4/30 0.0.0.8/29 0.0.0.16/28 0.0.0.32/27 0.0.0.64/26 0.0.0.128/25 0.0.1.0/24 0.0.2.0/23 0.0.4.0/22 0.0.8.0/21 0.0.16.0/20 0.0.32.0/19 0.0.64.0/18 0.0.128.0/17 0.1.0.0/16 0.2.0.0/15 0.4.0.0/14 0.8.0.0/13 0.16.0.0/12 0.32.0.0/11 0.64.0.0/10 0.128.0.0/9 1.0.0.0/8 2.0.0.0/7 4.0.0.0/6 8.0.0.0/5 16.0.0.0/4 32.0.0.0/3 64.0.0.0/2 128.0.0.0/1"},
		{1 << 24, 1<<24 + 255, "1.0.0.0/24"},
		{1<<24 + 255, 1<<24 + 256, "1.0.0.255/32 1.0.1.0/32"},
		{1<<24 + 2, 1<<24 + 6, "1.0.0.2/31 1.0.0.4/31 1.0.0.6/32"},
		{1<<32 - 1, 1<<32 - 1, "255.255.255.255/32"},
	}
	for _, tt := range tests {
		var networks []string
		for line := range strings.Lines(string(Rows([]Range{{tt.first, tt.last, Location{"a", "b", "c", "d"}}}))) {
			network, isRow := strings.CutSuffix(line, "|a|b|c|d\n")
			assert.True(t, isRow, line)
			networks = append(networks, network)
		}
		assert.Equal(t, tt.want, strings.Join(networks, " "))
	}
}

func TestPackedIsTheTable(t *testing.T) {
	packed, err := Pack([]byte("abc"))
	require.NoError(t, err)
	data, err := base64.StdEncoding.DecodeString(packed)
	require.NoError(t, err)
	unzip, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	table, err := io.ReadAll(unzip)
	require.NoError(t, err)
	assert.Equal(t, "abc", string(table))
}

// The plugin's tables are what this package makes today: of the built-in one everything but the data is checked so.
func TestThePluginsTables(t *testing.T) {
	folder := filepath.Join("..", "..", "extensions", "geo-ip")
	for source, table := range map[string]string{"testdata/small.txt": "testdata/small.bin", "table.bin": "table.bin"} {
		data, err := os.ReadFile(filepath.Join(folder, source))
		require.NoError(t, err)
		ranges, err := Read(data)
		require.NoError(t, err)
		made, err := Encode(ranges)
		require.NoError(t, err)
		want, err := os.ReadFile(filepath.Join(folder, table))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, made), table)
	}
}

func TestBrokenData(t *testing.T) {
	table, err := Encode(drawn(rand.New(rand.NewPCG(5, 6)), 200))
	require.NoError(t, err)
	for size := len(magic); size < len(table); size += 7 {
		_, err := Read(table[:size])
		assert.EqualError(t, err, "the table is not whole", "%d bytes", size)
	}
	_, err = Read(append(bytes.Clone(table), 0))
	assert.EqualError(t, err, "the table is not whole")

	whole := database(drawn(rand.New(rand.NewPCG(7, 8)), 20))
	first := binary.LittleEndian.Uint32(whole)
	for name, tt := range map[string]struct {
		at    uint32
		value uint32
		want  string
	}{
		"a text outside":         {first + 8, 0xff_fffff0, "entry 0: no text at 16777200"},
		"a text without fields":  {first + 8, 4<<24 | 100, "entry 0: the text has 1 fields, not 5"},
		"a text too short":       {first + 8, 100, "entry 0: no text at 100"},
		"a range that is none":   {first + 12, 0xffffffff, "entry 1: the first address is after the last"},
		"an index outside":       {4, uint32(len(whole)) &^ 3, "unknown kind of data"},
		"an index before itself": {4, first - 12, "unknown kind of data"},
	} {
		broken := bytes.Clone(whole)
		binary.LittleEndian.PutUint32(broken[tt.at:], tt.value)
		_, err := Read(broken)
		assert.EqualError(t, err, tt.want, name)
	}
}

func TestTooManyTexts(t *testing.T) {
	ranges := make([]Range, 1<<16)
	for i := range ranges {
		ranges[i] = Range{uint32(i), uint32(i), Location{Country: fmt.Sprint(i)}}
	}
	_, err := Encode(ranges)
	assert.EqualError(t, err, "more than 65535 different texts")
	_, err = Encode(ranges[1:])
	assert.NoError(t, err)
}

// FuzzRead looks for data that is read and cannot be written, or that makes the reader fail.
func FuzzRead(f *testing.F) {
	table, err := Encode(drawn(rand.New(rand.NewPCG(9, 10)), 20))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(table)
	f.Add(database(drawn(rand.New(rand.NewPCG(9, 10)), 5)))
	f.Add([]byte("1.0.0.0/24|a|b|c|d\n"))
	f.Add([]byte("1,2,AU\n"))
	f.Add([]byte("1.0.0.0|1.0.0.9|a|0|b|c|d\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ranges, err := Read(data)
		if err != nil {
			return
		}
		flat, err := Flatten(ranges)
		if err != nil {
			return
		}
		table, err := Encode(flat)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(table)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) != len(flat) {
			t.Fatalf("%d ranges of %d", len(again), len(flat))
		}
		for i := range flat {
			if again[i] != flat[i] {
				t.Fatalf("%v is not %v", again[i], flat[i])
			}
		}
	})
}
