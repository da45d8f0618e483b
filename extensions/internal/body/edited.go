package body

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
)

// stale are the headers that describe the bytes of a body (RFC 9110, 9530 and 1864).
var stale = [...]string{"content-length", "content-digest", "repr-digest", "digest", "content-md5"}

// Edited removes from headers, by lower-case name, what described the body that has been replaced, and makes strong ETags
// weak. It is what RequestEdited and ResponseEdited do, for plugins that write all headers themselves.
func Edited(headers map[string][]string) {
	for _, name := range stale {
		delete(headers, name)
	}
	for i, tag := range headers["etag"] {
		if tag != "" && !strings.HasPrefix(tag, "W/") {
			headers["etag"][i] = "W/" + tag
		}
	}
}

// RequestEdited removes from the request what described the body that has been replaced. The headers must still be held.
func RequestEdited() { removeStale(proxywasm.RemoveHttpRequestHeader) }

// ResponseEdited removes from the response what described the body that has been replaced, and makes a strong ETag weak
// (RFC 9110, section 8.8.1): the client's copy is no longer the origin's, byte for byte. The headers must still be held.
func ResponseEdited() {
	removeStale(proxywasm.RemoveHttpResponseHeader)
	tag, err := proxywasm.GetHttpResponseHeader("etag")
	if err == nil && tag != "" && !strings.HasPrefix(tag, "W/") {
		_ = proxywasm.ReplaceHttpResponseHeader("etag", "W/"+tag)
	}
}

// removeStale ignores errors: a host refuses only where there are no headers, and then there is nothing to remove.
func removeStale(remove func(string) error) {
	for _, name := range stale {
		_ = remove(name)
	}
}
