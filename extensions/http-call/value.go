package main

// longestValue is the most of an answer that a header carries, in bytes.
const longestValue = 8 << 10

// headerValue makes a header value of a body: cut to 8 KiB, with `#` for the bytes that end a header or break it
// (RFC 9110 section 5.5: CR, LF and NUL). The body is changed in place.
func headerValue(body []byte) string {
	body = body[:min(len(body), longestValue)]
	for i, c := range body {
		if c == '\n' || c == '\r' || c == 0 {
			body[i] = '#'
		}
	}
	return string(body)
}
