package codec

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// Limits bounds the head of a message. The zero value means Envoy's defaults.
type Limits struct {
	// HeaderBytes bounds request line and header lines together, line ends included; 0 means 60 KiB. More is refused
	// with 431. It bounds a trailer section of its own, too.
	HeaderBytes int
	// HeaderCount bounds the number of header lines; 0 means 100. More is refused with 431.
	HeaderCount int
	// RequestLine bounds the request line alone, in bytes; 0 means that only HeaderBytes does. More is refused with 414.
	RequestLine int
}

func (l Limits) withDefaults() Limits {
	if l.HeaderBytes == 0 {
		l.HeaderBytes = 60 << 10
	}
	if l.HeaderCount == 0 {
		l.HeaderCount = 100
	}
	if l.RequestLine == 0 {
		l.RequestLine = l.HeaderBytes
	}
	return l
}

var errLineTooLong = errors.New("line too long")

// readLine returns the next line without its CRLF. A line that ends in a bare LF is refused, one of more than limit
// bytes (line end included) gives errLineTooLong.
func readLine(br *bufio.Reader, limit int) (string, error) {
	var line []byte
	for complete := false; !complete; {
		if _, err := br.Peek(1); err != nil {
			if len(line) > 0 {
				err = unexpectedEOF(err)
			}
			return "", err
		}
		part, _ := br.Peek(br.Buffered())
		if i := bytes.IndexByte(part, '\n'); i >= 0 {
			part, complete = part[:i+1], true
		}
		if len(line)+len(part) > limit {
			return "", errLineTooLong
		}
		line = append(line, part...)
		br.Discard(len(part))
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return "", refuse("http1.codec_error", "line does not end in CRLF")
	}
	return string(line[:len(line)-2]), nil
}

// readFields reads header or trailer lines up to the empty one (RFC 9112 section 5). used is how much of
// limits.HeaderBytes is spent already.
func readFields(br *bufio.Reader, limits Limits, used int) ([]header.Entry, error) {
	var fields []header.Entry
	for {
		line, err := readLine(br, limits.HeaderBytes-used)
		if errors.Is(err, errLineTooLong) {
			return nil, &RefusedError{Status: 431, Details: "http1.headers_too_large", Reason: "header section too large"}
		}
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		used += len(line) + 2
		if line == "" {
			return fields, nil
		}
		if len(fields) == limits.HeaderCount {
			return nil, &RefusedError{Status: 431, Details: "http1.too_many_headers", Reason: "too many headers"}
		}
		field, refused := parseField(line)
		if refused != nil {
			return nil, refused
		}
		fields = append(fields, field)
	}
}

func parseField(line string) (header.Entry, *RefusedError) {
	if line[0] == ' ' || line[0] == '\t' {
		return header.Entry{}, refuse("http1.codec_error", "folded header line")
	}
	name, value, found := strings.Cut(line, ":")
	if !found {
		return header.Entry{}, refuse("http1.codec_error", "header line without colon")
	}
	if !isToken(name) {
		return header.Entry{}, refuse("http1.codec_error", "invalid header name %q", name)
	}
	value = strings.Trim(value, " \t")
	if !isFieldValue(value) {
		return header.Entry{}, refuse("http1.invalid_characters", "invalid character in header %s", name)
	}
	return header.Entry{Name: strings.ToLower(name), Value: value}, nil
}

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			continue
		}
		if strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return true
}

// isFieldValue reports whether s has no control character but tab (RFC 9110 section 5.5).
func isFieldValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// hasListToken reports whether a comma-separated list header of fields holds token, in any case.
func hasListToken(fields []header.Entry, name, token string) bool {
	for _, f := range fields {
		if f.Name == name && listHas(f.Value, token) {
			return true
		}
	}
	return false
}

func listHas(list, token string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(item, " \t"), token) {
			return true
		}
	}
	return false
}
