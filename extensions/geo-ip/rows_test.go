package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func rowsOf(t testing.TB, lines ...string) *rows {
	t.Helper()
	var b rowsBuilder
	for i, line := range lines {
		b.add(line, fmt.Sprint("row ", i))
	}
	require.Zero(t, b.skipped, b.problem)
	return b.build()
}

func TestTheSmallestNetworkCounts(t *testing.T) {
	rows := rowsOf(t, "5.6.7.8|host|||", "5.0.0.0/8|wide|||", "5.6.0.0/16|narrow|||", "5.6.7.0/24|narrower|||", "6.0.0.0/7|next|||", "6.0.0.0/8|half|||", "255.255.255.255/32|last|||")
	for text, want := range map[string]string{
		"4.255.255.255": "", "5.0.0.0": "wide", "5.5.255.255": "wide", "5.6.0.0": "narrow", "5.6.7.0": "narrower", "5.6.7.8": "host",
		"5.6.7.9": "narrower", "5.6.8.0": "narrow", "5.7.0.0": "wide", "5.255.255.255": "wide", "6.0.0.0": "half", "7.0.0.0": "next",
		"8.0.0.0": "", "255.255.255.254": "", "255.255.255.255": "last",
	} {
		at, found := rows.find(numberOf(text))
		assert.Equal(t, want != "", found, text)
		assert.Equal(t, location{country: want}, at, text)
	}
	at, found := rowsOf(t, "0.0.0.0/0|all|||").find(1<<32 - 1)
	assert.True(t, found)
	assert.Equal(t, "all", at.country)
}

func TestRowsAgreeWithLookingAtEach(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		var b rowsBuilder
		var drawn []netip.Prefix
		var lines []string
		for i := range 40 {
			p := netip.PrefixFrom(addr(5<<24|r.Uint32N(1<<12)), 16+r.IntN(17)).Masked()
			drawn = append(drawn, p)
			lines = append(lines, fmt.Sprintf("%s|%d|||", p, i))
			b.add(lines[i], "")
		}
		rows := b.build()
		for range 200 {
			n := 5<<24 | r.Uint32N(1<<13)
			want, bits := "", -1
			for i, p := range drawn {
				if p.Contains(addr(n)) && p.Bits() > bits {
					want, bits = fmt.Sprint(i), p.Bits()
				}
			}
			at, found := rows.find(n)
			require.Equal(t, bits >= 0, found, "%s among %s", text(n), lines)
			require.Equal(t, want, at.country, "%s among %s", text(n), lines)
		}
	}
}

func TestLinesThatAreNoRows(t *testing.T) {
	tests := []struct {
		name    string
		lines   []string
		rows    int
		skipped int
		problem string
	}{
		{"nothing", []string{"", "  ", "# a|b|c|d|e", "\r"}, 0, 0, ""},
		{"white space around fields", []string{" 5.6.0.0/16 | a |\tb | c |d \r"}, 1, 0, ""},
		{"a sixth field", []string{"5.6.0.0/16|a|b|c|d|e|f"}, 1, 0, ""},
		{"four fields", []string{"5.6.0.0/16|a|b|c", "5.7.0.0/16|a|b|c|d"}, 1, 1, "0: has 4 fields, not 5"},
		{"the same network twice, however written", []string{"5.6.0.0/16|a|b|c|d", "5.6.1.1/16|e|f|g|h"}, 1, 1, "1: the network is there already"},
		{"no network", []string{"5.6.0/16|a|b|c|d", "|a|b|c|d"}, 0, 2, "0: not an IP address"},
		{"IPv6", []string{"::/0|a|b|c|d"}, 0, 1, "0: not an IPv4 network"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b rowsBuilder
			for i, line := range tt.lines {
				b.add(line, fmt.Sprint(i))
			}
			assert.Equal(t, tt.problem, b.problem)
			assert.Equal(t, tt.skipped, b.skipped)
			rows := b.build()
			assert.Len(t, rows.list, tt.rows)
			for _, at := range rows.locations {
				assert.Equal(t, location{"a", "b", "c", "d"}, at)
			}
		})
	}
}

func FuzzRows(f *testing.F) {
	f.Add("5.6.0.0/16|a|b|c|d\n5.6.7.0/24|e|f|g|h\n")
	f.Add("|||||\n::/0|a|b|c|d\n#\n0.0.0.0/0|||| ")
	f.Fuzz(func(t *testing.T, text string) {
		var b rowsBuilder
		for line := range strings.Lines(text) {
			b.add(line, "")
		}
		rows := b.build()
		for i, r := range rows.list {
			if at, found := rows.find(r.first); !found || i+1 == len(rows.list) && at != rows.locations[r.at] {
				t.Fatalf("%d is not found in its network", r.first)
			}
			if r.outer >= int32(i) || r.outer >= 0 && rows.list[r.outer].last < r.last {
				t.Fatalf("row %d is not in row %d", i, r.outer)
			}
		}
	})
}
