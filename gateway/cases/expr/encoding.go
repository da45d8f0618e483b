package expr

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"
)

var encodingFunctions = map[string]*function{
	"base64":    ofText(always(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })),
	"base64url": ofText(always(base64url)),
	"unbase64":  ofText(unbase64),
	"hex":       ofText(always(func(s string) string { return hex.EncodeToString([]byte(s)) })),
	"unhex": ofText(func(s string) (string, error) {
		b, err := hex.DecodeString(s)
		return string(b), err
	}),
	"json": ofText(func(s string) (string, error) {
		b, err := json.Marshal(s)
		return string(b), err
	}),
	"gzip": ofText(func(s string) (string, error) {
		var out bytes.Buffer
		return compressed(gzip.NewWriter(&out), &out, s)
	}),
	"deflate": ofText(func(s string) (string, error) {
		var out bytes.Buffer
		return compressed(zlib.NewWriter(&out), &out, s)
	}),
}

// base64url is base64url without padding (RFC 7515 section 2).
func base64url(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// unbase64 takes both alphabets, with and without padding.
func unbase64(s string) (string, error) {
	plain := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(s)
	b, err := base64.RawStdEncoding.DecodeString(plain)
	return string(b), err
}

func compressed(w io.WriteCloser, out *bytes.Buffer, s string) (string, error) {
	if _, err := io.WriteString(w, s); err != nil {
		return "", err
	}
	err := w.Close()
	return out.String(), err
}

// digests by name, as they are written in functions' names and as hmac's first argument.
var digests = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
}

var digestFunctions = map[string]*function{
	"md5": digest("md5"), "sha1": digest("sha1"), "sha256": digest("sha256"), "sha384": digest("sha384"), "sha512": digest("sha512"),
	"hmac": {3, 3, func(args []any) (any, error) {
		algorithm, _ := args[0].(string)
		newHash := digests[algorithm]
		if newHash == nil {
			return nil, fmt.Errorf("%q is no digest: must be md5, sha1, sha256, sha384 or sha512", algorithm)
		}
		secret, err := secretOf(args[1])
		if err != nil {
			return nil, err
		}
		text, err := Text(args[2])
		mac := hmac.New(newHash, secret)
		io.WriteString(mac, text)
		return string(mac.Sum(nil)), err
	}},
	"random": {1, 1, func(args []any) (any, error) {
		n, ok := args[0].(int64)
		if !ok || n < 0 || n > 1<<20 {
			return nil, fmt.Errorf("needs a number of bytes up to 1 MiB")
		}
		b := make([]byte, n)
		rand.Read(b)
		return string(b), nil
	}},
	"uuid": {0, 0, func([]any) (any, error) {
		var b [16]byte
		rand.Read(b[:])
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
	}},
}

func digest(name string) *function {
	return ofText(func(s string) (string, error) {
		h := digests[name]()
		io.WriteString(h, s)
		return string(h.Sum(nil)), nil
	})
}
