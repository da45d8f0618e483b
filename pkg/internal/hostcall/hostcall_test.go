package hostcall

import (
	"slices"
	"testing"
)

func TestPairs(t *testing.T) {
	tests := []struct {
		name, raw string
		want      [][2]string
	}{
		{"none", "\x00\x00\x00\x00", [][2]string{}},
		{"one", "\x01\x00\x00\x00" + "\x05\x00\x00\x00\x02\x00\x00\x00" + ":path\x00/a\x00", [][2]string{{":path", "/a"}}},
		{"empty value, zero byte in a value, name again",
			"\x03\x00\x00\x00" + "\x01\x00\x00\x00\x00\x00\x00\x00" + "\x01\x00\x00\x00\x03\x00\x00\x00" +
				"\x01\x00\x00\x00\x01\x00\x00\x00" + "a\x00\x00" + "b\x00x\x00y\x00" + "a\x00z\x00",
			[][2]string{{"a", ""}, {"b", "x\x00y"}, {"a", "z"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := pairs(tt.raw); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUint32AtReadsAllFourBytes(t *testing.T) {
	if got := uint32At("x\x01\x02\x03\x84", 1); got != 0x84030201 {
		t.Errorf("got %#x", got)
	}
}
