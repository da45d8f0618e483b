package main

import (
	"strconv"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/signature"
)

// dateForms are those of the header date: RFC 9110 section 5.6.7, the first of them with an offset that Java clients send.
var dateForms = []string{
	"Mon, 02 Jan 2006 15:04:05 GMT",
	"Mon, 02 Jan 2006 15:04:05 GMT+00:00",
	"Monday, 02-Jan-06 15:04:05 GMT",
	"Mon Jan _2 15:04:05 2006",
}

// millisecondDigits is the length from which on a timestamp is in milliseconds.
const millisecondDigits = 13

// dateOf finds when the request says that it was signed. Only where there is no date does the timestamp count.
func dateOf(headers [][2]string) (t time.Time, ok bool) {
	date, presence := signature.Header(headers, headerDate)
	if date == "" && presence != signature.Conflicting {
		date, presence = signature.Header(headers, headerTimestamp)
		t, ok = parseTimestamp(date)
	} else {
		t, ok = parseDate(date)
	}
	return t, ok && presence == signature.Once
}

func parseDate(text string) (time.Time, bool) {
	for _, form := range dateForms {
		if t, err := time.Parse(form, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func parseTimestamp(text string) (time.Time, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	if len(text) < millisecondDigits {
		return time.Unix(n, 0), true
	}
	return time.UnixMilli(n), true
}
