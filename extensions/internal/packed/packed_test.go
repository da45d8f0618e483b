package packed

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func zipped(text string) []byte {
	var data bytes.Buffer
	zip := gzip.NewWriter(&data)
	_, _ = zip.Write([]byte(text))
	_ = zip.Close()
	return data.Bytes()
}

func TestFile(t *testing.T) {
	whole := base64.StdEncoding.EncodeToString(zipped("10.0.0.1\n"))
	tests := []struct{ name, text, want, err string }{
		{"as it is", "10.0.0.1\n", "10.0.0.1\n", ""},
		{"nothing", "", "", ""},
		{"packed", whole, "10.0.0.1\n", ""},
		{"packed, with white space around it", "\n " + whole + "\n", "10.0.0.1\n", ""},
		{"not base64", "H4sI!", "", "is not base64: illegal base64 data at input byte 4"},
		{"cut short", whole[:24], "", "is not in gzip form: unexpected EOF"},
		{"a header that is none", "H4sI", "", "is not in gzip form: unexpected EOF"},
		{"too long", base64.StdEncoding.EncodeToString(zipped(strings.Repeat("#", MaxSize+1))), "", errSize.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, err := File(tt.text)
			if tt.err != "" {
				assert.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, text)
		})
	}
}

func TestGzip(t *testing.T) {
	for _, data := range [][]byte{[]byte("10.0.0.1\n"), zipped("10.0.0.1\n")} {
		text, err := Gzip(data)
		require.NoError(t, err)
		assert.Equal(t, "10.0.0.1\n", text)
	}
}
