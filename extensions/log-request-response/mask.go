package main

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

const mask = "***"

// byteOrderMark may begin a text in UTF-8. Parsers of JSON may skip it (RFC 8259, section 8.1).
const byteOrderMark = "\ufeff"

// headersText is the headers as one JSON object, in their order. Repeated names have a list.
func (c *Config) headersText(headers [][2]string) string {
	out := []byte{'{'}
	for i, h := range headers {
		if httpheader.Has(headers[:i], h[0]) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = gjson.AppendJSONString(out, strings.TrimPrefix(h[0], ":"))
		out = append(out, ':')
		out = c.appendValues(out, h[0], headers[i:])
	}
	return string(append(out, '}'))
}

func (c *Config) appendValues(out []byte, name string, headers [][2]string) []byte {
	var values []string
	for _, h := range headers {
		if h[0] != name {
			continue
		}
		if c.maskHeaders[name] {
			values = append(values, mask)
			continue
		}
		values = append(values, h[1])
	}
	if len(values) == 1 {
		return gjson.AppendJSONString(out, values[0])
	}
	for i, value := range values {
		out = append(out, "[,"[min(i, 1)])
		out = gjson.AppendJSONString(out, value)
	}
	return append(out, ']')
}

// masked is a body, or its beginning, without the values of the fields that are not to be seen.
func (c *Config) masked(data []byte, contentType string) string {
	text := string(data)
	if len(c.maskFields) == 0 {
		return text
	}
	if body.MediaType(contentType) == "application/x-www-form-urlencoded" {
		return c.maskedForm(text)
	}
	trimmed := strings.TrimLeft(text, " \t\r\n"+byteOrderMark)
	if body.IsJSON(contentType) || strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		return c.maskedJSON(text)
	}
	return text
}

func (c *Config) maskedForm(text string) string {
	var out strings.Builder
	first := true
	for pair := range query.Pairs(text) {
		if !first {
			out.WriteByte('&')
		}
		first = false
		out.WriteString(pair.Name)
		if !pair.HasValue {
			continue
		}
		out.WriteByte('=')
		if name, ok := query.Form(pair.Name); ok && c.maskFields[strings.ToLower(name)] {
			out.WriteString(mask)
			continue
		}
		out.WriteString(pair.Value)
	}
	return out.String()
}

// maskedJSON works on text that may end anywhere: what is cut off is masked as far as it is there.
func (c *Config) maskedJSON(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '"' {
			out.WriteByte(text[i])
			i++
			continue
		}
		end := stringEnd(text, i)
		token := text[i:end]
		out.WriteString(token)
		i = end
		colon := skipSpace(text, i)
		if colon >= len(text) || text[colon] != ':' || !c.maskFields[strings.ToLower(gjson.Parse(token).String())] {
			continue
		}
		value := skipSpace(text, colon+1)
		out.WriteString(text[i:value])
		i = valueEnd(text, value)
		if i > value {
			out.WriteString(`"` + mask + `"`)
		}
	}
	return out.String()
}

func skipSpace(text string, i int) int {
	for i < len(text) && strings.IndexByte(" \t\r\n", text[i]) >= 0 {
		i++
	}
	return i
}

// stringEnd is the position after the string that begins at i, or the end of the text.
func stringEnd(text string, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// valueEnd is the position after the value that begins at i, or the end of the text.
func valueEnd(text string, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(text)
}
