package wrapper

import "strings"

// hostOf returns host and port of an authority (RFC 3986, section 3.2). Before the port, a host without brackets may hold
// colons unless oneColon.
func hostOf(authority string, oneColon bool) (string, error) {
	host := authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		if !isUserinfo(authority[:at]) {
			return "", errURLUserinfo
		}
		host = authority[at+1:]
	}
	if bracket := strings.LastIndexByte(host, '['); bracket == 0 {
		return literalHost(host)
	} else if bracket > 0 {
		return "", errURLHost
	}
	colon := strings.IndexByte(host, ':')
	if !oneColon {
		colon = strings.LastIndexByte(host, ':')
	}
	if colon >= 0 && !isPort(host[colon:]) {
		return "", errURLPort
	}
	if !isHostText(host, func(escaped byte) bool { return escaped >= 0x80 || escaped == '%' }) {
		return "", errURLHost
	}
	return percentDecode(host), nil
}

// literalHost reads an IPv6 address in brackets, with a zone after %25 perhaps (RFC 6874), and a port.
func literalHost(host string) (string, error) {
	bracket := strings.LastIndexByte(host, ']')
	if bracket < 0 {
		return "", errURLHost
	}
	port := host[bracket+1:]
	if !isPort(port) {
		return "", errURLPort
	}
	address, zone, zoned := strings.Cut(host[1:bracket], "%25")
	if !isIPv6(address) || zoned && zone == "" {
		return "", errURLHost
	}
	if !isHostText(zone, func(escaped byte) bool { return escaped == '%' || escaped == ' ' || isHostByte(escaped) }) {
		return "", errURLHost
	}
	if zoned {
		address += "%" + percentDecode(zone)
	}
	return "[" + address + "]" + port, nil
}

// isPort reports whether text is nothing, or a colon and digits. The number is not looked at.
func isPort(text string) bool {
	if text == "" {
		return true
	}
	for i := 1; i < len(text); i++ {
		if !isDigit(text[i]) {
			return false
		}
	}
	return text[0] == ':'
}

// isUserinfo: as RFC 3986, section 3.2.1, has it, and at signs.
func isUserinfo(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !isLetter(c) && !isDigit(c) && strings.IndexByte("-._~!$&'()*+,;=:%@", c) < 0 {
			return false
		}
	}
	_, err := percentEncode(text)
	return err == nil
}

// isHostText reports whether text holds only what may stand in a host as it is, anything beyond ASCII, and well-formed
// escapes of what mayEscape allows.
func isHostText(text string, mayEscape func(byte) bool) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 0x80 || isHostByte(c):
		case c != '%' || i+2 >= len(text) || !isHex(text[i+1]) || !isHex(text[i+2]):
			return false
		case !mayEscape(hexValue(text[i+1])<<4 | hexValue(text[i+2])):
			return false
		default:
			i += 2
		}
	}
	return true
}

func isHostByte(c byte) bool {
	return isLetter(c) || isDigit(c) || strings.IndexByte("-._~!$&'()*+,;=:[]<>\"", c) >= 0
}

// isIPv6 reports whether text is an address without a zone (RFC 4291, section 2.2).
func isIPv6(text string) bool {
	text, gap := strings.CutPrefix(text, "::")
	if gap && text == "" {
		return true
	}
	groups := 0
	for {
		digits := 0
		for digits < len(text) && isHex(text[digits]) {
			digits++
		}
		if digits < len(text) && text[digits] == '.' {
			groups += 2
			if !isIPv4(text) {
				return false
			}
			break
		}
		if digits == 0 || digits > 4 {
			return false
		}
		groups++
		if text = text[digits:]; text == "" {
			break
		}
		if text[0] != ':' || text == ":" {
			return false
		}
		if text = text[1:]; text[0] != ':' {
			continue
		}
		if gap {
			return false
		}
		if gap, text = true, text[1:]; text == "" {
			break
		}
	}
	return groups == 8 && !gap || groups < 8 && gap
}

// isIPv4 reports whether text is four numbers up to 255 without leading zeros.
func isIPv4(text string) bool {
	for octets := 1; ; octets++ {
		digits, value := 0, 0
		for digits < len(text) && digits < 4 && isDigit(text[digits]) {
			value = 10*value + int(text[digits]-'0')
			digits++
		}
		if digits == 0 || value > 255 || digits > 1 && text[0] == '0' {
			return false
		}
		text = text[digits:]
		if octets == 4 || text == "" || text[0] != '.' {
			return octets == 4 && text == ""
		}
		text = text[1:]
	}
}
