package main

import "bytes"

// replacer replaces a text in a stream, also where it is cut in two by the border of chunks. It holds back less than the
// text's length.
type replacer struct {
	find, replace []byte
	held          []byte // the end of what came, which may be the beginning of the text
}

// next takes a chunk and returns what can be sent. After the last chunk nothing is held back.
func (r *replacer) next(chunk []byte, last bool) []byte {
	data := append(r.held, chunk...)
	var out []byte
	for {
		at := bytes.Index(data, r.find)
		if at < 0 {
			break
		}
		out = append(append(out, data[:at]...), r.replace...)
		data = data[at+len(r.find):]
	}
	keep := 0
	if !last {
		keep = beginning(data, r.find)
	}
	out = append(out, data[:len(data)-keep]...)
	r.held = append([]byte(nil), data[len(data)-keep:]...)
	return out
}

// beginning is the length of the longest end of data that is a beginning, but not the whole, of text.
func beginning(data, text []byte) int {
	for n := min(len(data), len(text)-1); n > 0; n-- {
		if bytes.HasSuffix(data, text[:n]) {
			return n
		}
	}
	return 0
}
