package abi

import (
	"encoding/binary"
	"strings"
	"testing"
)

func TestDecodePairs(t *testing.T) {
	many := make([][2]string, 1025)
	good := EncodePairs([][2]string{{"a", "b"}, {"", ""}})
	huge := binary.LittleEndian.AppendUint32(nil, 1)
	huge = binary.LittleEndian.AppendUint32(huge, 1<<31)
	tests := []struct {
		name  string
		bytes []byte
		pairs int
	}{
		{"well formed", good, 2},
		{"1024 pairs", EncodePairs(many[:1024]), 1024},
		{"1025 pairs", EncodePairs(many), 0},
		{"just 1 MiB", EncodePairs([][2]string{{"a", strings.Repeat("x", 1<<20-15)}}), 1},
		{"over 1 MiB", EncodePairs([][2]string{{"a", strings.Repeat("x", 1<<20-14)}}), 0},
		{"nothing", nil, 0},
		{"count cut short", good[:3], 0},
		{"lengths cut short", good[:10], 0},
		{"value cut short", good[:len(good)-1], 0},
		{"trailing byte", append(append([]byte(nil), good...), 0), 0},
		{"missing zero byte", append(append([]byte(nil), good[:len(good)-1]...), 'x'), 0},
		{"length beyond the end", append(huge, 0, 0, 0, 0), 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := len(DecodePairs(test.bytes)); got != test.pairs {
				t.Errorf("%d pairs, want %d", got, test.pairs)
			}
		})
	}
	if EncodePairs(nil) != nil {
		t.Error("no pairs must give no bytes")
	}
}

func FuzzDecodePairs(f *testing.F) {
	f.Add(EncodePairs([][2]string{{"a", "b"}, {"c", ""}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		pairs := DecodePairs(b)
		if len(pairs) > 0 && string(EncodePairs(pairs)) != string(b) {
			t.Errorf("%q decodes to %q, which encodes differently", b, pairs)
		}
	})
}
