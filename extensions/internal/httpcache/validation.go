package httpcache

import "strings"

// Conditions are the header lines that ask whether an entry is still valid (RFC 9111, section 4.3.1); none if it cannot be
// validated.
func Conditions(e *Entry) Headers {
	var lines Headers
	if tag, ok := e.Headers.Get("etag"); ok && tag != "" {
		lines = append(lines, [2]string{"if-none-match", tag})
	}
	if modified, ok := e.Headers.Get("last-modified"); ok {
		if _, valid := Date(modified); valid {
			lines = append(lines, [2]string{"if-modified-since", modified})
		}
	}
	return lines
}

// NotModified tells whether a request's own conditions hold, so that 304 is the answer (RFC 9110, section 13.2.2). Only a
// stored 200 has conditions evaluated on it.
func NotModified(r *Request, e *Entry) bool {
	if e.Status != 200 {
		return false
	}
	if list, ok := r.Headers.Joined("if-none-match"); ok {
		return matches(list, e)
	}
	since, ok := r.Headers.date("if-modified-since")
	if !ok {
		return false
	}
	modified, ok := e.Headers.date("last-modified")
	if !ok {
		modified = e.date()
	}
	return modified <= since
}

// matches compares weakly: whether a tag is weak makes no difference (RFC 9110, section 13.1.2).
func matches(list string, e *Entry) bool {
	if strings.Trim(list, " \t") == "*" {
		return true
	}
	tag, ok := e.Headers.Get("etag")
	if !ok {
		return false
	}
	opaque := strings.TrimPrefix(strings.Trim(tag, " \t"), "W/")
	for list != "" {
		var item string
		item, list = cutItem(list)
		if strings.TrimPrefix(strings.Trim(item, " \t"), "W/") == opaque {
			return true
		}
	}
	return false
}

// NotModifiedHeaders are the lines of a 304 for an entry (RFC 9110, section 15.4.5).
func NotModifiedHeaders(e *Entry) Headers {
	var lines Headers
	for _, line := range e.Headers {
		switch line[0] {
		case "cache-control", "content-location", "date", "etag", "expires", "last-modified", "vary":
			lines = append(lines, line)
		}
	}
	return lines
}

// Freshened is the entry after a 304 has come (RFC 9111, sections 3.2 and 4.3.4): its headers replace those of the entry,
// but for the ones that describe the body. ok is false if the 304 is about another response: it has another strong tag.
func Freshened(e *Entry, answer Headers, requested, received int64) (fresh *Entry, ok bool) {
	if tag, has := answer.Get("etag"); has && !strings.HasPrefix(tag, "W/") {
		if stored, had := e.Headers.Get("etag"); had && stored != tag {
			return nil, false
		}
	}
	headers := append(Headers(nil), e.Headers...).Without("age")
	replaced := map[string]bool{}
	for _, line := range answer.Stored() {
		name := line[0]
		switch name {
		case "content-encoding", "content-type", "content-range":
			continue
		}
		if !replaced[name] {
			replaced[name] = true
			headers = headers.Without(name)
		}
		headers = append(headers, line)
	}
	return &Entry{Status: e.Status, Headers: headers, Selecting: e.Selecting, Requested: requested, Received: received}, true
}

// Failed tells whether a status is an error in the sense of stale-if-error (RFC 5861, section 4).
func Failed(status int) bool { return status == 500 || status == 502 || status == 503 || status == 504 }
