package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"strings"
)

// maxUnpacked is the size of the longest list that a compressed one may become, in bytes.
const maxUnpacked = 32 << 20

var errUnpacked = errors.New("is longer than 32 MiB when unpacked")

// unpackFile returns the text of a file that is embedded in the configuration: the text itself, or base64 of its gzip
// form, which can be told by its first bytes because no list begins so.
func unpackFile(file string) (string, error) {
	const packed = "H4sI" // 1f 8b 08
	if !strings.HasPrefix(strings.TrimSpace(file), packed) {
		return file, nil
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(file))
	if err != nil {
		return "", errors.New("is not base64: " + err.Error())
	}
	return unpack(data)
}

// unpack returns the text of a list that may be in gzip form (RFC 1952).
func unpack(data []byte) (string, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return string(data), nil
	}
	unzip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", errors.New("is not in gzip form: " + err.Error())
	}
	var text strings.Builder
	n, err := io.Copy(&text, io.LimitReader(unzip, maxUnpacked+1))
	if err != nil {
		return "", errors.New("is not in gzip form: " + err.Error())
	}
	if n > maxUnpacked {
		return "", errUnpacked
	}
	return text.String(), nil
}
