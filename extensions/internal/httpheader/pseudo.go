package httpheader

import "strings"

// Pseudo tells what the pseudo headers of a message can be turned into (RFC 9113, section 8.3), so that it is sent as one
// message, in HTTP/1.1 too, and its end is where the other side looks for it.
type Pseudo struct {
	Received [][2]string // the headers of the message before any edit, with names in lower case
	Response bool
	Method   string // of the request to a response, as the client sent it
	HasBody  bool   // of a response: more than the headers is to come
}

// Allows tells whether a pseudo header can have these values in place of the received one. It is so for one value only, and
// where the message has that header already.
func (p *Pseudo) Allows(name string, values []string) bool {
	was, has := Find(p.Received, name)
	if !has || len(values) != 1 {
		return false
	}
	value := values[0]
	switch {
	case value == was:
		return true
	case !IsValue(value):
		return false
	case p.Response:
		return name == ":status" && p.allowsStatus(was, value)
	}
	switch name {
	case ":path":
		return (strings.HasPrefix(value, "/") || value == "*") && !strings.ContainsAny(value, " \t")
	case ":authority":
		return isAuthority(value)
	case ":method":
		// A tunnel, and an answer without its body, are nothing that the client waits for.
		return IsName(value) && value != "CONNECT" && value != "HEAD" && was != "CONNECT"
	case ":scheme":
		return value == "http" || value == "https"
	}
	return false
}

// isAuthority tells whether a text has only what hosts and ports are made of (RFC 3986, section 3.2), and no user.
func isAuthority(text string) bool {
	for i := range len(text) {
		c := text[i]
		alphanumeric := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !alphanumeric && strings.IndexByte("-._~%!$&'()*+,;=:[]", c) < 0 {
			return false
		}
	}
	return text != ""
}

// allowsStatus keeps to final statuses, and a body from being sent where none is read, or being waited for where none comes
// (RFC 9112, section 6.3).
func (p *Pseudo) allowsStatus(was, status string) bool {
	if len(status) != 3 || status[0] < '2' || status[0] > '5' || strings.Trim(status, "0123456789") != "" || strings.HasPrefix(was, "1") {
		return false
	}
	if hasNoContent(status) {
		return !p.HasBody
	}
	length := First(p.Received, "content-length")
	return !hasNoContent(was) || length == "" || length == "0" || p.Method == "HEAD"
}

func hasNoContent(status string) bool { return status == "204" || status == "304" }
