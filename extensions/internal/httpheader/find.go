package httpheader

import (
	"slices"
	"strings"
)

// Consumer is the request header in which authentication plugins name the caller.
const Consumer = "x-mse-consumer"

// ConsumerSpellings are Consumer and the names that CGI, WSGI and PHP backends take for it, since they write "_" for "-". A
// client's own must not stand beside a verified one.
var ConsumerSpellings = [...]string{Consumer, "x_mse_consumer", "x-mse_consumer", "x_mse-consumer"}

// IsConsumer tells whether a name in lower case is one of ConsumerSpellings.
func IsConsumer(name string) bool { return slices.Contains(ConsumerSpellings[:], name) }

// First returns the first value of a header, "" if there is none.
func First(headers [][2]string, name string) string {
	value, _ := Find(headers, name)
	return value
}

// Find returns the first value of a header; ok is false if there is no such header.
func Find(headers [][2]string, name string) (value string, ok bool) {
	for i := range headers {
		if headers[i][0] == name {
			return headers[i][1], true
		}
	}
	return "", false
}

// Has tells whether there is a header, which may be empty.
func Has(headers [][2]string, name string) bool {
	_, ok := Find(headers, name)
	return ok
}

// Values returns all values of a header; nil if there is none.
func Values(headers [][2]string, name string) (values []string) {
	for i := range headers {
		if headers[i][0] == name {
			values = append(values, headers[i][1])
		}
	}
	return values
}

// Joined returns the lines of a header as one list, joined by ", " and without the white space around each (RFC 9110, section
// 5.3); ok is false if there is no such header.
func Joined(headers [][2]string, name string) (list string, ok bool) {
	for i := range headers {
		if headers[i][0] != name {
			continue
		}
		line := strings.Trim(headers[i][1], " \t")
		if ok {
			list += ", " + line
			continue
		}
		list, ok = line, true
	}
	return list, ok
}
