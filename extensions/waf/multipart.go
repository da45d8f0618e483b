package main

import "bytes"

// partLimits are the limits of a multipart body.
type partLimits struct {
	parts       int
	headerBytes int // of the headers of all parts, beyond partHeaderBytes each; 0: unlimited, as are the lines then
}

const (
	// partHeaderBytes are what the headers of a part without long names have.
	partHeaderBytes = 128
	// partHeaderLines is how many lines the headers of a part may have. There are three in use (RFC 7578 section 4.8).
	partHeaderLines = 16
)

// excess is what a multipart body has too much of.
type excess int

const (
	nothing excess = iota
	tooManyParts
	tooLongHeaders
)

// within returns how many bytes of a body are in the limits: all, or those in front of the headers of the first part that
// is not. It reads the body once, and finds at least the parts that the engine finds.
func (l partLimits) within(body []byte, boundary string) (end int, over excess) {
	delimiter := []byte("\n--" + boundary)
	parts, headerBytes := 0, 0
	at := -1 // of the line break in front of a delimiter
	if !bytes.HasPrefix(body, delimiter[1:]) {
		at = bytes.Index(body, delimiter)
		if at < 0 {
			return len(body), nothing
		}
	}
	for {
		after := at + len(delimiter)
		line := bytes.IndexByte(body[after:], '\n')
		if line < 0 {
			return len(body), nothing
		}
		next := after
		if len(bytes.TrimRight(body[after:after+line], " \t\r")) == 0 {
			parts++
			start := after + line + 1
			if parts > l.parts {
				return start, tooManyParts
			}
			length, lines := headerLength(body[start:])
			headerBytes += max(length-partHeaderBytes, 0)
			if l.headerBytes > 0 && (headerBytes > l.headerBytes || lines > partHeaderLines) {
				return start, tooLongHeaders
			}
			next = start + length - 1 // the line break that ends the headers may be that of a delimiter
		}
		found := bytes.Index(body[next:], delimiter)
		if found < 0 {
			return len(body), nothing
		}
		at = next + found
	}
}

// headerLength is the length of headers with the empty line that ends them, or of what there is.
func headerLength(text []byte) (length, lines int) {
	for length < len(text) {
		line := bytes.IndexByte(text[length:], '\n')
		if line < 0 {
			return len(text), lines + 1
		}
		empty := len(bytes.TrimRight(text[length:length+line], "\r")) == 0
		length += line + 1
		if empty {
			break
		}
		lines++
	}
	return length, lines
}
