package body

import "strings"

// MediaType is a content type without its parameters, in lower case.
func MediaType(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// IsJSON tells whether a content type is JSON: application/json, or a type with the suffix +json (RFC 6839).
func IsJSON(contentType string) bool {
	media := MediaType(contentType)
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}

// MediaRange is a media type, or all of a type as in "text/*" (RFC 9110, section 12.5.1), without parameters.
type MediaRange string

// ParseMediaRange reads a range in any case; ok is false for anything else, "*/*" too.
func ParseMediaRange(text string) (r MediaRange, ok bool) {
	kind, subtype, _ := strings.Cut(strings.ToLower(text), "/")
	if subtype == "*" {
		subtype = ""
	} else if subtype == "" {
		return "", false
	}
	return MediaRange(kind + "/" + subtype), kind != "" && !strings.ContainsAny(kind+subtype, "/*;, ")
}

// Contains tells whether a media type, which MediaType has read, is in the range.
func (r MediaRange) Contains(media string) bool {
	return media == string(r) || strings.HasSuffix(string(r), "/") && strings.HasPrefix(media, string(r))
}
