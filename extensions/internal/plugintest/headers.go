package plugintest

import "strings"

// Request makes the headers of a plain request to a.example, with further ones as for Headers.
func Request(method, path string, lines ...string) [][2]string {
	return Headers([][2]string{{":authority", "a.example"}, {":path", path}, {":method", method}, {":scheme", "http"}}, lines...)
}

// Headers appends headers that are written as "name: value". It takes the list over.
func Headers(list [][2]string, lines ...string) [][2]string {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		list = append(list, [2]string{name, value})
	}
	return list
}
