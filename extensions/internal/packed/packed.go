// Package packed reads files that are embedded in a configuration: as they are, or shortened by `gzip -c FILE | base64 -w0`,
// since a cluster's configuration store takes about 1 MiB.
package packed

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"strings"
)

// MaxSize is the size of the longest file that a packed one may become, in bytes.
const MaxSize = 32 << 20

var errSize = errors.New("is longer than 32 MiB when unpacked")

// File returns a file that is embedded in the configuration: the text itself, or what was packed, which can be told by
// its first bytes because no list begins so. Errors have no subject: "is not base64: …".
func File(text string) (string, error) {
	const begin = "H4sI" // 1f 8b 08
	if !strings.HasPrefix(strings.TrimSpace(text), begin) {
		return text, nil
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return "", errors.New("is not base64: " + err.Error())
	}
	return Gzip(data)
}

// Gzip returns a file that may be in gzip form (RFC 1952).
func Gzip(data []byte) (string, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return string(data), nil
	}
	unzip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", errors.New("is not in gzip form: " + err.Error())
	}
	var text strings.Builder
	n, err := io.Copy(&text, io.LimitReader(unzip, MaxSize+1))
	if err != nil {
		return "", errors.New("is not in gzip form: " + err.Error())
	}
	if n > MaxSize {
		return "", errSize
	}
	return text.String(), nil
}
