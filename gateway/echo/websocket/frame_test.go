package websocket

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAcceptIsThatOfTheRFC(t *testing.T) {
	assert.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Accept("dGhlIHNhbXBsZSBub25jZQ==")) // section 1.3
}

func TestFramesOfTheRFC(t *testing.T) { // section 5.7
	for name, test := range map[string]struct {
		frame Frame
		mask  *[4]byte
		wire  []byte
	}{
		"unmasked text": {Frame{true, Text, []byte("Hello")}, nil, []byte{0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}},
		"masked text": {Frame{true, Text, []byte("Hello")}, &[4]byte{0x37, 0xfa, 0x21, 0x3d},
			[]byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}},
		"a fragment": {Frame{false, Text, []byte("Hel")}, nil, []byte{0x01, 0x03, 0x48, 0x65, 0x6c}},
		"ping":       {Frame{true, Ping, []byte("Hello")}, nil, []byte{0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.wire, Append(nil, test.frame, test.mask))
			var p Parser
			for _, b := range test.wire[:len(test.wire)-1] {
				frames, err := p.Feed([]byte{b})
				require.NoError(t, err)
				require.Empty(t, frames)
			}
			frames, err := p.Feed(test.wire[len(test.wire)-1:])
			require.NoError(t, err)
			assert.Equal(t, []Frame{test.frame}, frames)
		})
	}
}

func TestLengthsOfEveryForm(t *testing.T) {
	var wire []byte
	lengths := []int{0, 125, 126, 65535, 65536}
	for _, n := range lengths {
		wire = Append(wire, Frame{true, Binary, bytes.Repeat([]byte{7}, n)}, &[4]byte{1, 2, 3, 4})
	}
	var p Parser
	frames, err := p.Feed(wire)
	require.NoError(t, err)
	require.Len(t, frames, len(lengths))
	for i, n := range lengths {
		assert.Equal(t, bytes.Repeat([]byte{7}, n), append([]byte{}, frames[i].Payload...))
	}
}

func TestWhatIsNoFrame(t *testing.T) {
	for name, wire := range map[string][]byte{
		"reserved bits":        {0xc1, 0x00},
		"a long ping":          {0x89, 0x7e, 0x00, 0x80},
		"a fragmented close":   {0x08, 0x00},
		"more than MaxPayload": {0x82, 0x7f, 0, 0, 0, 1, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := new(Parser).Feed(wire)
			assert.Error(t, err)
		})
	}
}
