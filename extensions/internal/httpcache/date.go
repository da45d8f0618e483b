package httpcache

import (
	"strings"
	"time"
)

// The forms of an HTTP date (RFC 9110, section 5.6.7).
var dateForms = [...]string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", "Mon Jan _2 15:04:05 2006"}

// Date reads an HTTP date; ok is false for anything else.
func Date(text string) (ms int64, ok bool) {
	text = strings.Trim(text, " \t")
	for _, form := range dateForms {
		if t, err := time.Parse(form, text); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}

// date reads a header that holds a date.
func (h Headers) date(name string) (ms int64, ok bool) {
	text, ok := h.Get(name)
	if !ok {
		return 0, false
	}
	return Date(text)
}
