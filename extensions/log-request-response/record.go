package main

import (
	"strconv"
	"unicode/utf8"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Properties that the access log prints as %FILTER_STATE(wasm.<name>:PLAIN)%. A body's name has "-size" and "-truncated"
// beside it where record_size is on.
const (
	requestHeadersKey  = "log-request-headers"
	requestBodyKey     = "log-request-body"
	responseHeadersKey = "log-response-headers"
	responseBodyKey    = "log-response-body"
)

// record is what is known of a stream. Until the status decides whether the stream is recorded, values wait.
type record struct {
	waiting  []entry
	decided  bool
	request  capture
	response capture
}

type entry struct{ name, value string }

// write sets a property, now or when the status is known. Values stand between the quotes of a JSON string in the log.
func (r *record) write(name, value string) {
	if !r.decided {
		r.waiting = append(r.waiting, entry{name, value})
		return
	}
	if err := proxywasm.SetProperty([]string{name}, []byte(wrapper.MarshalStr(value))); err != nil {
		log.Error("set property " + name + " failed: " + err.Error())
	}
}

// decide writes what waits.
func (r *record) decide() {
	r.decided = true
	for _, e := range r.waiting {
		r.write(e.name, e.value)
	}
	r.waiting = nil
}

// capture collects the beginning of a body.
type capture struct {
	key         string
	contentType string
	max         int
	data        []byte
	size        int
	written     bool
}

// add takes a chunk. The body is written once: when it is longer than the limit, or at its end.
func (c *capture) add(r *record, config *Config, chunk []byte, last bool) {
	c.size += len(chunk)
	if !c.written {
		c.data = append(c.data, chunk[:min(len(chunk), c.max-len(c.data))]...)
	}
	cut := c.size > c.max
	if !c.written && (cut || last && c.size > 0) {
		c.written = true
		data := c.data
		if cut {
			data = wholeCharacters(data)
		}
		r.write(c.key, config.masked(data, c.contentType))
		if config.recordSize && cut {
			r.write(c.key+"-truncated", "true")
		}
		c.data = nil
	}
	if config.recordSize && last && c.size > 0 {
		r.write(c.key+"-size", strconv.Itoa(c.size))
	}
}

// wholeCharacters drops a character that was cut at the end. What is no UTF-8 stays as it is.
func wholeCharacters(data []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(data); n++ {
		start := len(data) - n
		if !utf8.RuneStart(data[start]) {
			continue
		}
		if data[start] >= utf8.RuneSelf && !utf8.FullRune(data[start:]) {
			return data[:start]
		}
		break
	}
	return data
}
