package plugintest

import "strings"

// Headers appends headers that are written as "name: value". It takes the list over.
func Headers(list [][2]string, lines ...string) [][2]string {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		list = append(list, [2]string{name, value})
	}
	return list
}
