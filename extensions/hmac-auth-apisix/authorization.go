package main

import "strings"

// scheme is how the value of Authorization begins, in exactly this case.
const scheme = "Signature "

// credentials are the parameters of Authorization that count.
type credentials struct {
	keyID, algorithm, signature string
	listed                      []string // names of headers as the client wrote them, in his order
}

// parseParameters reads every name="value" in a text, whatever is between them. A name is made of letters, digits and
// underscores. Of a name that comes twice the last value counts. No value can hold a double quote.
func parseParameters(text string) credentials {
	var c credentials
	headers := ""
	for {
		at := strings.Index(text, `="`)
		if at < 0 {
			break
		}
		name, rest := lastWord(text[:at]), text[at+2:]
		end := strings.IndexByte(rest, '"')
		if end < 0 {
			break
		}
		if name == "" {
			text = text[at+1:]
			continue
		}
		value := rest[:end]
		text = rest[end+1:]
		switch name {
		case "keyId":
			c.keyID = value
		case "algorithm":
			c.algorithm = value
		case "signature":
			c.signature = value
		case "headers":
			headers = value
		}
	}
	if headers != "" {
		c.listed = strings.Split(headers, " ")
	}
	return c
}

// lastWord returns the letters, digits and underscores at the end of a text.
func lastWord(text string) string {
	from := len(text)
	for from > 0 && isWord(text[from-1]) {
		from--
	}
	return text[from:]
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
