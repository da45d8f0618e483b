// Package pretty lays out JSON for gjson's modifiers @pretty and @ugly. It takes the place of the package of the same
// path, by a replace directive in extensions/go.mod, and has the part of its API that gjson calls.
//
// The reason is weight. Every plugin reads its configuration with gjson, whose table of modifiers keeps this package in
// every binary. The original decodes keys with encoding/json, which brings in reflection with look-ups of methods by
// name; the linker must then keep all exported methods of everything, and a plugin grows by 0.6 MB of code and the
// linear memory that goes with it.
//
// Well-formed JSON comes out byte for byte as from the original, except that of several members with the same key,
// sorted with a Prefix, the order is by value here. Input that is not JSON gives something, never a panic.
package pretty

// Options say how to lay out.
type Options struct {
	Width    int    // an array without objects stays on one line if the line is no longer than this; 0 or less: never
	Prefix   string // begins every line
	Indent   string // begins a line once for each level
	SortKeys bool   // members in the order of their keys, equal keys in the order of their values
}

// DefaultOptions are those of Pretty.
var DefaultOptions = &Options{Width: 80, Indent: "  "}

// Pretty is PrettyOptions with DefaultOptions.
func Pretty(json []byte) []byte { return PrettyOptions(json, nil) }

// PrettyOptions returns the first value in json with one member or element a line and a newline at the end. It returns
// nothing if there is no value and no prefix. Nil options are DefaultOptions. The input is not changed.
func PrettyOptions(json []byte, opts *Options) []byte {
	if opts == nil {
		opts = DefaultOptions
	}
	p := printer{scanner: scanner{src: json}, opts: opts}
	p.out = append(make([]byte, 0, 2*len(json)), opts.Prefix...)
	p.value(0)
	if len(p.out) == 0 {
		return p.out
	}
	return append(p.out, '\n')
}

// Ugly returns json without the blanks between its tokens. The input is not changed.
func Ugly(json []byte) []byte {
	out := make([]byte, 0, len(json))
	s := scanner{src: json}
	for !s.end() {
		switch {
		case s.src[s.at] == '"':
			out = append(out, s.text()...)
		case s.src[s.at] <= ' ':
			s.at++
		default:
			out = append(out, s.src[s.at])
			s.at++
		}
	}
	return out
}
